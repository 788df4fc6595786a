//! What a search answers: hits, and how complete they are.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub hits: Vec<Hit>,
    pub coverage: Coverage,
    /// Whether everything that is indexed was looked at. `false`: the deadline came first.
    pub exact: bool,
    /// Whether there are more hits than the limit lets through.
    pub more: bool,
    /// How the query was understood.
    pub route: Route,
}

/// Best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub path: String,
    pub language: Option<String>,
    pub symbol: Option<HitSymbol>,
    /// From 1; both ends belong to the hit.
    pub start_line: u32,
    pub end_line: u32,
    /// Whole lines from `start_line` on, at most 8 lines of at most 400 bytes each.
    pub snippet: String,
    /// Ranges `[start, end)` of the snippet, in UTF-16 code units, as editors and JavaScript count.
    pub highlights: Vec<[u32; 2]>,
    /// Comparable within one answer only.
    pub score: f32,
    /// Present when the query says `explain`.
    pub why: Option<Why>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitSymbol {
    pub name: String,
    /// `function`, `method`, `class`, …: the words of `languages/*/symbols.scm`.
    pub kind: String,
    /// What it is defined in, outermost first, joined by dots; empty at the top of a file.
    pub scope: String,
}

/// The shares of a hit's score, by feature, and what found it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// `words`, `meaning`, `symbol`, `text`, `path`, `traceback`.
    pub found_by: Vec<String>,
    /// Feature and its share, largest first.
    pub shares: Vec<(String, f32)>,
}

/// How a query was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    #[default]
    Question,
    Identifier,
    Regex,
    Text,
    Path,
    Traceback,
}

/// What the index knows of the project, at the moment of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Files of the project as far as the index was told, the overlay's included.
    pub files: usize,
    /// Files that can be found by text, regex and path.
    pub indexed: usize,
    /// Texts that should have a vector, and those that have one.
    pub chunks: usize,
    pub embedded: usize,
    /// Files of which at least a part is left out; [`crate::ProjectIndex::skipped`] says why.
    pub skipped: usize,
    /// Whether meaning took part in this answer.
    pub meaning: bool,
}

/// A file that is not, or not wholly, in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    pub path: String,
    /// One sentence for people.
    pub why: String,
    /// Whether text, regex and path still find it.
    pub searched_by_text: bool,
}
