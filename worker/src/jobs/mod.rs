//! The kinds of jobs: one file each, and one line here.

mod execute;
mod noop;

use std::sync::Arc;

use engunity_protocol::{
    ProjectId,
    spec::JobSpec,
    verdict::{Reason, Usage, Verdict},
    wire::{Outcome, Running},
};

use crate::{context::Environment, intake::runs::StopSignal, report::outbox::RunEvents};

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

/// Does what `spec` says.
pub async fn run(run: &mut Run, spec: JobSpec) -> Ending {
    match spec {
        JobSpec::Execute(spec) => execute::run(run, spec).await,
        JobSpec::Noop => noop::run(),
    }
}
