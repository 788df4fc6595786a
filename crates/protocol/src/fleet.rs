//! Workers and runtimes, as the API shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{WorkerId, spec::Limits};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Worker {
    pub id: WorkerId,
    /// The name the operator gave it; survives restarts.
    pub name: String,
    pub version: String,
    pub slots: u32,
    pub busy: u32,
    pub state: WorkerState,
    pub started_at: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    Ready,
    /// Finishes what it has, takes no more.
    Draining,
    /// Sends heartbeats, but does not consume.
    #[serde(rename = "deaf")]
    Stalled,
    /// No heartbeat within the lease.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuntimeView {
    pub name: String,
    pub title: String,
    pub extensions: Vec<String>,
    pub aliases: Vec<String>,
    /// The shell line that runs `{entry}`.
    pub run: String,
    /// A command that runs a project's tests, as a suggestion.
    pub test: Option<String>,
    /// File name of a starter program.
    pub starter: String,
    /// Text of the starter program.
    pub starter_content: String,
    pub limits: Limits,
    pub max_limits: Limits,
}
