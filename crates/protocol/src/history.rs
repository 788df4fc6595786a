//! The trash and the local history of files: what was deleted, and what each file has held.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DeletionId, TrashId, UserId, VersionId, file::FileType, schema};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    #[schema(value_type = i32)]
    pub id: UserId,
    /// The name, or else the email.
    pub name: String,
}

/// A deleted file or folder, with all that was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrashEntry {
    pub id: TrashId,
    /// The same for all that one call deleted.
    pub deletion_id: DeletionId,
    /// Where it was.
    pub path: String,
    #[serde(rename = "type")]
    pub kind: FileType,
    /// Files in it, or 1.
    pub files: i64,
    /// Bytes of all of them.
    pub size: i64,
    pub deleted_at: DateTime<Utc>,
    pub deleted_by: Option<Person>,
    /// When it is deleted for good; `null`: never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// How a content came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    Create,
    Save,
    Upload,
    Sync,
    /// The file was moved or renamed; its content is that of the version before.
    Move,
    Restore,
    /// The file was deleted; the content is its last one.
    Delete,
    /// The same, because something else took its place.
    Replace,
}

impl Cause {
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Save,
        Self::Upload,
        Self::Sync,
        Self::Move,
        Self::Restore,
        Self::Delete,
        Self::Replace,
    ];

    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Save => "save",
            Self::Upload => "upload",
            Self::Sync => "sync",
            Self::Move => "move",
            Self::Restore => "restore",
            Self::Delete => "delete",
            Self::Replace => "replace",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entry of a file's history: a content that it has or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    pub id: VersionId,
    /// Where the file was then.
    pub path: String,
    /// BLAKE3 of the content, hex.
    pub hash: String,
    /// Bytes.
    pub size: i64,
    pub created_at: DateTime<Utc>,
    pub author: Option<Person>,
    pub cause: Cause,
    /// It is what the file has now.
    pub current: bool,
}

/// Where a version is restored to: the file it is of, or the one at `path`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionRestore {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::optional_path)]
    pub path: Option<String>,
}
