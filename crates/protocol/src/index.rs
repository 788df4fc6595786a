//! A project's search index: its state as the API shows it, what an index job is told to do, and what it reports.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::JobId;

/// Skipped files that a report names; the others are only counted.
pub const MAX_SKIPPED: usize = 1000;
/// The content of a larger file is in no index.
pub const MAX_FILE_BYTES: usize = 16 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexStatus {
    pub state: IndexState,
    /// Files in the index.
    pub files: u64,
    /// Texts that are to have vectors: functions, classes and other chunks.
    pub chunks: u64,
    /// Of these, the ones that have them.
    pub embedded: u64,
    /// Files that are left out and why, the first thousand of them.
    pub skipped: Vec<SkippedFile>,
    pub segments: u64,
    pub indexed_at: Option<DateTime<Utc>>,
    /// Files that have changed since. A search reads them as they are now, as long as they are few.
    #[serde(default)]
    pub pending: u64,
    /// The job that builds it at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndexState {
    /// There is none, and no job that builds one.
    None,
    /// A job waits or runs. Searches go on with the index that stands, if there is one.
    Building,
    Ready,
}

/// A file that is not in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedFile {
    pub path: String,
    pub why: String,
}

/// What an index job does: brings an index from one revision of the project's files to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexSpec {
    /// The index to begin with; `None`: with an empty one.
    #[serde(default)]
    pub base: Option<IndexBundle>,
    /// The revision that the index will show.
    pub revision: i64,
    /// The object that holds the changes, [`ContentChange`]s one after the other as MessagePack in a zstd frame; `None`:
    /// there are none.
    #[serde(default)]
    pub changes: Option<String>,
    /// How many there are.
    #[serde(default)]
    pub files: u64,
}

/// Where an index is in object storage. Objects are named by their content and never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexBundle {
    /// The key of the manifest.
    pub manifest: String,
    /// The keys of all objects that belong to it, the manifest included.
    pub objects: Vec<String>,
    /// Bytes of them all.
    pub bytes: u64,
}

/// One file that is not what an index has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentChange {
    Put {
        path: String,
        #[serde(default)]
        language: Option<String>,
        /// BLAKE3 of the whole content, hex.
        hash: String,
        /// Of a binary file only the beginning, which shows that it is one.
        #[serde(with = "serde_bytes")]
        content: Vec<u8>,
    },
    /// A file whose content is not sent, because it has more than [`MAX_FILE_BYTES`].
    TooLarge { path: String, hash: String, bytes: u64 },
    /// It is not there any more, or is nothing that is indexed.
    Remove { path: String },
}

impl ContentChange {
    pub fn path(&self) -> &str {
        match self {
            Self::Put { path, .. } | Self::TooLarge { path, .. } | Self::Remove { path } => path,
        }
    }
}

/// An index that a job has built, or a usable part of it on the way: from then on searches use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexReport {
    pub revision: i64,
    pub bundle: IndexBundle,
    pub counts: IndexCounts,
    /// More vectors are to come: another job should go on.
    #[serde(default)]
    pub unfinished: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexCounts {
    pub files: u64,
    pub chunks: u64,
    pub embedded: u64,
    pub segments: u64,
    /// How many files are skipped.
    pub skipped_files: u64,
    /// The first [`MAX_SKIPPED`] of them.
    pub skipped: Vec<SkippedFile>,
}
