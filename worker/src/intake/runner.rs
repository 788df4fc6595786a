//! One task per granted job: runs it, reports how it ended, and holds its slot for as long as its sandbox lives.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use engunity_protocol::{
    JobId,
    verdict::Reason,
    wire::{EventBody, Grant, Running},
};
use futures::FutureExt;
use tokio::time::sleep;

use crate::{
    context::Environment,
    execution::{Ending, Run},
    intake::slots::Slot,
    jobs,
};

/// A job that can't be done here does not make room for the next one at once: other workers may do better.
const UNABLE_PAUSE: Duration = Duration::from_millis(500);

/// Runs what was granted.
pub async fn run(environment: Arc<Environment>, job_id: JobId, grant: Grant, slot: Slot) {
    let Grant { attempt, project_id, spec } = grant;
    let running = Running { job_id, attempt };
    // Reported as running until its end is confirmed: then its lease is nobody's.
    let (_entry, stop) = environment.presence.registry.enter(running);
    let events = environment.outbox.of(running);
    let mut run = Run { environment, running, project_id, events, stop };
    let ending = AssertUnwindSafe(jobs::run(&mut run, spec)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(%job_id, attempt, "a run panicked");
        Ending::verdict(Reason::Internal, "the worker failed; its log says more")
    });
    if matches!(ending, Ending::Unable(_)) {
        sleep(UNABLE_PAUSE).await;
    }
    drop(slot);
    report(run, ending).await;
}

async fn report(run: Run, ending: Ending) {
    let Run { running: Running { job_id, attempt }, events, .. } = run;
    match ending {
        Ending::Finished(outcome) => {
            tracing::debug!(%job_id, attempt, reason = ?outcome.verdict.reason, evidence = outcome.verdict.evidence, "a job ended");
            events.finish(EventBody::Finished(outcome)).await;
        }
        Ending::HandedBack => {
            tracing::info!(%job_id, attempt, "a job is handed back");
            events.finish(EventBody::HandedBack).await;
        }
        Ending::Unable(because) => {
            tracing::warn!(%job_id, attempt, because, "a job could not be run; giving it back");
            events.finish(EventBody::Unable { because }).await;
        }
        Ending::Abandoned => tracing::warn!(%job_id, attempt, "a job was taken from this worker"),
    }
}
