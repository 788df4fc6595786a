//! The life of a worker: which jobs it takes, how it stops them, how it ends.

use std::time::{Duration, Instant};

use engunity_protocol::{
    JobId,
    job::{JobClass, JobKind, JobSpec},
    spec::{ExecuteSpec, Limits},
    verdict::Reason,
    wire::{Control, PoolCapacity},
};
use engunity_testkit::containers;
use engunity_worker::{
    config::{self, Config},
    start,
};
use tokio::time::timeout;

use crate::fake_coordinator::{FakeCoordinator, attempt, shell};

const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_in_time() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let mut times = Vec::new();
    for line in ["echo on; sleep 600", "trap '' TERM INT; while :; do echo on; done"] {
        let spec = shell(line);
        let limits = Limits { output_kb: 200_000, ..spec.limits };
        let job =
            coordinator.offer(JobSpec::Execute(ExecuteSpec { limits, ..spec }), JobClass::Interactive).await;
        coordinator.until_output(job).await;
        let began = Instant::now();
        coordinator.control(worker.id(), Control::Cancel { job_id: job, attempt: 1 }).await;
        let (outcome, ..) = coordinator.end(job).await;
        times.push(began.elapsed());
        assert_eq!(outcome.unwrap().verdict.reason, Reason::Cancelled);
    }
    println!("control message → end reported, a sleeper and a flood: {times:?}");
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_run_is_killed_without_a_report() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let job = coordinator.run("sleep 600").await;
    coordinator.until_started(&[job]).await;
    coordinator.clear();
    coordinator.control(worker.id(), Control::Abandon { job_id: job, attempt: 1 }).await;
    coordinator.assert_no_containers().await;
    let next = coordinator.run("echo next").await;
    assert_eq!(coordinator.end(next).await.1, "next\n");
    assert!(!coordinator.was_reported(job), "nothing is reported");
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_jobs_with_a_slot_are_taken() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let first = coordinator.run("sleep 600").await;
    coordinator.until_started(&[first]).await;
    let bulk = coordinator.offer(JobSpec::Execute(shell("echo bulk")), JobClass::Bulk).await;
    let interactive = coordinator.run("echo interactive").await;
    assert!(!coordinator.is_claimed(bulk) && !coordinator.is_claimed(interactive), "no slot is free");
    coordinator.control(worker.id(), Control::Cancel { job_id: first, attempt: 1 }).await;
    let mut order = Vec::new();
    while order.len() < 3 {
        let event = coordinator.next().await;
        if matches!(event.body, engunity_protocol::wire::EventBody::Finished(_)) {
            order.push(event.job_id);
        }
    }
    assert_eq!(order[0], first);
    assert!(order.contains(&bulk) && order.contains(&interactive));
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_granted_is_dropped() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    coordinator.publish(JobId::new(), JobKind::Execute, JobClass::Interactive).await;
    let job = coordinator.run("echo mine").await;
    assert_eq!(coordinator.end(job).await.1, "mine\n");
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_report_runs_pings_and_capabilities() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(3)).await.unwrap();
    let job = coordinator.run("sleep 600").await;
    coordinator.until_started(&[job]).await;
    coordinator.control(worker.id(), Control::Ping { n: 42 }).await;
    let began = Instant::now();
    loop {
        let beat = coordinator.heartbeat().await;
        assert_eq!((&beat.worker_id, beat.slots), (worker.id(), 3));
        if beat.echo == 42 && beat.running == [attempt(job)] && beat.busy == 1 {
            assert_eq!(beat.capacity["sandbox"], PoolCapacity { total: 3, free: 2 });
            let offers = beat.offers.expect("what it can do");
            assert!(offers.kinds.contains(&"execute".to_owned()), "{offers:?}");
            assert!(!offers.kinds.contains(&"noop".to_owned()), "there are no slots for it: {offers:?}");
            assert!(offers.runtimes.unwrap().contains(&"python".to_owned()) && offers.memory_mb > 0);
            break;
        }
        assert!(began.elapsed() < TIMEOUT, "{beat:?}");
    }
    coordinator.control(worker.id(), Control::Cancel { job_id: job, attempt: 1 }).await;
    coordinator.end(job).await;
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_finishes_short_runs_and_hands_back_long_ones() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(2)).await.unwrap();
    let (short, long) = (coordinator.run("sleep 2; echo short").await, coordinator.run("sleep 600").await);
    coordinator.until_started(&[short, long]).await;
    let draining = tokio::spawn(worker.drain());
    let (outcome, stdout, _) = coordinator.end(short).await;
    assert_eq!((outcome.unwrap().verdict.reason, stdout.as_str()), (Reason::Ok, "short\n"));
    let (outcome, ..) = coordinator.end(long).await;
    assert!(outcome.is_none(), "it is handed back");
    draining.await.unwrap();
    coordinator.assert_no_containers().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_coordinators_drains_and_returns_its_offers() {
    let mut coordinator = FakeCoordinator::open().await;
    coordinator.answer_claims(false);
    let long_drain = Config {
        worker: config::Worker { drain_seconds: 600, ..coordinator.config(1).worker },
        ..coordinator.config(1)
    };
    let worker = start(long_drain).await.unwrap();
    let job = coordinator.run("echo back").await;
    coordinator.until_claim_ignored().await;
    timeout(TIMEOUT, worker.drain()).await.expect("the drain does not wait for claims");
    coordinator.answer_claims(true);
    let other = start(coordinator.config(1)).await.unwrap();
    assert_eq!(coordinator.end(job).await.1, "back\n");
    other.drain().await;
    coordinator.close().await;
}

/// Runs the worker as a process, because only a process can be killed.
#[tokio::test(flavor = "multi_thread")]
async fn no_container_outlives_its_worker() {
    let mut coordinator = FakeCoordinator::open().await;
    let (mut process, _) = coordinator.spawn_worker();
    let job = coordinator.run("sleep 600").await;
    coordinator.until_started(&[job]).await;
    assert_eq!(containers::of(&coordinator.vhost.name).unwrap().len(), 1);
    process.kill().unwrap();
    process.wait().unwrap();
    coordinator.assert_no_containers().await;
    coordinator.close().await;
}
