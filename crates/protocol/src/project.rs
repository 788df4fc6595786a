//! Projects, as the API takes and shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{ProjectId, UserId, index::SkippedFile, schema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    pub id: ProjectId,
    #[schema(value_type = i32)]
    pub user_id: UserId,
    pub name: String,
    pub description: Option<String>,
    pub language: Option<String>,
    pub repository_url: Option<String>,
    /// Where the last uploaded archive lies in object storage.
    pub storage_path: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What an upload answers: the project, and what was left out of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    #[serde(flatten)]
    pub project: Project,
    /// Entries that can't be part of a project; the first ones, where there are very many.
    pub skipped: Vec<SkippedFile>,
    /// How many were left out in all.
    pub skipped_total: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    #[schema(schema_with = schema::project_name)]
    pub name: String,
    #[serde(default)]
    #[schema(schema_with = schema::description)]
    pub description: Option<String>,
    #[serde(default)]
    #[schema(schema_with = schema::language)]
    pub language: Option<String>,
    #[serde(default)]
    #[schema(schema_with = schema::repository_url)]
    pub repository_url: Option<String>,
}

/// A change: an absent field stays as it is, `null` clears it (the name can't be cleared).
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectPatch {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::project_name)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::description)]
    pub description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::language)]
    pub language: Option<Option<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::repository_url)]
    pub repository_url: Option<Option<String>>,
}

/// A field that may be absent but not `null`.
pub(crate) fn present<'de, T, D>(input: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(input).map(Some)
}

/// Tells `"field": null` (`Some(None)`) from an absent field (`None`).
pub(crate) fn given<'de, T, D>(input: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(input).map(Some)
}
