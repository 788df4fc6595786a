//! After the program has ended: the verdict, what is kept, and what a failure means for the job.

use std::time::Duration;

use engunity_agent::message::Exit;
use engunity_artifacts::{ObjectError, ObjectStore};
use engunity_protocol::{
    event::Progress,
    spec::ExecuteSpec,
    verdict::{Reason, Usage, Verdict},
    wire::{EventBody, Outcome, Running},
};
use tokio::time::{sleep, timeout};

use super::{
    Broken, Ending, Run,
    artifacts::{self, CollectError, Kept},
    snapshots::SnapshotError,
    verdict,
};
use crate::{
    intake::runs::Stop,
    sandbox::{SandboxError, Session},
};

const COLLECT_WITHIN: Duration = Duration::from_secs(300);
/// Seconds between tries to store what a run left behind.
const STORE_AGAIN_AFTER: [f64; 5] = if cfg!(test) { [0.05; 5] } else { [1.0, 2.0, 4.0, 8.0, 15.0] };

/// Decides how it ended, and keeps what is to be kept.
pub async fn conclude(
    run: &mut Run,
    session: &mut Session,
    spec: &ExecuteSpec,
    exit: &Exit,
) -> Result<Outcome, Broken> {
    let mut verdict = verdict::verdict(exit, &spec.limits);
    let cancelled = run.stop.now() == Some(Stop::Cancel);
    if cancelled {
        verdict.reason = Reason::Cancelled;
    }
    let mut outcome = Outcome { verdict, usage: verdict::usage(exit), artifacts: Vec::new() };
    if spec.artifacts.is_empty() || cancelled {
        return Ok(outcome);
    }
    let mut stop = run.stop.clone();
    let environment = run.environment.clone();
    let collecting = keep_trying(session, &environment.objects, run.running, &spec.artifacts);
    let kept = tokio::select! {
        kept = timeout(COLLECT_WITHIN, collecting) => kept.map_err(|_| Broken::TooLate("collecting artifacts"))?,
        why = stop.wait() => return Err(Broken::Stopped(why)),
    };
    match kept {
        Ok(kept) => {
            outcome.artifacts = kept.artifacts;
            report_left_out(run, &kept.left_out).await;
        }
        Err(error) => outcome.verdict = not_kept(&outcome.verdict, &error),
    }
    Ok(outcome)
}

/// Collects again while object storage is away for a moment: the sandbox still has the files.
async fn keep_trying(
    session: &mut Session,
    objects: &ObjectStore,
    run: Running,
    globs: &[String],
) -> Result<Kept, CollectError> {
    for seconds in STORE_AGAIN_AFTER {
        match artifacts::collect(session, objects, run, globs).await {
            Err(CollectError::Store(ObjectError::Unavailable(cause))) => {
                tracing::warn!(job_id = %run.job_id, cause, "artifacts could not be stored; trying again");
                sleep(Duration::from_secs_f64(seconds)).await;
            }
            other => return other,
        }
    }
    artifacts::collect(session, objects, run, globs).await
}

async fn report_left_out(run: &mut Run, left_out: &[String]) {
    for note in left_out {
        let message = format!("not kept: {note}");
        run.events.send(EventBody::Progress(Progress { message, fraction: None, remark: true })).await;
    }
}

fn not_kept(ended: &Verdict, error: &CollectError) -> Verdict {
    Verdict {
        reason: Reason::Internal,
        evidence: format!("{error}; the program itself: {}", ended.evidence),
        ..ended.clone()
    }
}

/// What a broken run means for its job.
pub fn ending(broken: Broken, spec: &ExecuteSpec) -> Ending {
    match broken {
        Broken::Stopped(Stop::Abandon) => Ending::Abandoned,
        Broken::Stopped(Stop::HandBack) => Ending::HandedBack,
        Broken::Stopped(Stop::Cancel) => {
            Ending::verdict(Reason::Cancelled, "cancelled before the program started")
        }
        Broken::TooLate(what) => Ending::verdict(Reason::Internal, format!("{what} took too long")),
        Broken::Snapshot(error @ SnapshotError::Missing(_)) => {
            Ending::verdict(Reason::Internal, error.to_string())
        }
        Broken::Snapshot(error @ (SnapshotError::Unavailable(_) | SnapshotError::DiskFull)) => {
            Ending::Unable(error.to_string())
        }
        Broken::Sandbox(error) => sandbox_ending(error, spec),
    }
}

fn sandbox_ending(error: SandboxError, spec: &ExecuteSpec) -> Ending {
    match error {
        error @ SandboxError::Unavailable(_) => Ending::Unable(error.to_string()),
        SandboxError::ImageMissing(image) => Ending::verdict(
            Reason::ImageMissing,
            format!(
                "the image {image} is not on the worker's host: build it there (`./dev up` does), or set runtimes.image_prefix"
            ),
        ),
        error if error.is_disk() => {
            Ending::verdict(Reason::Disk, format!("{error} ({} MiB for the project)", spec.limits.disk_mb))
        }
        error => Ending::Finished(Outcome {
            verdict: Verdict::new(Reason::Internal, error.to_string()),
            usage: Usage::default(),
            artifacts: Vec::new(),
        }),
    }
}
