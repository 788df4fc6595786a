//! Bulk sync: a manifest, the blobs that are missing, one atomic commit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    #[schema(schema_with = schema::exact_path)]
    pub path: String,
    #[schema(schema_with = schema::hash)]
    pub hash: String,
    /// Bytes.
    pub size: u64,
    /// Unix mode; the executable bit is kept, and 0o120000 makes a symbolic link whose target is the content.
    #[serde(default = "default_mode")]
    #[schema(maximum = 65535)]
    pub mode: u32,
}

/// The largest `st_mode`: a file type and twelve permission bits.
pub const MAX_MODE: u32 = 0o177_777;

fn default_mode() -> u32 {
    0o644
}

/// The body of `POST …/sync`, and of `…/sync/commit` where the manifest is sent again or changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub files: Vec<ManifestEntry>,
    /// Folders to have although no file lies in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(schema_with = schema::exact_paths)]
    pub folders: Vec<String>,
    /// Keep files of the project that the manifest does not name (default: they are removed at commit).
    #[serde(default)]
    pub keep: bool,
}

/// What `POST …/sync` answers: what to send, and what a commit would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncPlan {
    /// Hashes whose content the server does not have.
    pub missing: Vec<String>,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Paths that a commit would remove.
    pub removed: Vec<String>,
}

/// What `PUT …/blobs` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlobsStored {
    /// Hashes of what was stored, as computed by the server.
    pub stored: Vec<String>,
}
