//! The execute job without Docker and without a broker: its reports and its endings under every failure.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use engunity_artifacts::{ObjectStore, S3Config};
use engunity_broker::BrokerError;
use engunity_languages::Catalog;
use engunity_protocol::{
    JobId, ProjectId,
    event::Stream,
    job::Pool,
    spec::{Command, Limits, Snapshot, TerminalSize},
    verdict::{Reason, Verdict},
    wire::{self, EventBatch, InputPiece, InputReply, Offers, Running, WorkerEvent},
};
use engunity_testkit::{eventually, snapshot};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::*;
use crate::{
    context::{Identity, WorkerContext, WorkerStatus},
    embedding::{Embedding, Settings},
    execution::{snapshots::SnapshotCache, typed::TypedInput},
    indexes::IndexCache,
    intake::{
        runs::{ActiveRun, ActiveRuns},
        slots::Pools,
    },
    report::outbox::{ConfirmedPublisher, Outbox},
    sandbox::{Sandbox, local::LocalSandbox},
};

const TIMEOUT: Duration = Duration::from_secs(60);

/// Records events in place of the broker.
struct RecordingPublisher(mpsc::UnboundedSender<WorkerEvent>);

#[async_trait]
impl ConfirmedPublisher for RecordingPublisher {
    async fn publish_confirmed(&self, batch: &[u8]) -> Result<(), BrokerError> {
        for event in wire::decode::<EventBatch>(batch).unwrap().events {
            let _ = self.0.send(event);
        }
        Ok(())
    }
}

/// The context of a worker around one job.
struct TestWorker {
    context: Arc<WorkerContext>,
    sandbox: Arc<LocalSandbox>,
    events: mpsc::UnboundedReceiver<WorkerEvent>,
    dir: tempfile::TempDir,
}

/// A running job.
struct Job {
    running: Running,
    active_runs: ActiveRuns,
    _active_run: ActiveRun,
    end: JoinHandle<Ending>,
}

impl TestWorker {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        let sandbox = LocalSandbox::new();
        let context = Arc::new(context(dir.path(), sandbox.clone(), RecordingPublisher(sender)));
        Self { context, sandbox, events, dir }
    }

    fn start(&self, spec: ExecuteSpec) -> Job {
        let active_runs = self.context.status.active_runs.clone();
        let running = Running { job_id: JobId::new(), attempt: 1 };
        let input = if spec.live_input { TypedInput::open() } else { TypedInput::default() };
        let (entry, stop) = active_runs.register(running, input.clone());
        let events = self.context.outbox.of(running);
        let context = self.context.clone();
        let mut run = Run { context, running, project_id: ProjectId::new(), events, stop, input };
        let end = tokio::spawn(async move { super::run(&mut run, spec).await });
        Job { running, active_runs, _active_run: entry, end }
    }

    async fn run(&self, spec: ExecuteSpec) -> Ending {
        self.start(spec).end().await
    }

    /// Waits for output.
    async fn output(&mut self) -> Vec<u8> {
        loop {
            let event = timeout(TIMEOUT, self.events.recv()).await.expect("output").unwrap();
            if let EventBody::Output { data, .. } = event.body {
                return data;
            }
        }
    }

    /// Returns all reported output.
    async fn outputs(&mut self) -> (String, String) {
        let mut texts = [String::new(), String::new()];
        // The outbox has its own task: flush it first.
        let last = self.context.outbox.of(Running { job_id: JobId::new(), attempt: 0 });
        last.finish(EventBody::Started).await;
        while let Ok(event) = self.events.try_recv() {
            if let EventBody::Output { stream, data, .. } = event.body {
                texts[(stream == Stream::Stderr) as usize] += &String::from_utf8_lossy(&data);
            }
        }
        let [stdout, stderr] = texts;
        (stdout, stderr)
    }

    /// Puts a snapshot into the cache of the worker.
    fn cached(&self, files: &[(&str, &str)]) -> Snapshot {
        let name = blake3::hash(b"cached").to_hex().to_string();
        std::fs::write(self.dir.path().join(name), snapshot::project(files)).unwrap();
        Snapshot { key: Some("cached".into()), unpacked_bytes: 100, files: files.len() as u64 }
    }

    async fn assert_no_sandbox_left(&self) {
        let left = || async { Ok((self.sandbox.count_alive() == 0).then_some(())) };
        eventually("no sandbox is left", TIMEOUT, left).await.unwrap();
    }
}

impl Job {
    fn type_in(&self, piece: InputPiece) -> InputReply {
        self.active_runs.input(self.running, piece)
    }

    fn stop(&self, reason: StopReason) {
        self.active_runs.stop(self.running, reason);
    }

    async fn end(self) -> Ending {
        timeout(TIMEOUT, self.end).await.expect("the run ends in time").unwrap()
    }
}

fn context(dir: &Path, sandbox: Arc<dyn Sandbox>, events: RecordingPublisher) -> WorkerContext {
    let identity = Identity::new("worker");
    let objects = ObjectStore::new(S3Config {
        endpoint: "http://127.0.0.1:9".into(),
        region: "nowhere".into(),
        bucket: "none".into(),
        access_key: "a".into(),
        secret_key: "s".into(),
    })
    .unwrap();
    WorkerContext {
        catalog: Catalog::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../languages")).unwrap(),
        image_prefix: "none/".into(),
        snapshots: SnapshotCache::open(objects.clone(), dir.to_owned(), 1 << 20).unwrap(),
        indexes: IndexCache::open(objects.clone(), dir.join("indexes"), 1 << 20).unwrap(),
        objects,
        sandbox,
        embedding: Arc::new(Embedding::start(Settings::default())),
        outbox: Outbox::start(events, identity.id.clone()),
        status: Arc::new(WorkerStatus::new(Pools::new([(Pool::Sandbox, 1)]), Offers::default())),
        identity,
    }
}

fn shell(line: &str) -> ExecuteSpec {
    ExecuteSpec {
        runtime: "bash".into(),
        command: Command::Shell(line.into()),
        stdin: None,
        tty: None,
        live_input: false,
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        limits: Limits { wall_s: 50.0, cpu: 1.0, memory_mb: 64, output_kb: 64, pids: 32, disk_mb: 16 },
        artifacts: Vec::new(),
        snapshot: Snapshot { key: None, unpacked_bytes: 0, files: 0 },
    }
}

#[track_caller]
fn verdict_of(error_ending: Ending) -> Verdict {
    let Ending::Finished(outcome) = error_ending else { panic!("{error_ending:?}") };
    outcome.verdict
}

#[tokio::test]
async fn output_and_verdict_are_reported() {
    let mut worker = TestWorker::new();
    let files = worker.cached(&[
        ("main.sh", "read x; echo \"$x $(cat data/in)\"; echo oops >&2; exit 3"),
        ("data/in", "file"),
    ]);
    let spec = ExecuteSpec { snapshot: files, stdin: Some("line\n".into()), ..shell("bash main.sh") };
    let verdict = verdict_of(worker.run(spec).await);
    assert_eq!((verdict.reason, verdict.exit_code), (Reason::Exit, Some(3)));
    assert_eq!(worker.outputs().await, ("line file\n".into(), "oops\n".into()));
    worker.assert_no_sandbox_left().await;
}

#[tokio::test]
async fn what_is_typed_reaches_the_program() {
    let mut worker = TestWorker::new();
    let line = "read first; echo got $first; read second; echo got $second; cat; echo end";
    for tty in [None, Some(TerminalSize::default())] {
        let spec = ExecuteSpec { stdin: Some("one\n".into()), live_input: true, tty, ..shell(line) };
        let job = worker.start(spec);
        // May come before there is a program.
        let typed = |offset, data: &str, end| InputPiece {
            source: "tab".into(),
            offset: Some(offset),
            data: data.into(),
            end,
            ..InputPiece::default()
        };
        assert_eq!(job.type_in(typed(0, "two\n", false)), InputReply::Taken { offset: 4 });
        assert_eq!(job.type_in(typed(0, "two\nrest\n", true)), InputReply::Taken { offset: 9 });
        assert_eq!(job.type_in(typed(9, "more", false)), InputReply::Closed);
        assert_eq!(verdict_of(job.end().await).reason, Reason::Ok);
        let stdout = worker.outputs().await.0.replace('\r', "");
        // A terminal echoes what is typed when it is typed, which may be before the program reads it.
        let answers: Vec<_> = stdout.lines().filter(|line| line.starts_with("got ")).collect();
        assert_eq!(answers, ["got one", "got two"], "{stdout}");
        assert!(stdout.contains("rest"), "{stdout}");
        assert_eq!(stdout.lines().last(), Some("end"), "{stdout}");
    }
    let job = worker.start(shell("cat; echo end"));
    let typed = InputPiece { data: b"x".to_vec(), ..InputPiece::default() };
    assert_eq!(job.type_in(typed), InputReply::Closed, "nobody asked for live input");
    assert_eq!(verdict_of(job.end().await).reason, Reason::Ok);
    assert_eq!(worker.outputs().await.0, "end\n");
    worker.assert_no_sandbox_left().await;
}

#[tokio::test]
async fn much_input_waits_for_a_slow_program() {
    let mut worker = TestWorker::new();
    let spec = ExecuteSpec { live_input: true, ..shell("sleep 0.5; exec wc -c") };
    let job = worker.start(spec);
    let (data, mut sent) = (vec![b'x'; 1_000_000], 0);
    while sent < data.len() {
        let (offset, end) = (Some(sent as u64), true);
        let data = data[sent..].to_vec();
        let reply =
            job.type_in(InputPiece { source: "s".into(), offset, data, end, ..InputPiece::default() });
        let InputReply::Taken { offset } = reply else { panic!("{reply:?}") };
        sent = offset as usize;
        sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(verdict_of(job.end().await).reason, Reason::Ok);
    assert_eq!(worker.outputs().await.0.trim(), "1000000");
}

#[tokio::test]
async fn the_deadline_and_the_cap_end_a_program() {
    let mut worker = TestWorker::new();
    let spec = shell("echo on; sleep 600");
    let limits = Limits { wall_s: 0.3, ..spec.limits };
    assert_eq!(verdict_of(worker.run(ExecuteSpec { limits, ..spec }).await).reason, Reason::Wall);
    assert_eq!(worker.outputs().await.0, "on\n", "earlier output is kept");
    assert_eq!(verdict_of(worker.run(shell("yes")).await).reason, Reason::OutputCap);
    assert_eq!(worker.outputs().await.0.len(), 64 * 1024);
    worker.assert_no_sandbox_left().await;
}

#[tokio::test]
async fn a_run_obeys_its_stop_reason() {
    let mut worker = TestWorker::new();
    for line in ["echo on; sleep 600", "trap '' TERM INT; echo on; while :; do sleep 1; done"] {
        let job = worker.start(shell(line));
        assert_eq!(worker.output().await, b"on\n");
        job.stop(StopReason::Cancel);
        assert_eq!(verdict_of(job.end().await).reason, Reason::Cancelled);
    }
    for (reason, abandoned) in [(StopReason::HandBack, false), (StopReason::Abandon, true)] {
        let job = worker.start(shell("echo on; sleep 600"));
        worker.output().await;
        job.stop(StopReason::Cancel);
        job.stop(reason);
        let error_ending = job.end().await;
        let as_expected = if abandoned {
            matches!(error_ending, Ending::Abandoned)
        } else {
            matches!(error_ending, Ending::HandedBack)
        };
        assert!(as_expected, "{error_ending:?}");
    }
    worker.assert_no_sandbox_left().await;
}

#[tokio::test]
async fn temporary_failures_are_unable_with_a_reason() {
    let mut worker = TestWorker::new();
    let unable = |error_ending: Ending| match error_ending {
        Ending::Unable(because) => because,
        other => panic!("{other:?}"),
    };
    let elsewhere = Snapshot { key: Some("not here".into()), unpacked_bytes: 1, files: 1 };
    let because = unable(worker.run(ExecuteSpec { snapshot: elsewhere, ..shell("true") }).await);
    assert!(because.contains("files could not be fetched"), "{because}");
    let cobol = ExecuteSpec { runtime: "cobol".into(), ..shell("true") };
    let because = unable(worker.run(cobol).await);
    assert!(because.contains("is not on the worker's host"), "{because}");
    let job = worker.start(shell("echo on; sleep 600"));
    worker.output().await;
    worker.sandbox.stop_engine();
    let because = unable(job.end().await);
    assert!(because.contains("stopped responding"), "{because}");
    let because = unable(worker.run(shell("true")).await);
    assert!(because.contains("the engine is stopped"), "{because}");
    worker.assert_no_sandbox_left().await;
}

#[tokio::test]
async fn permanent_failures_end_the_job() {
    let mut worker = TestWorker::new();
    let huge = Snapshot { key: Some("huge".into()), unpacked_bytes: 1 << 40, files: 1 };
    let verdict = verdict_of(worker.run(ExecuteSpec { snapshot: huge, ..shell("true") }).await);
    assert_eq!(verdict.reason, Reason::Disk);
    let nothing = ExecuteSpec { command: Command::Argv(vec!["no-such-program".into()]), ..shell("") };
    assert_eq!(verdict_of(worker.run(nothing).await).exit_code, Some(127));
    assert_eq!(worker.outputs().await.1, "no-such-program: command not found\n");
    let job = worker.start(shell("echo on; sleep 600"));
    worker.output().await;
    worker.sandbox.kill_all();
    let verdict = verdict_of(job.end().await);
    assert_eq!(
        (verdict.reason, verdict.evidence.as_str()),
        (Reason::Internal, "the sandbox ended without a report")
    );
}

#[tokio::test]
async fn lost_artifacts_are_reported_with_the_exit_of_the_program() {
    let worker = TestWorker::new();
    let artifacts = vec!["out/**".into()];
    let line = "mkdir out; echo a > out/a; head -c 300000 /dev/zero > out/b";
    let verdict = verdict_of(worker.run(ExecuteSpec { artifacts: artifacts.clone(), ..shell(line) }).await);
    assert_eq!((verdict.reason, verdict.exit_code), (Reason::Internal, Some(0)));
    assert!(verdict.evidence.contains("could not be stored"), "{}", verdict.evidence);
    assert!(verdict.evidence.ends_with("the program itself: exit 0"), "{}", verdict.evidence);
    let verdict = verdict_of(worker.run(ExecuteSpec { artifacts, ..shell("true") }).await);
    assert_eq!(verdict.reason, Reason::Ok, "nothing matched, so nothing was stored");
}
