//! How a job ended, from evidence, and what state that means.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::state::JobState;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Ok,
    /// Ended with a code other than 0.
    Exit,
    Signal,
    Oom,
    /// The wall-clock deadline passed.
    Wall,
    Cpu,
    OutputCap,
    Pids,
    Disk,
    Cancelled,
    WorkerLost,
    ImageMissing,
    Internal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// What was measured, in words: `oom_kill=1, peak 256/256 MiB`.
    pub evidence: String,
}

impl Verdict {
    pub fn new(reason: Reason, evidence: impl Into<String>) -> Self {
        Self { reason, exit_code: None, signal: None, evidence: evidence.into() }
    }

    /// The terminal state this verdict means.
    pub fn state(&self) -> JobState {
        match self.reason {
            Reason::Ok => JobState::Succeeded,
            Reason::Wall | Reason::Cpu => JobState::TimedOut,
            Reason::Cancelled => JobState::Cancelled,
            Reason::WorkerLost => JobState::Lost,
            _ => JobState::Failed,
        }
    }
}

/// What a run cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    pub wall_ms: u64,
    pub cpu_ms: u64,
    pub peak_memory_bytes: u64,
}
