//! The other side of the broker, as far as a worker sees it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use engunity_artifacts::{ObjectStore, S3Config};
use engunity_broker::{Connection, Consumer, Publisher, Queue, Route, serve};
use engunity_protocol::{
    JobId, ProjectId, WorkerId,
    event::Stream,
    job::{JobClass, JobKind},
    spec::{Command, ExecuteSpec, JobSpec, Limits, Snapshot},
    wire::{
        self, ClaimAnswer, ClaimReply, ClaimRequest, Control, EventBatch, EventBody, Grant, Heartbeat,
        JobReady, Outcome, Running, WorkerEvent,
    },
};
use engunity_testkit::{ServiceConfig, broker::Vhost, bucket, containers, eventually, snapshot};
use engunity_worker::config::{self, Config};
use tokio::time::timeout;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);

type Specs = Arc<Mutex<HashMap<JobId, JobSpec>>>;

/// A coordinator that does not answer, and how often it was asked.
#[derive(Default)]
struct Deafness {
    on: AtomicBool,
    asked: AtomicUsize,
}

pub struct Desk {
    name: String,
    facts: ServiceConfig,
    pub vhost: Vhost,
    pub objects: ObjectStore,
    broker: Connection,
    publisher: Publisher,
    specs: Specs,
    deafness: Arc<Deafness>,
    events: Consumer,
    heartbeats: Consumer,
    seen: Vec<WorkerEvent>,
    heard: HashSet<JobId>,
    scratch: tempfile::TempDir,
}

impl Desk {
    pub async fn open() -> Self {
        let facts = ServiceConfig::from_env().unwrap();
        let vhost = Vhost::create().await.unwrap();
        let name = vhost.name.clone();
        let objects = bucket::create(&facts, &name).await.unwrap();
        let broker = Connection::open(&vhost.url(), "desk").unwrap();
        assert!(broker.wait_connected(PATIENCE).await);
        let (specs, deafness) = (Specs::default(), Arc::<Deafness>::default());
        tokio::spawn(grant(broker.clone(), specs.clone(), deafness.clone()));
        Self {
            publisher: broker.publisher(16, PATIENCE),
            events: broker.consume(Queue::Events, 64),
            heartbeats: broker.consume(Queue::Heartbeats, 64),
            seen: Vec::new(),
            heard: HashSet::new(),
            scratch: tempfile::tempdir().unwrap(),
            name,
            facts,
            vhost,
            objects,
            broker,
            specs,
            deafness,
        }
    }

    /// Removes everything that was made for this test.
    pub async fn close(self) {
        self.no_containers().await;
        self.broker.close().await;
        self.vhost.delete().await.unwrap();
        bucket::remove(&self.facts, &self.name).await.unwrap();
    }

    pub async fn no_containers(&self) {
        let left = || async { Ok(containers::of(&self.name)?.is_empty().then_some(())) };
        eventually("no container is left", PATIENCE, left).await.unwrap();
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
                scratch_dir: self.scratch.path().to_owned(),
                cache_mb: 64,
                drain_seconds: 8,
            },
            log: config::Log { filter: "info".into(), format: "text".into() },
        }
    }

    /// Offers a job, as a dispatcher would.
    pub async fn offer(&self, spec: JobSpec, class: JobClass) -> JobId {
        let job_id = JobId::new();
        self.specs.lock().unwrap().insert(job_id, spec);
        self.publish(job_id, class).await;
        job_id
    }

    pub async fn publish(&self, job_id: JobId, class: JobClass) {
        let ready = JobReady { job_id, kind: JobKind::Execute, class };
        let route = Route::job(JobKind::Execute, class);
        self.publisher.publish(route, wire::encode(&ready).unwrap()).await.unwrap();
    }

    pub async fn run(&self, line: &str) -> JobId {
        self.offer(JobSpec::Execute(shell(line)), JobClass::Interactive).await
    }

    pub async fn control(&self, worker: &WorkerId, control: Control) {
        self.publisher.publish(Route::control(worker), wire::encode(&control).unwrap()).await.unwrap();
    }

    /// Whether the job was asked for.
    pub fn is_claimed(&self, job: JobId) -> bool {
        !self.specs.lock().unwrap().contains_key(&job)
    }

    /// From now on claims are taken and not answered, or answered again.
    pub fn answer_claims(&self, answer: bool) {
        self.deafness.on.store(!answer, Ordering::SeqCst);
    }

    /// Waits until someone has asked in vain.
    pub async fn until_asked_in_vain(&self) {
        let asked = || async { Ok((self.deafness.asked.load(Ordering::SeqCst) > 0).then_some(())) };
        eventually("a claim came", PATIENCE, asked).await.unwrap();
    }

    /// Waits for the next event, of whichever job.
    pub async fn next(&mut self) -> WorkerEvent {
        loop {
            if !self.seen.is_empty() {
                return self.seen.remove(0);
            }
            let delivery = timeout(PATIENCE, self.events.next()).await.expect("an event").unwrap();
            let events = wire::decode::<EventBatch>(&delivery.body).unwrap().events;
            self.heard.extend(events.iter().map(|event| event.job_id));
            self.seen.extend(events);
            delivery.ack().await;
        }
    }

    /// Drops what was heard so far.
    pub fn forget(&mut self) {
        self.seen.clear();
        self.heard.clear();
    }

    pub fn was_heard_of(&self, job: JobId) -> bool {
        self.heard.contains(&job)
    }

    /// Waits until all of `jobs` have started, in whatever order; what else happens is kept for later.
    pub async fn until_started(&mut self, jobs: &[JobId]) {
        let (mut waiting, mut kept) = (jobs.to_vec(), Vec::new());
        while !waiting.is_empty() {
            let event = self.next().await;
            waiting.retain(|job| !(event.job_id == *job && event.body == EventBody::Started));
            kept.push(event);
        }
        kept.append(&mut self.seen);
        self.seen = kept;
    }

    pub async fn until_output(&mut self, job: JobId) {
        while !matches!(self.next().await, WorkerEvent { job_id, body: EventBody::Output { .. }, .. } if job_id == job)
        {
        }
    }

    /// Reads a job's events from here to the last one, which `None` says was a hand-back. Numbers and offsets must fit.
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
                EventBody::Started | EventBody::Progress(_) => {}
            }
        }
    }

    pub async fn heartbeat(&mut self) -> Heartbeat {
        let delivery = timeout(PATIENCE, self.heartbeats.next()).await.expect("a heartbeat").unwrap();
        delivery.ack().await;
        wire::decode(&delivery.body).unwrap()
    }

    /// Stores a project of these files.
    pub async fn snapshot(&self, files: &[(&str, &str)]) -> Snapshot {
        let key = format!("snapshots/{}", Uuid::new_v4());
        self.objects.put(&key, Bytes::from(snapshot::project(files))).await.unwrap();
        let unpacked_bytes = files.iter().map(|(_, data)| data.len() as u64).sum();
        Snapshot { key: Some(key), unpacked_bytes, files: files.len() as u64 }
    }
}

/// Grants each job once.
async fn grant(broker: Connection, specs: Specs, deafness: Arc<Deafness>) {
    serve(&broker, Queue::Claims, 8, move |body| {
        let (specs, deafness) = (specs.clone(), deafness.clone());
        async move {
            if deafness.on.load(Ordering::SeqCst) {
                deafness.asked.fetch_add(1, Ordering::SeqCst);
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
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        limits: Limits { wall_s: 30.0, cpu: 1.0, memory_mb: 64, output_kb: 1024, pids: 32, disk_mb: 16 },
        artifacts: Vec::new(),
        snapshot: Snapshot { key: None, unpacked_bytes: 0, files: 0 },
    }
}
