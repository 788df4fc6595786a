//! A coordinator as a worker sees it: it offers jobs, grants claims, sends control messages and records events.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{self, Child, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use engunity_artifacts::{ObjectStore, S3Config};
use engunity_broker::{
    Connection, Consumer, Publisher, Queue, Route, serve, streams::StreamClient, worker_users::SenderCheck,
};
use engunity_protocol::{
    CoordinatorId, JobId, ProjectId, WorkerId,
    event::Stream,
    job::{JobClass, JobKind, JobSpec},
    spec::{Command, ExecuteSpec, Limits, Snapshot},
    wire::{
        self, ClaimAnswer, ClaimReply, ClaimRequest, Control, EventBatch, EventBody, Grant, Heartbeat,
        JobReady, Outcome, Running, WorkerEvent,
    },
};
use engunity_testkit::{ServiceConfig, broker::Vhost, bucket, containers, eventually, snapshot};
use engunity_worker::config::{self, Config};
use tokio::time::timeout;
use uuid::Uuid;

const TIMEOUT: Duration = Duration::from_secs(60);

type Specs = Arc<Mutex<HashMap<JobId, JobSpec>>>;

/// A switch that leaves claims unanswered, and counts them.
#[derive(Default)]
struct IgnoredClaims {
    enabled: AtomicBool,
    count: AtomicUsize,
}

pub struct FakeCoordinator {
    name: String,
    facts: ServiceConfig,
    pub vhost: Vhost,
    pub objects: ObjectStore,
    broker: Connection,
    publisher: Publisher,
    specs: Specs,
    ignored_claims: Arc<IgnoredClaims>,
    events: Consumer,
    heartbeats: Consumer,
    pending: Vec<WorkerEvent>,
    seen_jobs: HashSet<JobId>,
    scratch: tempfile::TempDir,
}

impl FakeCoordinator {
    pub async fn open() -> Self {
        let facts = ServiceConfig::from_env().unwrap();
        let vhost = Vhost::create().await.unwrap();
        let name = vhost.name.clone();
        let objects = bucket::create(&facts, &name).await.unwrap();
        let broker = Connection::open(&vhost.url(), "coordinator").unwrap();
        assert!(broker.wait_connected(TIMEOUT).await);
        let (specs, ignored_claims) = (Specs::default(), Arc::<IgnoredClaims>::default());
        tokio::spawn(grant(broker.clone(), specs.clone(), ignored_claims.clone()));
        Self {
            publisher: broker.publisher(16, TIMEOUT),
            events: broker.consume(Queue::Events, 64),
            heartbeats: broker.consume(Queue::Heartbeats, 64),
            pending: Vec::new(),
            seen_jobs: HashSet::new(),
            scratch: tempfile::tempdir().unwrap(),
            name,
            facts,
            vhost,
            objects,
            broker,
            specs,
            ignored_claims,
        }
    }

    /// Removes everything that was created for the test.
    pub async fn close(self) {
        self.assert_no_containers().await;
        self.broker.close().await;
        self.vhost.delete().await.unwrap();
        bucket::remove(&self.facts, &self.name).await.unwrap();
    }

    pub async fn assert_no_containers(&self) {
        let left = || async { Ok(containers::of(&self.name)?.is_empty().then_some(())) };
        eventually("no container is left", TIMEOUT, left).await.unwrap();
    }

    pub fn config(&self, slots: u32) -> Config {
        Config {
            broker: config::Broker { url: self.vhost.url() },
            s3: S3Config { bucket: self.name.clone(), ..self.facts.s3.clone() },
            docker: config::Docker { socket: std::env::var("ENGUNITY__DOCKER__SOCKET").unwrap() },
            runtimes: config::Runtimes {
                dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("../languages"),
                image_prefix: std::env::var("ENGUNITY__RUNTIMES__IMAGE_PREFIX").unwrap(),
            },
            worker: config::Worker {
                name: self.name.clone(),
                slots,
                noop_slots: 0,
                pools: Default::default(),
                scratch_dir: self.scratch.path().to_owned(),
                cache_mb: 64,
                index_cache_mb: 64,
                drain_seconds: 8,
            },
            embedding: config::Embedding::default(),
            log: config::Log { filter: "info".into(), format: "text".into() },
        }
    }

    /// Runs a worker as a process of its own; returns it and its id.
    pub fn spawn_worker(&self) -> (Child, WorkerId) {
        let config = self.config(1);
        let mut process = process::Command::new(env!("CARGO_BIN_EXE_engunity-worker"))
            .env("ENGUNITY__BROKER__URL", &config.broker.url)
            .env("ENGUNITY__S3__BUCKET", &config.s3.bucket)
            .env("ENGUNITY__RUNTIMES__DIR", &config.runtimes.dir)
            .env("ENGUNITY__WORKER__NAME", &config.worker.name)
            .env("ENGUNITY__EMBEDDING__MODEL", "")
            .env("ENGUNITY__WORKER__SLOTS", "1")
            .env("ENGUNITY__WORKER__SCRATCH_DIR", &config.worker.scratch_dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let id = line.trim_end().strip_prefix("ready as ").unwrap_or_else(|| panic!("{line:?}"));
        (process, WorkerId(id.to_owned()))
    }

    /// Starts the coordinator's end of streams, on a connection to `url`.
    pub async fn stream_client(&self, url: &str) -> StreamClient {
        let connection = Connection::open(url, "coordinator streams").unwrap();
        assert!(connection.wait_connected(TIMEOUT).await);
        StreamClient::start(connection, CoordinatorId("coordinator-1".into()), SenderCheck::Off)
    }

    /// Offers a job, like the dispatcher.
    pub async fn offer(&self, spec: JobSpec, class: JobClass) -> JobId {
        let job_id = JobId::new();
        let kind = spec.kind();
        self.specs.lock().unwrap().insert(job_id, spec);
        self.publish(job_id, kind, class).await;
        job_id
    }

    pub async fn publish(&self, job_id: JobId, kind: JobKind, class: JobClass) {
        let ready = JobReady { job_id, kind, class };
        let route = Route::job(kind, class);
        self.publisher.publish(route, wire::encode(&ready).unwrap()).await.unwrap();
    }

    pub async fn run(&self, line: &str) -> JobId {
        self.offer(JobSpec::Execute(shell(line)), JobClass::Interactive).await
    }

    pub async fn control(&self, worker: &WorkerId, control: Control) {
        self.publisher.publish(Route::control(worker), wire::encode(&control).unwrap()).await.unwrap();
    }

    /// Whether the job was claimed.
    pub fn is_claimed(&self, job: JobId) -> bool {
        !self.specs.lock().unwrap().contains_key(&job)
    }

    /// Chooses whether claims are answered from now on.
    pub fn answer_claims(&self, answer: bool) {
        self.ignored_claims.enabled.store(!answer, Ordering::SeqCst);
    }

    /// Waits until a claim was left unanswered.
    pub async fn until_claim_ignored(&self) {
        let ignored = || async { Ok((self.ignored_claims.count.load(Ordering::SeqCst) > 0).then_some(())) };
        eventually("a claim was ignored", TIMEOUT, ignored).await.unwrap();
    }

    /// Waits for the next event of any job.
    pub async fn next(&mut self) -> WorkerEvent {
        loop {
            if !self.pending.is_empty() {
                return self.pending.remove(0);
            }
            let delivery = timeout(TIMEOUT, self.events.next()).await.expect("an event").unwrap();
            let events = wire::decode::<EventBatch>(&delivery.body).unwrap().events;
            self.seen_jobs.extend(events.iter().map(|event| event.job_id));
            self.pending.extend(events);
            delivery.ack().await;
        }
    }

    /// Forgets all events so far.
    pub fn clear(&mut self) {
        self.pending.clear();
        self.seen_jobs.clear();
    }

    pub fn was_reported(&self, job: JobId) -> bool {
        self.seen_jobs.contains(&job)
    }

    /// Waits until all of `jobs` have started, in any order. Keeps the events for later.
    pub async fn until_started(&mut self, jobs: &[JobId]) {
        let (mut waiting, mut kept) = (jobs.to_vec(), Vec::new());
        while !waiting.is_empty() {
            let event = self.next().await;
            waiting.retain(|job| !(event.job_id == *job && event.body == EventBody::Started));
            kept.push(event);
        }
        kept.append(&mut self.pending);
        self.pending = kept;
    }

    pub async fn until_output(&mut self, job: JobId) {
        while !matches!(self.next().await, WorkerEvent { job_id, body: EventBody::Output { .. }, .. } if job_id == job)
        {
        }
    }

    /// Reads the events of a job to its last one; `None` if it was handed back. Checks numbers and offsets.
    pub async fn end(&mut self, job: JobId) -> (Option<Outcome>, String, String) {
        let (mut seq, mut streams, mut ends) = (None, [Vec::new(), Vec::new()], [None, None]);
        loop {
            let event = self.next().await;
            if event.job_id != job {
                continue;
            }
            assert!(seq.is_none_or(|seq| event.seq == seq + 1), "events are numbered without gaps");
            seq = Some(event.seq);
            let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
            match event.body {
                EventBody::Output { stream, offset, data } => {
                    let which = (stream == Stream::Stderr) as usize;
                    assert!(ends[which].is_none_or(|end| end == offset), "no gap, no repeat");
                    ends[which] = Some(offset + data.len() as u64);
                    streams[which].extend(data);
                }
                EventBody::Finished(outcome) => return (Some(outcome), text(&streams[0]), text(&streams[1])),
                EventBody::HandedBack | EventBody::Unable { .. } => {
                    return (None, text(&streams[0]), text(&streams[1]));
                }
                EventBody::Started
                | EventBody::Progress(_)
                | EventBody::Indexed(_)
                | EventBody::IndexUnusable { .. } => {}
            }
        }
    }

    pub async fn heartbeat(&mut self) -> Heartbeat {
        let delivery = timeout(TIMEOUT, self.heartbeats.next()).await.expect("a heartbeat").unwrap();
        delivery.ack().await;
        wire::decode(&delivery.body).unwrap()
    }

    /// Stores a snapshot of these files.
    pub async fn snapshot(&self, files: &[(&str, &str)]) -> Snapshot {
        let key = format!("snapshots/{}", Uuid::new_v4());
        self.objects.put(&key, Bytes::from(snapshot::project(files))).await.unwrap();
        let unpacked_bytes = files.iter().map(|(_, data)| data.len() as u64).sum();
        Snapshot { key: Some(key), unpacked_bytes, files: files.len() as u64 }
    }
}

/// Grants each job once.
async fn grant(broker: Connection, specs: Specs, ignored_claims: Arc<IgnoredClaims>) {
    serve(&broker, Queue::Claims, 8, move |request| {
        let body = request.body;
        let (specs, ignored_claims) = (specs.clone(), ignored_claims.clone());
        async move {
            if ignored_claims.enabled.load(Ordering::SeqCst) {
                ignored_claims.count.fetch_add(1, Ordering::SeqCst);
                return None;
            }
            let request: ClaimRequest = wire::decode(&body).unwrap();
            let mut specs = specs.lock().unwrap();
            let mut answer = |job_id| {
                let grant = specs.remove(&job_id).map(|spec| Grant {
                    attempt: 1,
                    project_id: ProjectId::new(),
                    spec,
                });
                ClaimAnswer { job_id, grant }
            };
            let answers = request.claims.iter().map(|claim| answer(claim.job_id)).collect();
            Some(wire::encode(&ClaimReply { answers }).unwrap())
        }
    })
    .await;
}

pub fn attempt(job_id: JobId) -> Running {
    Running { job_id, attempt: 1 }
}

/// A shell line in a project without files.
pub fn shell(line: &str) -> ExecuteSpec {
    ExecuteSpec {
        runtime: "bash".into(),
        command: Command::Shell(line.into()),
        stdin: None,
        tty: None,
        live_input: false,
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        limits: Limits { wall_s: 30.0, cpu: 1.0, memory_mb: 64, output_kb: 1024, pids: 32, disk_mb: 16 },
        artifacts: Vec::new(),
        snapshot: Snapshot { key: None, unpacked_bytes: 0, files: 0 },
    }
}
