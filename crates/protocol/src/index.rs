//! A project's search index, as the API shows it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexStatus {
    pub state: IndexState,
    pub files: u64,
    pub chunks: u64,
    /// Chunks that have their vectors.
    pub embedded: u64,
    pub skipped: Vec<SkippedFile>,
    pub segments: u64,
    pub indexed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndexState {
    None,
    Building,
    Ready,
}

/// A file that is not in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedFile {
    pub path: String,
    pub why: String,
}
