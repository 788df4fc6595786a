//! A database of one's own, with users, projects, a fleet, and short words for what happens to jobs.

use chrono::Utc;
use engunity_protocol::{
    JobId, ProjectId, UserId, WorkerId,
    event::Stream,
    job::{JobClass, JobKind, JobSpec, Pool},
    project::NewProject,
    verdict::{Reason, Usage, Verdict},
    wire::{EventBatch, EventBody, Grant, Heartbeat, Offers, Outcome, PoolCapacity, Running, WorkerEvent},
};
use engunity_store::{Accepted, ClaimKey, NewJob, ReleasePolicy, Released, Store};
use engunity_testkit::{ServiceConfig, database};
use uuid::Uuid;

pub struct Lab {
    pub store: Store,
    facts: ServiceConfig,
    name: String,
    sql: tokio_postgres::Client,
}

impl Lab {
    pub async fn start() -> Self {
        let facts = ServiceConfig::from_env().expect("the services' addresses");
        let name = format!("store-{}", Uuid::new_v4().simple());
        let database = database::Database::create(&facts, &name).await.expect("a database");
        let (store, sql) = (database.store().unwrap(), database.client().await.unwrap());
        Self { store, facts, name, sql }
    }

    pub async fn finish(self) {
        drop((self.store, self.sql));
        database::drop_database(&self.facts, &self.name).await.unwrap();
    }

    pub fn url(&self) -> String {
        database::url_of(&self.facts, &self.name)
    }

    /// The server's own address.
    pub fn address(&self) -> String {
        database::address(&self.facts)
    }

    pub fn url_through(&self, proxy: &engunity_testkit::Proxy) -> String {
        self.url().replace(&self.address(), &proxy.address.to_string())
    }

    /// Waits until the count that `sql` asks for is not zero.
    pub async fn until(&self, sql: &str) {
        let wait = engunity_testkit::eventually(sql, std::time::Duration::from_secs(30), || async {
            Ok((self.count(sql).await > 0).then_some(()))
        });
        wait.await.unwrap();
    }

    pub async fn user(&self, name: &str) -> (UserId, ProjectId) {
        let insert = "INSERT INTO users (email, password_hash) VALUES ($1, 'x') RETURNING id";
        let row = self.sql.query_one(insert, &[&format!("{name}@example.com")]).await.unwrap();
        let user = UserId(row.get(0));
        let new = NewProject { name: name.to_owned(), ..NewProject::default() };
        (user, self.store.create_projects(&[(user, new)]).await.unwrap()[0].as_ref().unwrap().id)
    }

    pub async fn execute(&self, sql: &str) -> u64 {
        self.sql.execute(sql, &[]).await.unwrap()
    }

    pub async fn refuses(&self, sql: &str) -> bool {
        self.sql.execute(sql, &[]).await.is_err()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.sql.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub async fn fleet(&self, slots: u32) -> WorkerId {
        let beat = heartbeat("w1", slots, vec![]);
        self.store.beat(&[(beat, false)]).await.unwrap();
        WorkerId("w1".into())
    }

    pub async fn submit(&self, who: (UserId, ProjectId), count: usize, class: JobClass) -> Vec<JobId> {
        let jobs: Vec<NewJob> = (0..count).map(|_| new_job(who, class)).collect();
        let accepted = self.store.insert_jobs(&jobs).await.unwrap();
        assert!(accepted.iter().all(|one| matches!(one, Accepted::New(_))));
        jobs.iter().map(|job| job.id).collect()
    }

    pub async fn release(&self) -> Vec<JobId> {
        self.release_of(Pool::Sandbox).await
    }

    pub async fn release_of(&self, pool: Pool) -> Vec<JobId> {
        self.store
            .release(pool, &ReleasePolicy::default())
            .await
            .unwrap()
            .iter()
            .map(|released: &Released| released.job_id)
            .collect()
    }

    /// Interactive jobs that need this runtime.
    pub async fn submit_for(&self, who: (UserId, ProjectId), count: usize, runtime: &str) -> Vec<JobId> {
        let job = || NewJob { runtime: Some(runtime.into()), ..new_job(who, JobClass::Interactive) };
        let jobs: Vec<NewJob> = (0..count).map(|_| job()).collect();
        self.store.insert_jobs(&jobs).await.unwrap();
        jobs.iter().map(|job| job.id).collect()
    }

    /// Why a queued job is not running yet.
    pub async fn because(&self, user: UserId, id: JobId) -> String {
        let mut jobs = [self.job(user, id).await.job];
        self.store.fill_waiting(user, &mut jobs).await.unwrap();
        let [job] = jobs;
        job.waiting.expect("it waits").because
    }

    pub async fn claim(&self, worker: &str, job_id: JobId, claim_id: Uuid) -> Option<Grant> {
        let asked = ClaimKey { worker_id: WorkerId(worker.into()), job_id, claim_id };
        self.store.claim(&[asked]).await.unwrap().remove(&(job_id, claim_id)).map(|(grant, _)| grant)
    }

    /// Claims with a fresh claim id; returns the attempt.
    pub async fn start_job(&self, worker: &str, job_id: JobId) -> i32 {
        self.claim(worker, job_id, Uuid::new_v4()).await.expect("a grant").attempt
    }

    /// A job of a new user's project that `w1` runs: whose it is, its id and its attempt, the first.
    pub async fn running_job(&self) -> ((UserId, ProjectId), JobId, i32) {
        let who = self.user("ann").await;
        self.fleet(4).await;
        let id = self.submit(who, 1, JobClass::Interactive).await[0];
        self.release().await;
        (who, id, self.start_job("w1", id).await)
    }

    pub async fn say(&self, worker: &str, events: Vec<WorkerEvent>) -> engunity_store::Recorded {
        self.store.record(&[EventBatch { worker_id: WorkerId(worker.into()), events }]).await.unwrap()
    }

    pub async fn job(&self, user: UserId, id: JobId) -> engunity_store::JobHead {
        self.store.job(user, id).await.unwrap().expect("the job")
    }

    pub async fn expire_lease(&self, id: JobId) {
        self.execute(&format!("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id = '{id}'"))
            .await;
    }

    pub async fn silence_workers(&self) {
        self.execute("UPDATE workers SET last_seen = now() - interval '1 minute'").await;
    }
}

pub fn new_job((user_id, project_id): (UserId, ProjectId), class: JobClass) -> NewJob {
    let (id, spec) = (JobId::new(), JobSpec::Execute(spec()));
    NewJob {
        id,
        user_id,
        project_id,
        class,
        title: None,
        runtime: None,
        spec,
        idempotency: None,
        limits: None,
    }
}

fn spec() -> engunity_protocol::spec::ExecuteSpec {
    use engunity_protocol::spec::{Command, ExecuteSpec, Limits, Snapshot};
    ExecuteSpec {
        runtime: "python".into(),
        command: Command::Shell("true".into()),
        stdin: None,
        tty: None,
        live_input: false,
        env: Default::default(),
        limits: Limits { wall_s: 1.0, cpu: 1.0, memory_mb: 64, output_kb: 64, pids: 8, disk_mb: 8 },
        artifacts: vec![],
        snapshot: Snapshot { key: None, unpacked_bytes: 0, files: 0 },
    }
}

pub fn heartbeat(worker: &str, slots: u32, running: Vec<Running>) -> Heartbeat {
    Heartbeat {
        worker_id: WorkerId(worker.into()),
        name: worker.into(),
        version: "0".into(),
        slots,
        busy: running.len() as u32,
        draining: false,
        started_at: Utc::now(),
        running,
        echo: 0,
        progress: 0,
        noop_slots: 0,
        capacity: Default::default(),
        offers: None,
        paused: false,
    }
}

/// The same from a worker that says what it can do: its slots are of the pool of `kinds`.
pub fn offering(worker: &str, slots: u32, kinds: &[JobKind], runtimes: &[&str]) -> Heartbeat {
    let names = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let pool = kinds[0].pool().to_string();
    Heartbeat {
        capacity: [(pool, PoolCapacity { total: slots, free: slots })].into(),
        offers: Some(Offers {
            kinds: kinds.iter().map(ToString::to_string).collect(),
            runtimes: Some(names(runtimes)),
            memory_mb: 2048,
            gpus: 0,
        }),
        ..heartbeat(worker, slots, vec![])
    }
}

pub fn event(job_id: JobId, attempt: i32, seq: i64, body: EventBody) -> WorkerEvent {
    WorkerEvent { job_id, attempt, seq, at: Utc::now(), body }
}

pub fn output(offset: u64, text: &str) -> EventBody {
    EventBody::Output { stream: Stream::Stdout, offset, data: text.as_bytes().to_vec() }
}

pub fn finished() -> EventBody {
    let verdict = Verdict { exit_code: Some(0), ..Verdict::new(Reason::Ok, "exit 0") };
    EventBody::Finished(Outcome {
        verdict,
        usage: Usage { wall_ms: 5, ..Usage::default() },
        artifacts: vec![],
    })
}
