//! One run of a job: its dependencies, its result, and the steps of a run in a sandbox: prepare, supervise, finish.

pub mod artifacts;
pub mod finish;
pub mod prepare;
pub mod snapshots;
pub mod stop;
pub mod supervise;
pub mod typed;
pub mod verdict;

use std::sync::Arc;

use engunity_protocol::{
    ProjectId,
    verdict::{Reason, Usage, Verdict},
    wire::{Outcome, Running},
};

use self::{
    snapshots::SnapshotError,
    stop::{StopReason, StopSignal},
    typed::TypedInput,
};
use crate::{context::WorkerContext, report::outbox::RunEvents, sandbox::SandboxError};

const MIB: u64 = 1024 * 1024;

/// One run and its dependencies.
pub struct Run {
    pub context: Arc<WorkerContext>,
    pub running: Running,
    pub project_id: ProjectId,
    pub events: RunEvents,
    pub stop: StopSignal,
    pub input: TypedInput,
}

/// The result of a run.
#[derive(Debug)]
pub enum Ending {
    Finished(Outcome),
    /// The worker is draining: another worker runs the job.
    HandedBack,
    /// A temporary failure of this worker prevented or interrupted the run: the job is tried again, here or elsewhere.
    Unable(String),
    /// The worker lost the lease: it reports nothing.
    Abandoned,
}

impl Ending {
    /// Finished without a measured run.
    pub fn verdict(reason: Reason, evidence: impl Into<String>) -> Self {
        let verdict = Verdict::new(reason, evidence);
        Self::Finished(Outcome { verdict, usage: Usage::default(), artifacts: Vec::new() })
    }
}

/// Why a run was interrupted before its program ended.
pub enum RunError {
    Sandbox(SandboxError),
    Snapshot(SnapshotError),
    TimedOut(&'static str),
    /// The program had not started in time.
    SlowStart,
    Stopped(StopReason),
}

impl From<SandboxError> for RunError {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(error)
    }
}

impl From<SnapshotError> for RunError {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}
