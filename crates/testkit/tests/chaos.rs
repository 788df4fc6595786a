//! Jobs while everything around them dies or is half broken: workers and coordinators killed and stopped beyond their lease,
//! cut off from the broker or from the database, on connections that only one end believes in. Then the history checker has
//! the word: every job ended once and none is lost, because a healthy worker was there all the time.
//!
//! The nemesis is seeded; `CHAOS_SEED=<n>` repeats a run's decisions, `CHAOS_JOBS=<n>` sets their number
//! (`./dev bench chaos --jobs N --seed N`).

use std::time::Duration;

use anyhow::{Result, ensure};
use engunity_protocol::{
    JobId, ProjectId,
    job::{Job, JobClass, RunRequest},
    spec::Command,
};
use engunity_testkit::{
    Client, Proxy, TestLab, eventually,
    history::{self, Expected},
    proxy::Flow,
    rabbitmq::RabbitMq,
};
use rand::{
    Rng, SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};

/// Unless the environment says otherwise.
const JOBS: usize = 200;
/// Each round of faults meets about so many jobs.
const JOBS_PER_ROUND: usize = 500;
const USERS: usize = 4;
const COORDINATORS: usize = 2;
const WORKERS: usize = 3;
/// A lease is six seconds.
const LEASE_EXCEEDED: Duration = Duration::from_secs(8);
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(90);
const SETTLE_TIMEOUT: Duration = Duration::from_secs(240);

fn jobs() -> usize {
    std::env::var("CHAOS_JOBS").ok().and_then(|jobs| jobs.parse().ok()).unwrap_or(JOBS)
}

/// More jobs take longer to end.
fn per_job() -> Duration {
    Duration::from_millis(200) * jobs() as u32
}

fn seed() -> u64 {
    let seed =
        std::env::var("CHAOS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("CHAOS_SEED={seed}");
    seed
}

/// Every other job runs in a sandbox and says who it is, in two steps, so that half an attempt is told from a whole one;
/// the others are no-ops, which go the same way without a sandbox.
fn job(number: usize, rng: &mut StdRng) -> (RunRequest, String) {
    let pause = [0.0, 0.05, 0.3, 1.0].choose(rng).copied().unwrap_or_default();
    let line = format!("echo job-{number} begins; sleep {pause}; echo job-{number} ends");
    let class = if rng.random_bool(0.5) { JobClass::Bulk } else { JobClass::Interactive };
    let run = RunRequest {
        command: Some(Command::Shell(line)),
        runtime: Some("bash".into()),
        class,
        ..RunRequest::default()
    };
    (run, format!("job-{number} begins\njob-{number} ends\n"))
}

/// Submits until it is accepted: a killed coordinator refuses connections for a while. The idempotency key makes asking
/// again safe; a no-op that was accepted without our knowing is one more that must end.
async fn submit(
    lab: &TestLab,
    user: &Client,
    path: &str,
    key: &str,
    body: &serde_json::Value,
) -> Result<JobId> {
    eventually("a job is accepted", ACCEPT_TIMEOUT, || async {
        let coordinator = &lab.coordinators[rand::random_range(0..lab.coordinators.len())];
        let request = user.at(&coordinator.url()).request(reqwest::Method::POST, path);
        let answer = user.send(request.header("idempotency-key", key).json(body)).await?.ok()?;
        Ok(Some(answer.json::<Job>()?.id))
    })
    .await
}

/// Hands in all jobs while the nemesis is at work; returns what each user may expect.
async fn submit_all(lab: &TestLab, users: &[(Client, ProjectId)], seed: u64) -> Result<Vec<Expected>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut expected = vec![Expected::new(); users.len()];
    for number in 0..jobs() {
        let (user, project) = &users[number % users.len()];
        let (run, stdout) = job(number, &mut rng);
        let id = if number % 2 == 0 {
            submit(
                lab,
                user,
                &format!("/code/{project}/runs"),
                &format!("run-{number}"),
                &serde_json::to_value(run)?,
            )
            .await?
        } else {
            submit(lab, user, &format!("/code/{project}/noops"), "", &serde_json::json!({})).await?
        };
        expected[number % users.len()].insert(id, if number % 2 == 0 { stdout } else { String::new() });
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..150))).await;
    }
    Ok(expected)
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    KillWorker,
    StopWorker,
    CutBroker,
    PartitionBroker,
    KillCoordinator,
    StopCoordinator,
    /// The worker goes on believing in connections that the broker has forgotten.
    StrandWorker,
    CutOffWorker,
    CutOffCoordinator,
    FreezeDatabase,
    SlowDatabase,
}

const FAULTS: [Fault; 16] = [
    Fault::StopCoordinator,
    Fault::StrandWorker,
    Fault::CutOffWorker,
    Fault::CutOffCoordinator,
    Fault::FreezeDatabase,
    Fault::SlowDatabase,
    Fault::KillWorker,
    Fault::KillWorker,
    Fault::KillWorker,
    Fault::StopWorker,
    Fault::StopWorker,
    Fault::CutBroker,
    Fault::CutBroker,
    Fault::PartitionBroker,
    Fault::KillCoordinator,
    Fault::KillCoordinator,
];

/// Strikes in an order that the seed decides; leaves everything running.
async fn nemesis(lab: &TestLab, seed: u64) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(seed ^ 1);
    for _ in 0..jobs().div_ceil(JOBS_PER_ROUND) {
        let mut faults = FAULTS;
        faults.shuffle(&mut rng);
        for fault in faults {
            tokio::time::sleep(Duration::from_millis(rng.random_range(200..1500))).await;
            let (worker, coordinator) = (rng.random_range(0..WORKERS), rng.random_range(0..COORDINATORS));
            eprintln!("nemesis: {fault:?} (worker-{}, coordinator-{})", worker + 1, coordinator + 1);
            fault.at(lab, worker, coordinator).await?;
        }
    }
    Ok(())
}

impl Fault {
    async fn at(self, lab: &TestLab, worker: usize, coordinator: usize) -> Result<()> {
        let brokers = || lab.links.values().map(|links| &links.broker);
        let of_worker = &lab.links[&format!("worker-{}", worker + 1)].broker;
        let of_coordinator = &lab.links[&format!("coordinator-{}", coordinator + 1)];
        match self {
            Self::KillWorker => lab.workers[worker].restart().await?,
            Self::KillCoordinator => lab.coordinators[coordinator].restart().await?,
            Self::CutBroker => brokers().for_each(Proxy::cut),
            Self::StrandWorker => of_worker.strand(),
            Self::CutOffWorker => frozen(of_worker).await,
            Self::CutOffCoordinator => frozen(&of_coordinator.broker).await,
            Self::FreezeDatabase => frozen(&of_coordinator.database).await,
            Self::SlowDatabase => {
                let late = Flow::Slow(Duration::from_millis(300));
                of_coordinator.database.set_flow(late, late);
                tokio::time::sleep(LEASE_EXCEEDED).await;
                of_coordinator.database.open();
            }
            Self::StopCoordinator => {
                lab.coordinators[coordinator].stop()?;
                tokio::time::sleep(LEASE_EXCEEDED).await;
                lab.coordinators[coordinator].cont()?;
            }
            Self::StopWorker => {
                lab.workers[worker].stop()?;
                tokio::time::sleep(LEASE_EXCEEDED).await;
                lab.workers[worker].cont()?;
            }
            Self::PartitionBroker => {
                brokers().for_each(Proxy::close);
                tokio::time::sleep(Duration::from_secs(2)).await;
                brokers().for_each(Proxy::open);
            }
        }
        Ok(())
    }
}

/// Nothing passes for longer than a lease.
async fn frozen(proxy: &Proxy) {
    proxy.freeze();
    tokio::time::sleep(LEASE_EXCEEDED).await;
    proxy.open();
}

async fn users(lab: &TestLab, count: usize) -> Result<Vec<(Client, ProjectId)>> {
    let mut users = Vec::new();
    for number in 0..count {
        let user = lab.user(&format!("user-{number}")).await?;
        let project = user.project("chaos").await?;
        users.push((user, project.id));
    }
    Ok(users)
}

/// Waits for the end of all, lets the checker look at each, and sees that no container is left.
async fn verify(lab: &TestLab, users: &[(Client, ProjectId)], expected: &[Expected]) -> Result<()> {
    let database = lab.database.client().await?;
    let settled = eventually("every job has ended", SETTLE_TIMEOUT + per_job(), || async {
        let open: i64 =
            database.query_one("SELECT count(*) FROM jobs WHERE finished_at IS NULL", &[]).await?.get(0);
        Ok((open == 0).then_some(()))
    });
    settled.await?;
    for ((user, _), own) in users.iter().zip(expected) {
        history::check_rows(&database, own).await?;
        let summary = history::check(user, own).await?;
        eprintln!("history: {summary:?}");
        ensure!(summary.states.values().sum::<usize>() == own.len(), "{summary:?}");
        ensure!(!summary.states.contains_key("lost"), "a healthy worker was there: {summary:?}");
    }
    eventually("no container is left", SETTLE_TIMEOUT, || async {
        Ok(lab.containers()?.is_empty().then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice() -> Result<()> {
    let seed = seed();
    let lab = TestLab::builder().coordinators(COORDINATORS).workers(WORKERS).links().start().await?;
    let users = users(&lab, USERS).await?;
    let (expected, ()) = tokio::try_join!(submit_all(&lab, &users, seed), nemesis(&lab, seed))?;
    verify(&lab, &users, &expected).await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_survive_the_death_of_the_broker_itself() -> Result<()> {
    let mut node = RabbitMq::start().await?;
    let lab = TestLab::builder().workers(2).broker(&node.url(), &node.management_url()).start().await?;
    let users = users(&lab, 1).await?;
    let (user, project) = &users[0];
    let mut rng = StdRng::seed_from_u64(1);
    let mut expected = Expected::new();
    for number in 0..20 {
        let (run, stdout) = job(number, &mut rng);
        expected.insert(user.run(*project, &run).await?.id, stdout);
        if number == 10 {
            node.kill9()?;
        }
    }
    node.up().await?;
    verify(&lab, &users, &[expected]).await?;
    lab.finish().await
}
