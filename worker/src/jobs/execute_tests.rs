//! The execute job without Docker and without a broker: what it reports and how it ends, whatever happens meanwhile.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use engunity_artifacts::{ObjectStore, S3Config};
use engunity_broker::BrokerError;
use engunity_languages::Catalog;
use engunity_protocol::{
    JobId, ProjectId,
    event::Stream,
    spec::{Command, Limits, Snapshot},
    verdict::{Reason, Verdict},
    wire::{self, EventBatch, Running, WorkerEvent},
};
use engunity_testkit::{eventually, snapshot};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::*;
use crate::{
    context::{Environment, Identity, Presence},
    execution::snapshots::Snapshots,
    intake::{
        runs::{Entry, Registry},
        slots::Slots,
    },
    report::outbox::{Confirm, Outbox},
    sandbox::{Sandbox, local::LocalSandbox},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Takes the place of the broker.
struct Heard(mpsc::UnboundedSender<WorkerEvent>);

#[async_trait]
impl Confirm for Heard {
    async fn confirm(&self, batch: &[u8]) -> Result<(), BrokerError> {
        for event in wire::decode::<EventBatch>(batch).unwrap().events {
            let _ = self.0.send(event);
        }
        Ok(())
    }
}

/// A worker's insides around one job.
struct Bench {
    environment: Arc<Environment>,
    sandbox: Arc<LocalSandbox>,
    heard: mpsc::UnboundedReceiver<WorkerEvent>,
    dir: tempfile::TempDir,
}

/// A job under way.
struct Job {
    running: Running,
    registry: Registry,
    _entry: Entry,
    end: JoinHandle<Ending>,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (sender, heard) = mpsc::unbounded_channel();
        let sandbox = LocalSandbox::new();
        let environment = Arc::new(environment(dir.path(), sandbox.clone(), Heard(sender)));
        Self { environment, sandbox, heard, dir }
    }

    fn start(&self, spec: ExecuteSpec) -> Job {
        let registry = self.environment.presence.registry.clone();
        let running = Running { job_id: JobId::new(), attempt: 1 };
        let (entry, stop) = registry.enter(running);
        let events = self.environment.outbox.of(running);
        let environment = self.environment.clone();
        let mut run = Run { environment, running, project_id: ProjectId::new(), events, stop };
        let end = tokio::spawn(async move { super::run(&mut run, spec).await });
        Job { running, registry, _entry: entry, end }
    }

    async fn run(&self, spec: ExecuteSpec) -> Ending {
        self.start(spec).end().await
    }

    /// Waits for output.
    async fn output(&mut self) -> Vec<u8> {
        loop {
            let event = timeout(PATIENCE, self.heard.recv()).await.expect("output").unwrap();
            if let EventBody::Output { data, .. } = event.body {
                return data;
            }
        }
    }

    /// All output that was reported.
    async fn outputs(&mut self) -> (String, String) {
        let mut texts = [String::new(), String::new()];
        // What is reported goes through a task of its own.
        let last = self.environment.outbox.of(Running { job_id: JobId::new(), attempt: 0 });
        last.finish(EventBody::Started).await;
        while let Ok(event) = self.heard.try_recv() {
            if let EventBody::Output { stream, data, .. } = event.body {
                texts[(stream == Stream::Stderr) as usize] += &String::from_utf8_lossy(&data);
            }
        }
        let [stdout, stderr] = texts;
        (stdout, stderr)
    }

    /// A snapshot that the worker has already.
    fn cached(&self, files: &[(&str, &str)]) -> Snapshot {
        let name = blake3::hash(b"cached").to_hex().to_string();
        std::fs::write(self.dir.path().join(name), snapshot::project(files)).unwrap();
        Snapshot { key: Some("cached".into()), unpacked_bytes: 100, files: files.len() as u64 }
    }

    async fn no_sandbox_is_left(&self) {
        let left = || async { Ok((self.sandbox.alive() == 0).then_some(())) };
        eventually("every sandbox is gone", PATIENCE, left).await.unwrap();
    }
}

impl Job {
    fn stop(&self, why: Stop) {
        self.registry.stop(self.running, why);
    }

    async fn end(self) -> Ending {
        timeout(PATIENCE, self.end).await.expect("it ends").unwrap()
    }
}

fn environment(dir: &Path, sandbox: Arc<dyn Sandbox>, heard: Heard) -> Environment {
    let identity = Identity::new("bench");
    let objects = ObjectStore::new(S3Config {
        endpoint: "http://127.0.0.1:9".into(),
        region: "nowhere".into(),
        bucket: "none".into(),
        access_key: "a".into(),
        secret_key: "s".into(),
    })
    .unwrap();
    Environment {
        catalog: Catalog::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../languages")).unwrap(),
        image_prefix: "none/".into(),
        snapshots: Snapshots::open(objects.clone(), dir.to_owned(), 1 << 20).unwrap(),
        objects,
        sandbox,
        outbox: Outbox::start(heard, identity.id.clone()),
        presence: Arc::new(Presence {
            registry: Registry::default(),
            slots: Slots::new(1),
            noop_slots: Slots::new(0),
            draining: false.into(),
            crippled: false.into(),
            echo: 0.into(),
        }),
        identity,
    }
}

fn shell(line: &str) -> ExecuteSpec {
    ExecuteSpec {
        runtime: "bash".into(),
        command: Command::Shell(line.into()),
        stdin: None,
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        limits: Limits { wall_s: 50.0, cpu: 1.0, memory_mb: 64, output_kb: 64, pids: 32, disk_mb: 16 },
        artifacts: Vec::new(),
        snapshot: Snapshot { key: None, unpacked_bytes: 0, files: 0 },
    }
}

#[track_caller]
fn verdict_of(ending: Ending) -> Verdict {
    let Ending::Finished(outcome) = ending else { panic!("{ending:?}") };
    outcome.verdict
}

#[tokio::test]
async fn a_program_is_heard_and_its_end_told() {
    let mut bench = Bench::new();
    let files = bench.cached(&[
        ("main.sh", "read x; echo \"$x $(cat data/in)\"; echo oops >&2; exit 3"),
        ("data/in", "file"),
    ]);
    let spec = ExecuteSpec { snapshot: files, stdin: Some("line\n".into()), ..shell("bash main.sh") };
    let verdict = verdict_of(bench.run(spec).await);
    assert_eq!((verdict.reason, verdict.exit_code), (Reason::Exit, Some(3)));
    assert_eq!(bench.outputs().await, ("line file\n".into(), "oops\n".into()));
    bench.no_sandbox_is_left().await;
}

#[tokio::test]
async fn the_deadline_and_the_cap_end_a_program() {
    let mut bench = Bench::new();
    let spec = shell("echo on; sleep 600");
    let limits = Limits { wall_s: 0.3, ..spec.limits };
    assert_eq!(verdict_of(bench.run(ExecuteSpec { limits, ..spec }).await).reason, Reason::Wall);
    assert_eq!(bench.outputs().await.0, "on\n", "what it said before is kept");
    assert_eq!(verdict_of(bench.run(shell("yes")).await).reason, Reason::OutputCap);
    assert_eq!(bench.outputs().await.0.len(), 64 * 1024);
    bench.no_sandbox_is_left().await;
}

#[tokio::test]
async fn a_run_ends_as_it_is_told() {
    let mut bench = Bench::new();
    for line in ["echo on; sleep 600", "trap '' TERM INT; echo on; while :; do sleep 1; done"] {
        let job = bench.start(shell(line));
        assert_eq!(bench.output().await, b"on\n");
        job.stop(Stop::Cancel);
        assert_eq!(verdict_of(job.end().await).reason, Reason::Cancelled);
    }
    for (why, stronger) in [(Stop::HandBack, false), (Stop::Abandon, true)] {
        let job = bench.start(shell("echo on; sleep 600"));
        bench.output().await;
        job.stop(Stop::Cancel);
        job.stop(why);
        let ending = job.end().await;
        let as_told =
            if stronger { matches!(ending, Ending::Abandoned) } else { matches!(ending, Ending::HandedBack) };
        assert!(as_told, "{ending:?}");
    }
    bench.no_sandbox_is_left().await;
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_says_why() {
    let mut bench = Bench::new();
    let unable = |ending: Ending| match ending {
        Ending::Unable(because) => because,
        other => panic!("{other:?}"),
    };
    let elsewhere = Snapshot { key: Some("not here".into()), unpacked_bytes: 1, files: 1 };
    let because = unable(bench.run(ExecuteSpec { snapshot: elsewhere, ..shell("true") }).await);
    assert!(because.contains("files could not be fetched"), "{because}");
    let job = bench.start(shell("echo on; sleep 600"));
    bench.output().await;
    bench.sandbox.die();
    let because = unable(job.end().await);
    assert!(because.contains("went away"), "{because}");
    let because = unable(bench.run(shell("true")).await);
    assert!(because.contains("the engine is away"), "{because}");
    bench.no_sandbox_is_left().await;
}

#[tokio::test]
async fn what_will_not_pass_ends_it() {
    let mut bench = Bench::new();
    let huge = Snapshot { key: Some("huge".into()), unpacked_bytes: 1 << 40, files: 1 };
    let verdict = verdict_of(bench.run(ExecuteSpec { snapshot: huge, ..shell("true") }).await);
    assert_eq!(verdict.reason, Reason::Disk);
    let cobol = ExecuteSpec { runtime: "cobol".into(), ..shell("true") };
    assert_eq!(verdict_of(bench.run(cobol).await).reason, Reason::ImageMissing);
    let nothing = ExecuteSpec { command: Command::Argv(vec!["no-such-program".into()]), ..shell("") };
    assert_eq!(verdict_of(bench.run(nothing).await).exit_code, Some(127));
    assert_eq!(bench.outputs().await.1, "no-such-program: command not found\n");
    let job = bench.start(shell("echo on; sleep 600"));
    bench.output().await;
    bench.sandbox.kill_all();
    let verdict = verdict_of(job.end().await);
    assert_eq!(
        (verdict.reason, verdict.evidence.as_str()),
        (Reason::Internal, "the sandbox ended without a report")
    );
}

#[tokio::test]
async fn artifacts_that_can_not_be_stored_are_told_with_the_programs_own_end() {
    let bench = Bench::new();
    let artifacts = vec!["out/**".into()];
    let line = "mkdir out; echo a > out/a; head -c 300000 /dev/zero > out/b";
    let verdict = verdict_of(bench.run(ExecuteSpec { artifacts: artifacts.clone(), ..shell(line) }).await);
    assert_eq!((verdict.reason, verdict.exit_code), (Reason::Internal, Some(0)));
    assert!(verdict.evidence.contains("could not be stored"), "{}", verdict.evidence);
    assert!(verdict.evidence.ends_with("the program itself: exit 0"), "{}", verdict.evidence);
    let verdict = verdict_of(bench.run(ExecuteSpec { artifacts, ..shell("true") }).await);
    assert_eq!(verdict.reason, Reason::Ok, "nothing matched, so nothing had to be stored");
}
