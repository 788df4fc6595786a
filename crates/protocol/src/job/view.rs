//! Jobs, as the API shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    kind::{JobClass, JobKind},
    state::JobState,
    verdict::{Usage, Verdict},
};
use crate::{JobId, ProjectId, WorkerId};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    #[serde(default)]
    pub class: JobClass,
    pub project_id: ProjectId,
    pub state: JobState,
    /// How often a worker has claimed it: 0 while it first waits.
    pub attempt: i32,
    pub worker_id: Option<WorkerId>,
    /// What runs, for people: the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    pub verdict: Option<Verdict>,
    pub usage: Option<Usage>,
    /// While queued: where in its owner's line, and why it is not running yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// 1 is next.
    pub position: u64,
    /// In words: `all 4 slots are busy`, `no worker is connected`.
    pub because: String,
}

/// Something a run left behind, kept in object storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Artifact {
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// BLAKE3, hex.
    pub hash: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}
