//! Runs a program of a project in a sandbox: files in, output out as it comes, a verdict from evidence, artifacts kept.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_agent::message::{self, Exit, Start};
use engunity_artifacts::{ObjectError, ObjectStore};
use engunity_protocol::{
    event::{Progress, Stream},
    spec::ExecuteSpec,
    verdict::{Reason, Usage, Verdict},
    wire::{EventBody, Outcome, Running},
};
use tokio::time::{sleep, sleep_until, timeout};

use super::{Ending, Run};
use crate::{
    execution::{
        artifacts::{self, CollectError, Kept},
        snapshots::SnapshotError,
        verdict,
    },
    intake::runs::Stop,
    report::output_batch::Coalescer,
    sandbox::{Enclosure, Event, SandboxError, SandboxSpec, Session},
};

const MIB: u64 = 1024 * 1024;
const OPEN_FILES: u64 = 4096;
/// A kill that the agent has not confirmed by then is done from outside.
const AGENT_KILLS_WITHIN: Duration = Duration::from_millis(100);
/// After the deadline the agent has so long to report before the sandbox is taken from it.
const GRACE: Duration = Duration::from_secs(10);
const UNPACK_WITHIN: Duration = Duration::from_secs(120);
const COLLECT_WITHIN: Duration = Duration::from_secs(300);
/// Seconds between tries to store what a run left behind.
const STORE_AGAIN_AFTER: [f64; 5] = if cfg!(test) { [0.05; 5] } else { [1.0, 2.0, 4.0, 8.0, 15.0] };

/// Why a run did not come to its own end.
enum Broken {
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

pub async fn run(run: &mut Run, spec: ExecuteSpec) -> Ending {
    if let Some(ending) = does_not_fit(&spec) {
        return ending;
    }
    match attempt(run, &spec).await {
        Ok(outcome) => Ending::Finished(outcome),
        Err(Broken::Sandbox(SandboxError::Gone)) if !run.environment.sandbox.answers().await => {
            Ending::Unable("the container engine went away in the middle of the run".to_owned())
        }
        Err(broken) => ending(broken, &spec),
    }
}

/// A project that can't be unpacked within its limits need not be tried.
fn does_not_fit(spec: &ExecuteSpec) -> Option<Ending> {
    let room = spec.limits.disk_mb.min(spec.limits.memory_mb);
    let needed = spec.snapshot.unpacked_bytes.div_ceil(MIB);
    let evidence =
        format!("the project's files take {needed} MiB, and a run has {room} MiB for them (disk and memory)");
    (needed > room).then(|| Ending::verdict(Reason::Disk, evidence))
}

async fn attempt(run: &mut Run, spec: &ExecuteSpec) -> Result<Outcome, Broken> {
    let mut stop = run.stop.clone();
    let mut session = tokio::select! {
        session = prepare(run, spec) => session?,
        why = stop.wait() => return Err(Broken::Stopped(why)),
    };
    session.start(start(spec), spec.stdin.clone()).await?;
    run.events.send(EventBody::Started).await;
    let exit = watch(run, &mut session, spec).await?;
    if let Some(why @ (Stop::Abandon | Stop::HandBack)) = run.stop.now() {
        return Err(Broken::Stopped(why));
    }
    conclude(run, &mut session, spec, &exit).await
}

/// Makes the sandbox and fetches the files at the same time, then brings them together.
async fn prepare(run: &Run, spec: &ExecuteSpec) -> Result<Session, Broken> {
    let environment = &run.environment;
    let wanted = sandbox_spec(run, spec)?;
    let Some(key) = &spec.snapshot.key else { return Ok(environment.sandbox.open(&wanted).await?) };
    let fetch = async { environment.snapshots.fetch(key).await.map_err(Broken::from) };
    let open = async { environment.sandbox.open(&wanted).await.map_err(Broken::from) };
    let (mut files, mut session) = tokio::try_join!(fetch, open)?;
    match timeout(UNPACK_WITHIN, session.unpack(&mut files)).await {
        Ok(unpacked) => unpacked.map(|_| session).map_err(Broken::from),
        Err(_) => Err(Broken::TooLate("unpacking the project")),
    }
}

fn sandbox_spec(run: &Run, spec: &ExecuteSpec) -> Result<SandboxSpec, SandboxError> {
    let environment = &run.environment;
    let runtime = environment.catalog.by_name(&spec.runtime);
    let runtime =
        runtime.ok_or_else(|| SandboxError::ImageMissing(format!("of the runtime {:?}", spec.runtime)))?;
    Ok(SandboxSpec {
        image: runtime.image(&environment.image_prefix),
        limits: spec.limits,
        job_id: run.running.job_id,
        attempt: run.running.attempt,
        project_id: run.project_id,
        worker_id: environment.identity.id.clone(),
    })
}

fn start(spec: &ExecuteSpec) -> Start {
    Start {
        argv: spec.command.argv(),
        env: spec.env.clone(),
        wall_ms: (spec.limits.wall_s * 1000.0) as u64,
        output_bytes: spec.limits.output_kb * 1024,
        open_files: OPEN_FILES,
        file_bytes: spec.limits.disk_mb * MIB,
        scratch: vec!["/workspace".into(), "/tmp".into()],
        ..Start::default()
    }
}

/// Passes the output on until the program has ended, and ends it when told to.
async fn watch(run: &mut Run, session: &mut Session, spec: &ExecuteSpec) -> Result<Exit, Broken> {
    let mut watch = Watch {
        output: Coalescer::default(),
        stop: run.stop.clone(),
        stopped: false,
        deadline: Instant::now() + Duration::from_secs_f64(spec.limits.wall_s) + GRACE,
    };
    let ended = watch.until_exit(run, session).await;
    let rest = watch.output.take(Instant::now());
    for event in rest {
        run.events.send(event).await;
    }
    match ended {
        // Killed from outside, the agent can't tell any more.
        Err(Broken::Sandbox(SandboxError::Gone)) if watch.stopped => Ok(killed(run)),
        other => other,
    }
}

struct Watch {
    output: Coalescer,
    stop: crate::intake::runs::StopSignal,
    stopped: bool,
    deadline: Instant,
}

impl Watch {
    async fn until_exit(&mut self, run: &mut Run, session: &mut Session) -> Result<Exit, Broken> {
        loop {
            let now = Instant::now();
            let due = self.output.due(now);
            if due.is_some_and(|due| due <= now) {
                self.flush(run, session).await;
                continue;
            }
            // While output was stuck the agent could not report: it always gets a moment to.
            let too_late = self.deadline.max(now + GRACE / 2);
            tokio::select! {
                event = session.next(), if self.output.has_room() => match event? {
                    Event::Output(stream, data) => self.output.push(stream_of(stream), &data),
                    Event::Exited(exit) => return Ok(exit),
                },
                () = sleep_until(due.unwrap_or(too_late).into()) => {
                    if due.is_none() && now >= self.deadline {
                        return Err(Broken::TooLate("the agent's report"));
                    }
                }
                _ = self.stop.wait(), if !self.stopped => self.kill(session).await,
            }
        }
    }

    /// Hands the output on; a program is killed at once even while that waits for the broker.
    async fn flush(&mut self, run: &mut Run, session: &mut Session) {
        let events = self.output.take(Instant::now());
        let mut sending = std::pin::pin!(async {
            for event in events {
                run.events.send(event).await;
            }
        });
        loop {
            tokio::select! {
                () = &mut sending => return,
                _ = self.stop.wait(), if !self.stopped => self.kill(session).await,
            }
        }
    }

    async fn kill(&mut self, session: &mut Session) {
        self.stopped = true;
        tokio::spawn(make_sure(session.enclosure()));
        // An agent that can't be reached is killed from outside a moment later.
        let _ = timeout(AGENT_KILLS_WITHIN, session.kill()).await;
    }
}

async fn make_sure(enclosure: Arc<dyn Enclosure>) {
    sleep(AGENT_KILLS_WITHIN).await;
    enclosure.destroy().await;
}

fn killed(_run: &Run) -> Exit {
    Exit { signal: Some(9), stopped: Some(message::Stopped::Killed), ..Exit::default() }
}

fn stream_of(stream: message::Stream) -> Stream {
    match stream {
        message::Stream::Stdout => Stream::Stdout,
        message::Stream::Stderr => Stream::Stderr,
    }
}

/// Decides how it ended, and keeps what is to be kept.
async fn conclude(
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
fn ending(broken: Broken, spec: &ExecuteSpec) -> Ending {
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

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
