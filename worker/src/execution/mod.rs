//! The parts of a run: what it has, how it ends, and for a program in a sandbox what comes before, while it runs and after.

pub mod artifacts;
pub mod finish;
pub mod prepare;
pub mod snapshots;
pub mod supervise;
pub mod verdict;

use std::sync::Arc;

use engunity_protocol::{
    ProjectId,
    verdict::{Reason, Usage, Verdict},
    wire::{Outcome, Running},
};

use self::snapshots::SnapshotError;
use crate::{
    context::Environment,
    intake::runs::{Stop, StopSignal},
    report::outbox::RunEvents,
    sandbox::SandboxError,
};

const MIB: u64 = 1024 * 1024;

/// One run, and the means it has.
pub struct Run {
    pub environment: Arc<Environment>,
    pub running: Running,
    pub project_id: ProjectId,
    pub events: RunEvents,
    pub stop: StopSignal,
}

/// How a run ends.
#[derive(Debug)]
pub enum Ending {
    Finished(Outcome),
    /// This worker ends before it does: run it elsewhere.
    HandedBack,
    /// It could not be done here, or not to its end, for a reason that may pass: try it again, here or elsewhere.
    Unable(String),
    /// It is not ours any more: nothing is reported.
    Abandoned,
}

impl Ending {
    /// An end without a run.
    pub fn verdict(reason: Reason, evidence: impl Into<String>) -> Self {
        let verdict = Verdict::new(reason, evidence);
        Self::Finished(Outcome { verdict, usage: Usage::default(), artifacts: Vec::new() })
    }
}

/// Why a run did not come to its own end.
pub enum Broken {
    Sandbox(SandboxError),
    Snapshot(SnapshotError),
    TooLate(&'static str),
    Stopped(Stop),
}

impl From<SandboxError> for Broken {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(error)
    }
}

impl From<SnapshotError> for Broken {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}
