//! The schema of `[runtime]` in `language.toml`: how a language runs.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

/// What runs a language's programs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// Of the API's `runtime`; the language's id if absent.
    #[serde(default)]
    pub name: String,
    /// The language's title if absent.
    #[serde(default)]
    pub title: String,
    /// The image's name, without the operator's prefix and without a tag.
    pub image: String,
    /// Extensions (without the dot) of files this runtime can run; all of the language's if absent.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Names of its programs; the language's id and aliases come by themselves.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// An argv that prints the version.
    pub version_command: Vec<String>,
    /// The shell line that runs `{entry}`.
    pub run: String,
    /// A shell line that runs a project's tests: a suggestion.
    #[serde(default)]
    pub test: Option<String>,
    /// File name of the starter program.
    pub starter: String,
    /// What differs from the operator's default limits.
    #[serde(default)]
    pub limits: PartialLimits,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Text of the starter program, from the folder.
    #[serde(skip)]
    pub starter_content: String,
    /// Where its image, starter and smoke program are made from.
    #[serde(skip)]
    pub folder: PathBuf,
}

impl Runtime {
    /// Whether `word` is its name or one of its aliases; case does not matter.
    pub fn is_called(&self, word: &str) -> bool {
        self.words().any(|own| own.eq_ignore_ascii_case(word))
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &String> {
        self.aliases.iter().chain([&self.name])
    }

    /// The image to run it in.
    pub fn image(&self, prefix: &str) -> String {
        format!("{prefix}{}:latest", self.image)
    }

    /// The shell line that runs the file at `entry`.
    pub fn run_command(&self, entry: &str) -> String {
        self.run.replace("{entry}", &quoted(entry))
    }
}

/// Quotes `text` for a POSIX shell, and keeps it from being read as an option.
fn quoted(text: &str) -> String {
    let path = if text.starts_with('-') { format!("./{text}") } else { text.to_owned() };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Some of the limits; what is absent is taken from elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartialLimits {
    pub wall_s: Option<f64>,
    pub cpu: Option<f64>,
    pub memory_mb: Option<u64>,
    pub output_kb: Option<u64>,
    pub pids: Option<u64>,
    #[serde(alias = "tmp_mb")]
    pub disk_mb: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_word_for_the_shell() {
        for (entry, word) in [
            ("src/main.py", "src/main.py"),
            ("a b.py", "'a b.py'"),
            ("it's.py", r"'it'\''s.py'"),
            ("-c.py", "./-c.py"),
            ("$(id).py", "'$(id).py'"),
        ] {
            assert_eq!(quoted(entry), word);
        }
    }
}
