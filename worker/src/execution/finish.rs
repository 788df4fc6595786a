//! The last step of a run: the verdict, the artifacts, and what an error means for the job.

use std::time::Duration;

use engunity_agent::message::Exit;
use engunity_artifacts::{ObjectError, ObjectStore};
use engunity_protocol::{
    event::Progress,
    spec::ExecuteSpec,
    verdict::{Reason, Verdict},
    wire::{EventBody, Outcome, Running},
};
use tokio::time::{sleep, timeout};

use super::{
    Ending, Run, RunError,
    artifacts::{self, CollectError, Collected},
    snapshots::SnapshotError,
    stop::StopReason,
    verdict,
};
use crate::sandbox::{AgentConnection, SandboxError};

const COLLECT_TIMEOUT: Duration = Duration::from_secs(300);
/// Pauses between attempts to store artifacts.
const STORE_RETRY_PAUSES_S: [f64; 5] = if cfg!(test) { [0.05; 5] } else { [1.0, 2.0, 4.0, 8.0, 15.0] };

/// Derives the verdict and stores the artifacts.
pub async fn finish(
    run: &mut Run,
    agent: &mut AgentConnection,
    spec: &ExecuteSpec,
    exit: &Exit,
) -> Result<Outcome, RunError> {
    let mut verdict = verdict::verdict(exit, &spec.limits);
    let cancelled = run.stop.now() == Some(StopReason::Cancel);
    if cancelled {
        verdict.reason = Reason::Cancelled;
    }
    let mut outcome = Outcome { verdict, usage: verdict::usage(exit), artifacts: Vec::new() };
    if spec.artifacts.is_empty() || cancelled {
        return Ok(outcome);
    }
    let mut stop = run.stop.clone();
    let context = run.context.clone();
    let collecting = collect_with_retries(agent, &context.objects, run.running, &spec.artifacts);
    let collected = tokio::select! {
        collected = timeout(COLLECT_TIMEOUT, collecting) => collected.map_err(|_| RunError::TimedOut("collecting artifacts"))?,
        reason = stop.wait() => return Err(RunError::Stopped(reason)),
    };
    match collected {
        Ok(collected) => {
            outcome.artifacts = collected.artifacts;
            report_omitted(run, &collected.omitted).await;
        }
        Err(error) => outcome.verdict = artifacts_lost(&outcome.verdict, &error),
    }
    Ok(outcome)
}

/// Retries while object storage is unavailable: the sandbox still has the files.
async fn collect_with_retries(
    agent: &mut AgentConnection,
    objects: &ObjectStore,
    run: Running,
    globs: &[String],
) -> Result<Collected, CollectError> {
    for seconds in STORE_RETRY_PAUSES_S {
        match artifacts::collect(agent, objects, run, globs).await {
            Err(CollectError::Store(ObjectError::Unavailable(cause))) => {
                tracing::warn!(job_id = %run.job_id, cause, "artifacts could not be stored; trying again");
                sleep(Duration::from_secs_f64(seconds)).await;
            }
            other => return other,
        }
    }
    artifacts::collect(agent, objects, run, globs).await
}

async fn report_omitted(run: &mut Run, omitted: &[String]) {
    for note in omitted {
        let message = format!("not kept: {note}");
        run.events.send(EventBody::Progress(Progress { message, fraction: None, remark: true })).await;
    }
}

/// The verdict of a program whose artifacts are lost; keeps its own exit code and evidence.
fn artifacts_lost(verdict: &Verdict, error: &CollectError) -> Verdict {
    Verdict {
        reason: Reason::Internal,
        evidence: format!("{error}; the program itself: {}", verdict.evidence),
        ..verdict.clone()
    }
}

/// Maps the error of an interrupted run to its ending.
pub fn error_ending(error: RunError, spec: &ExecuteSpec) -> Ending {
    match error {
        RunError::Stopped(StopReason::Abandon) => Ending::Abandoned,
        RunError::Stopped(StopReason::HandBack) => Ending::HandedBack,
        RunError::Stopped(StopReason::Cancel) => {
            Ending::verdict(Reason::Cancelled, "cancelled before the program started")
        }
        RunError::SlowStart => Ending::Unable("starting the sandbox took too long".to_owned()),
        RunError::TimedOut(what) => Ending::verdict(Reason::Internal, format!("{what} took too long")),
        RunError::Snapshot(error @ SnapshotError::Missing(_)) => {
            Ending::verdict(Reason::Internal, error.to_string())
        }
        RunError::Snapshot(error @ (SnapshotError::Unavailable(_) | SnapshotError::DiskFull)) => {
            Ending::Unable(error.to_string())
        }
        RunError::Sandbox(error) => sandbox_error_ending(error, spec),
    }
}

fn sandbox_error_ending(error: SandboxError, spec: &ExecuteSpec) -> Ending {
    match error {
        error @ SandboxError::Unavailable(_) => Ending::Unable(error.to_string()),
        // Another worker may have it.
        SandboxError::ImageMissing(image) => Ending::Unable(format!(
            "the image {image} is not on the worker's host: build it there (`./dev up` does), or set runtimes.image_prefix"
        )),
        error if error.is_disk() => {
            Ending::verdict(Reason::Disk, format!("{error} ({} MiB for the project)", spec.limits.disk_mb))
        }
        error => Ending::verdict(Reason::Internal, error.to_string()),
    }
}
