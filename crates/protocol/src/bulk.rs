//! Many files and folders deleted, moved, copied or restored by one call, and what became of each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DeletionId, FileId, TrashId, problem::ErrorCode, schema};

/// Paths, or things in the trash, that one call takes.
pub const MAX_ITEMS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BulkOperation {
    Delete,
    Move,
    Copy,
}

/// What happens where something of that name is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// The item is not done, and named in `failed`.
    #[default]
    Fail,
    /// It gets a number behind its name: `a (1).txt`.
    Rename,
    /// What is there goes into the trash.
    Replace,
}

/// Deletes, moves or copies files and folders, each with all in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    pub operation: BulkOperation,
    /// A path below another one is done with it.
    #[schema(schema_with = schema::item_paths)]
    pub paths: Vec<String>,
    /// The folder to move or copy into; the empty text is the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::optional_folder)]
    pub into: Option<String>,
    #[serde(default)]
    pub on_conflict: OnConflict,
}

/// What a bulk call came to, item by item. What is in `done` is committed together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkOutcome {
    pub done: Vec<BulkDone>,
    pub failed: Vec<BulkFailure>,
    /// Names in the trash what was deleted or replaced, all together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_id: Option<DeletionId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkDone {
    /// The file or folder; of a copy, the new one.
    pub id: FileId,
    pub from: String,
    /// Where it is now; of something deleted, where it was.
    pub path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkFailure {
    pub path: String,
    pub code: ErrorCode,
    pub detail: String,
}

/// What to restore: by the ids of entries of the trash, or all that one call deleted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrashRestore {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10_000, min_items = 1)]
    pub ids: Option<Vec<TrashId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_id: Option<DeletionId>,
    #[serde(default)]
    pub on_conflict: OnConflict,
}

/// What a restore came to, item by item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrashRestored {
    pub done: Vec<RestoredItem>,
    pub failed: Vec<BulkFailure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoredItem {
    /// The file or folder, the same as before it was deleted.
    pub id: FileId,
    pub path: String,
}
