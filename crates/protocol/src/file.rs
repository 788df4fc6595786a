//! Files and folders of a project, as the API takes and shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    FileId, ProjectId,
    project::{given, present},
    schema,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileType {
    File,
    Folder,
}

impl FileType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    pub id: FileId,
    pub project_id: ProjectId,
    /// From the project's root, with `/`, without a leading one.
    pub path: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: FileType,
    /// The text. Left out of lists; `null` for folders and for files that are not UTF-8 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub content: Option<Option<String>>,
    pub language: Option<String>,
    pub parent_id: Option<FileId>,
    /// Bytes.
    pub size: i64,
    /// BLAKE3 of the content in hex (what `ETag` carries in quotes); `null` for folders.
    pub etag: Option<String>,
    /// True when the content is not UTF-8 text; its bytes are at `/code/files/{id}/content`.
    #[serde(default)]
    pub binary: bool,
    /// Where a symbolic link leads, which is its content too; absent for what is no link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// `{path, type, content?}` or `{name, parent_id?, type, content?}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    #[serde(default)]
    #[schema(schema_with = schema::optional_path)]
    pub path: Option<String>,
    #[serde(default)]
    #[schema(schema_with = schema::optional_name)]
    pub name: Option<String>,
    #[serde(default)]
    pub parent_id: Option<FileId>,
    #[serde(rename = "type")]
    pub kind: FileType,
    #[serde(default)]
    pub content: Option<String>,
    #[serde(default)]
    #[schema(schema_with = schema::language)]
    pub language: Option<String>,
}

/// A change: rename (`name`), move (`parent_id`, `null` is the root), new text (`content`).
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilePatch {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::name)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FileId>)]
    pub parent_id: Option<Option<FileId>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::language)]
    pub language: Option<String>,
}
