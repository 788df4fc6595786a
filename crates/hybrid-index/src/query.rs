//! What is asked, and its limits.

use serde::{Deserialize, Serialize};

use crate::{answer::Route, embed::ModelId, search};

/// A search. [`Query::new`] sets what most callers want.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub text: String,
    pub mode: Mode,
    pub case: Case,
    /// Ids of languages; none: all.
    pub languages: Vec<String>,
    /// Globs that a path must match (one of them); one that begins with `!` excludes. None: all.
    pub paths: Vec<String>,
    /// Hits at most, 1 to [`Query::MAX_LIMIT`].
    pub limit: usize,
    /// Whether each hit says where its score comes from.
    pub explain: bool,
    /// The text as a vector, for the modes that search by meaning; see [`Query::wants_vector`].
    pub vector: Option<QueryVector>,
}

/// The query's text, embedded by the caller with the model that the index has its vectors from.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryVector {
    pub model: ModelId,
    pub values: Vec<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Words and meaning together; identifiers, paths, tracebacks and regular expressions are recognised.
    #[default]
    Hybrid,
    /// Words only.
    Lexical,
    /// Meaning only; needs a vector.
    Semantic,
    /// Definitions by name.
    Symbol,
    /// Every line that a regular expression matches, as ripgrep finds them.
    Regex,
    /// Every line that contains the text, as `rg --fixed-strings` finds them.
    Text,
    /// Files by path, typing errors forgiven.
    Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Only a query with capital letters minds them.
    #[default]
    Smart,
    Sensitive,
    Insensitive,
}

impl Query {
    pub const MAX_BYTES: usize = 10 * 1024;
    pub const MAX_LIMIT: usize = 10_000;

    pub fn new(text: impl Into<String>, mode: Mode) -> Self {
        Self {
            text: text.into(),
            mode,
            case: Case::default(),
            languages: Vec::new(),
            paths: Vec::new(),
            limit: 20,
            explain: false,
            vector: None,
        }
    }

    /// Whether a vector makes the answer better: not for a regular expression, a path or a plain identifier.
    pub fn wants_vector(&self) -> bool {
        match self.mode {
            Mode::Semantic => true,
            Mode::Hybrid => matches!(search::route(&self.text), Route::Question | Route::Traceback),
            Mode::Lexical | Mode::Symbol | Mode::Regex | Mode::Text | Mode::Path => false,
        }
    }
}

/// Why a query has no answer. The message is for who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("the query is empty")]
    Empty,
    #[error("the query has {bytes} bytes; at most {} are allowed", Query::MAX_BYTES)]
    TooLong { bytes: usize },
    /// `at` counts characters from 0.
    #[error("the regular expression is wrong at character {at}: {message}")]
    Regex { at: usize, message: String },
    #[error("the regular expression is too large: {0}")]
    RegexTooLarge(String),
    #[error("the path glob {glob:?} is wrong: {message}")]
    Glob { glob: String, message: String },
    #[error("limit must be 1 to {}", Query::MAX_LIMIT)]
    Limit,
    #[error("search by meaning needs a model, and this worker has none for this index")]
    NoVector,
}

/// Files that are newer than the index: unsaved buffers, or saved files before the next commit. They are searched as if
/// they were indexed, and hide the stored version of their path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overlay {
    pub files: Vec<OverlayFile>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OverlayFile {
    pub path: String,
    pub language: Option<String>,
    /// `None`: the file is deleted.
    pub text: Option<String>,
}

impl Overlay {
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
