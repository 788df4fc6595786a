//! Search, as the API shows it, and the question and answer between a coordinator and the worker that has the index.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FileId, ProjectId,
    index::{ContentChange, IndexBundle},
    job::words::words,
    schema,
};

/// Longest query, in bytes.
pub const MAX_QUERY_BYTES: usize = 4096;
/// Longest path glob, in bytes.
pub const MAX_GLOB_BYTES: usize = 1024;
/// The most hits of one answer.
pub const MAX_HITS: u32 = 10_000;
pub const DEFAULT_HITS: u32 = 50;
/// Unsaved buffers of one request, and their bytes together.
pub const MAX_BUFFERS: usize = 50;
pub const MAX_BUFFER_BYTES: usize = 2 << 20;

/// How a query is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchMode {
    /// By all signs together; the shape of the query decides what counts how much.
    #[default]
    Hybrid,
    /// By words and parts of identifiers.
    Lexical,
    /// By meaning; needs vectors.
    Semantic,
    /// Names of functions, classes and the like.
    Symbol,
    /// Lines that match a regular expression, exactly those that ripgrep finds.
    Regex,
    /// Lines that contain the text as it stands.
    Text,
    /// Names of files, tolerant of typing errors.
    Path,
}

words!(SearchMode {
    Hybrid = "hybrid",
    Lexical = "lexical",
    Semantic = "semantic",
    Symbol = "symbol",
    Regex = "regex",
    Text = "text",
    Path = "path"
});

/// By hand, because the words come from a macro.
impl PartialSchema for SearchMode {
    fn schema() -> RefOr<Schema> {
        Schema::from(schema::words(Self::ALL)).into()
    }
}

impl ToSchema for SearchMode {}

/// Whether upper and lower case are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchCase {
    /// Only where the query has an upper-case letter.
    #[default]
    Smart,
    Sensitive,
    Insensitive,
}

words!(SearchCase { Smart = "smart", Sensitive = "sensitive", Insensitive = "insensitive" });

impl PartialSchema for SearchCase {
    fn schema() -> RefOr<Schema> {
        Schema::from(schema::words(Self::ALL)).into()
    }
}

impl ToSchema for SearchCase {}

/// The body of `POST …/search`: a query with buffers that are not saved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    #[schema(schema_with = schema::query)]
    pub q: String,
    #[serde(default)]
    pub mode: SearchMode,
    /// Absent: a regular expression tells upper and lower case apart, other modes do where the query has an upper-case
    /// letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<SearchCase>,
    /// Only files of this language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::language)]
    pub lang: Option<String>,
    /// Only files whose path matches this glob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::path_glob)]
    pub path: Option<String>,
    /// How many hits at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// Says of each hit how its score came about.
    #[serde(default)]
    pub explain: bool,
    /// Lines around each hit in its snippet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 20)]
    pub context: Option<u32>,
    /// Texts that count instead of the saved files of these paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub buffers: Vec<SearchBuffer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBuffer {
    #[schema(schema_with = schema::exact_path)]
    pub path: String,
    pub text: String,
}

/// Most lines of context.
pub const MAX_CONTEXT: u32 = 20;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchAnswer {
    /// Milliseconds, from the request's arrival on.
    pub took_ms: f64,
    pub coverage: Coverage,
    /// Everything that can be searched was looked at as it is now: the time did not run out, and no changed file waits for
    /// the next index.
    pub exact: bool,
    /// There are more hits than `limit`.
    #[serde(default)]
    pub truncated: bool,
    pub hits: Vec<SearchHit>,
    /// Why the answer is less than it could be, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What was searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// Files of the project.
    pub files: u64,
    /// Files that text, regular expressions and paths can find.
    pub indexed: u64,
    /// Texts that are to have vectors: functions, classes and other chunks.
    #[serde(default)]
    pub chunks: u64,
    /// Of these, the ones that have them.
    pub embedded: u64,
    /// Files that are left out, wholly or in part; the index's state says why.
    pub skipped: u64,
}

impl std::ops::AddAssign for Coverage {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.indexed += other.indexed;
        self.chunks += other.chunks;
        self.embedded += other.embedded;
        self.skipped += other.skipped;
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    pub project_id: ProjectId,
    /// Absent for an unsaved buffer of a file that does not exist.
    pub file_id: Option<FileId>,
    pub path: String,
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<SearchSymbol>,
    /// From 1.
    pub start_line: u32,
    /// The last line, included.
    pub end_line: u32,
    pub snippet: String,
    /// The line that the snippet begins with.
    #[serde(default)]
    pub snippet_line: u32,
    /// Ranges `[start, end)` of the snippet, in UTF-16 code units, as JavaScript and editors count.
    pub highlights: Vec<[u32; 2]>,
    /// Comparable within one answer only.
    pub score: f64,
    /// How the score came about, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<SearchWhy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchSymbol {
    pub name: String,
    /// `function`, `class`, `method` and the like.
    pub kind: String,
    /// What it is in: `Session.Actor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// How a hit's score came about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchWhy {
    /// `words`, `meaning`, `symbol`, `text`, `path`, `traceback`.
    pub found_by: Vec<String>,
    /// The largest first.
    pub shares: Vec<ScoreShare>,
}

/// What one feature gave to a hit's score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoreShare {
    pub feature: String,
    pub share: f64,
}

/// The name of the worker's service that answers [`SearchQuestion`]s.
pub const SEARCH_SERVICE: &str = "search";

/// Coordinator → worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchQuestion {
    pub project_id: ProjectId,
    /// The index that stands; `None`: there is only the overlay.
    #[serde(default)]
    pub index: Option<IndexBundle>,
    /// Files that have changed since, and unsaved buffers: they count instead of what the index has at their paths.
    #[serde(default)]
    pub overlay: Vec<ContentChange>,
    pub query: SearchQuery,
    /// The coordinator does not wait longer for the answer.
    pub within_ms: u64,
}

/// A checked query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchQuery {
    pub text: String,
    pub mode: SearchMode,
    #[serde(default)]
    pub case: SearchCase,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub glob: Option<String>,
    pub limit: u32,
    #[serde(default)]
    pub explain: bool,
}

/// Worker → coordinator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchReply {
    Found(SearchFound),
    /// A field of the request is wrong: `q`, `path`, `limit` or `mode`.
    Refused {
        field: String,
        message: String,
    },
    /// The index is not in object storage any more: another one stands.
    Gone,
    /// The index in object storage can't be used: it must be built anew.
    Unusable {
        why: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchFound {
    /// Their project and file ids are the coordinator's to fill in.
    pub hits: Vec<FoundHit>,
    pub exact: bool,
    pub truncated: bool,
    pub coverage: Coverage,
    /// Workers have a model: texts without vectors can get them.
    #[serde(default)]
    pub has_model: bool,
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A hit as a worker knows it: by its path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundHit {
    pub path: String,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub symbol: Option<SearchSymbol>,
    pub start_line: u32,
    pub end_line: u32,
    pub snippet: String,
    pub highlights: Vec<[u32; 2]>,
    pub score: f64,
    #[serde(default)]
    pub why: Option<SearchWhy>,
}
