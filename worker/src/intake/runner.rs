//! One task per granted job: runs it, reports its ending, and holds its slot while its sandbox exists.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use engunity_protocol::{
    JobId,
    job::JobSpec,
    verdict::Reason,
    wire::{EventBody, Grant, Running},
};
use futures::FutureExt;
use tokio::time::sleep;

use crate::{
    context::WorkerContext,
    execution::{Ending, Run, typed::TypedInput},
    intake::slots::Slot,
    jobs,
};

/// A worker that fails a job keeps the slot for a moment, so that healthy workers take the next job first.
const UNABLE_PAUSE: Duration = Duration::from_millis(500);

/// Runs a granted job to its reported ending.
pub async fn run(context: Arc<WorkerContext>, job_id: JobId, grant: Grant, slot: Slot) {
    let Grant { attempt, project_id, spec } = grant;
    let running = Running { job_id, attempt };
    // The heartbeat renews the lease until the broker has confirmed the ending.
    let input = if takes_input(&spec) { TypedInput::open() } else { TypedInput::default() };
    let (_active_run, stop) = context.status.active_runs.register(running, input.clone());
    let events = context.outbox.of(running);
    let mut run = Run { context, running, project_id, events, stop, input };
    let ending = AssertUnwindSafe(jobs::run(&mut run, spec)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(%job_id, attempt, "a run panicked");
        Ending::verdict(Reason::Internal, "the worker failed; see its log")
    });
    if matches!(ending, Ending::Unable(_)) {
        sleep(UNABLE_PAUSE).await;
    }
    drop(slot);
    report(run, ending).await;
}

fn takes_input(spec: &JobSpec) -> bool {
    matches!(spec, JobSpec::Execute(spec) if spec.live_input)
}

async fn report(run: Run, ending: Ending) {
    let Run { running: Running { job_id, attempt }, events, .. } = run;
    match ending {
        Ending::Finished(outcome) => {
            tracing::debug!(%job_id, attempt, reason = ?outcome.verdict.reason, evidence = outcome.verdict.evidence, "job finished");
            events.finish(EventBody::Finished(outcome)).await;
        }
        Ending::HandedBack => {
            tracing::info!(%job_id, attempt, "job handed back");
            events.finish(EventBody::HandedBack).await;
        }
        Ending::Unable(because) => {
            tracing::warn!(%job_id, attempt, because, "job could not be run; returning it");
            events.finish(EventBody::Unable { because }).await;
        }
        Ending::Abandoned => tracing::warn!(%job_id, attempt, "job abandoned: the lease was lost"),
    }
}
