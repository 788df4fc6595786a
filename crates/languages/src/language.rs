//! The schema of `language.toml`: what is known of a language whether it can run or not.

use serde::{Deserialize, Serialize};

use crate::runtime::Runtime;

/// One language, as its folder describes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// The folder's name. The API's `language` of a file.
    #[serde(skip)]
    pub id: String,
    pub title: String,
    /// Lower case, without the dot.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Whole file names, lower case; they win over extensions.
    #[serde(default)]
    pub file_names: Vec<String>,
    /// Other words for the language.
    #[serde(default)]
    pub aliases: Vec<String>,
    pub icon: Icon,
    pub colour: Colour,
    /// Two characters that stand for it in lists.
    #[serde(default)]
    pub mark: Option<String>,
    /// Monaco's id of it; the language's own id if absent.
    #[serde(default)]
    pub monaco: Option<String>,
    /// Written for people to read: an editor suggests no words in it.
    #[serde(default)]
    pub prose: bool,
    #[serde(default)]
    pub comments: Comments,
    /// What a line that begins a symbol looks like, for outlines without a parser.
    #[serde(default)]
    pub outline: Vec<OutlinePattern>,
    /// The language whose outline patterns it shares.
    #[serde(default)]
    pub outline_like: Option<String>,
    /// How it runs; `None`: it cannot.
    #[serde(default)]
    pub runtime: Option<Runtime>,
    /// The tree-sitter query in `symbols.scm`: `@definition.<kind>` around each `@name`.
    #[serde(skip)]
    pub symbols: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Comments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<[String; 2]>,
}

/// One line's pattern, in the dialect that JavaScript shares with PCRE; its first group is the name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OutlinePattern {
    pub kind: OutlineKind,
    pub pattern: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutlineKind {
    Class,
    Function,
}

/// The pictures there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Icon {
    Braces,
    Code,
    Database,
    Gem,
    Hash,
    Settings,
    Style,
    Table,
    Terminal,
    Text,
}

/// The colours that both themes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    Amber,
    Blue,
    Cyan,
    Green,
    Orange,
    Rose,
    Slate,
    Violet,
}

impl Language {
    /// Whether `word` is its id or one of its aliases; case does not matter.
    pub fn is_called(&self, word: &str) -> bool {
        self.names().any(|name| name.eq_ignore_ascii_case(word))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.aliases.iter().chain([&self.id])
    }

    pub fn monaco(&self) -> &str {
        self.monaco.as_deref().unwrap_or(&self.id)
    }
}

/// The lower-case extension of the file at `path`. A name that only begins with a dot has none.
pub(crate) fn extension(path: &str) -> Option<String> {
    match file_name(path).rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.is_empty() => {
            Some(extension.to_ascii_lowercase())
        }
        _ => None,
    }
}

pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
