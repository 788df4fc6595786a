//! The worker among others: what it takes, what it lets go, how it ends.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use engunity_protocol::{
    JobId,
    job::JobClass,
    spec::{ExecuteSpec, JobSpec, Limits},
    verdict::Reason,
    wire::Control,
};
use engunity_testkit::containers;
use engunity_worker::{
    config::{self, Config},
    start,
};
use tokio::time::timeout;

use crate::fake_coordinator::{Desk, attempt, shell};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_is_dead_within_its_time() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(1)).await.unwrap();
    let mut times = Vec::new();
    for line in ["echo on; sleep 600", "trap '' TERM INT; while :; do echo on; done"] {
        let spec = shell(line);
        let limits = Limits { output_kb: 200_000, ..spec.limits };
        let job = desk.offer(JobSpec::Execute(ExecuteSpec { limits, ..spec }), JobClass::Interactive).await;
        desk.until_output(job).await;
        let began = Instant::now();
        desk.control(worker.id(), Control::Cancel { job_id: job, attempt: 1 }).await;
        let (outcome, ..) = desk.end(job).await;
        times.push(began.elapsed());
        assert_eq!(outcome.unwrap().verdict.reason, Reason::Cancelled);
    }
    println!("control message → end reported, a sleeper and a flood: {times:?}");
    worker.drain().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_run_is_killed_without_a_word() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(1)).await.unwrap();
    let job = desk.run("sleep 600").await;
    desk.until_started(&[job]).await;
    desk.forget();
    desk.control(worker.id(), Control::Abandon { job_id: job, attempt: 1 }).await;
    desk.no_containers().await;
    let next = desk.run("echo next").await;
    assert_eq!(desk.end(next).await.1, "next\n");
    assert!(!desk.was_heard_of(job), "nothing is said of it");
    worker.drain().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_fits_is_taken_and_interactive_jobs_first() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(1)).await.unwrap();
    let first = desk.run("sleep 600").await;
    desk.until_started(&[first]).await;
    let bulk = desk.offer(JobSpec::Execute(shell("echo bulk")), JobClass::Bulk).await;
    let interactive = desk.run("echo interactive").await;
    assert!(!desk.is_claimed(bulk) && !desk.is_claimed(interactive), "there is no room");
    desk.control(worker.id(), Control::Cancel { job_id: first, attempt: 1 }).await;
    let mut order = Vec::new();
    while order.len() < 3 {
        let event = desk.next().await;
        if matches!(event.body, engunity_protocol::wire::EventBody::Finished(_)) {
            order.push(event.job_id);
        }
    }
    assert_eq!(order[0], first);
    assert!(order.contains(&bulk) && order.contains(&interactive));
    worker.drain().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_granted_is_forgotten() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(1)).await.unwrap();
    desk.publish(JobId::new(), JobClass::Interactive).await;
    let job = desk.run("echo mine").await;
    assert_eq!(desk.end(job).await.1, "mine\n");
    worker.drain().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_tell_what_runs_and_return_pings() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(3)).await.unwrap();
    let job = desk.run("sleep 600").await;
    desk.until_started(&[job]).await;
    desk.control(worker.id(), Control::Ping { n: 42 }).await;
    let began = Instant::now();
    loop {
        let beat = desk.heartbeat().await;
        assert_eq!((&beat.worker_id, beat.slots), (worker.id(), 3));
        if beat.echo == 42 && beat.running == [attempt(job)] && beat.busy == 1 {
            break;
        }
        assert!(began.elapsed() < SOON, "{beat:?}");
    }
    desk.control(worker.id(), Control::Cancel { job_id: job, attempt: 1 }).await;
    desk.end(job).await;
    worker.drain().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_finishes_what_is_short_and_hands_back_what_is_long() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(2)).await.unwrap();
    let (short, long) = (desk.run("sleep 2; echo short").await, desk.run("sleep 600").await);
    desk.until_started(&[short, long]).await;
    let draining = tokio::spawn(worker.drain());
    let (outcome, stdout, _) = desk.end(short).await;
    assert_eq!((outcome.unwrap().verdict.reason, stdout.as_str()), (Reason::Ok, "short\n"));
    let (outcome, ..) = desk.end(long).await;
    assert!(outcome.is_none(), "it is handed back");
    draining.await.unwrap();
    desk.no_containers().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_coordinators_are_gone_ends_soon_and_gives_back_what_it_was_offered() {
    let mut desk = Desk::open().await;
    desk.answer_claims(false);
    let patient =
        Config { worker: config::Worker { drain_seconds: 600, ..desk.config(1).worker }, ..desk.config(1) };
    let worker = start(patient).await.unwrap();
    let job = desk.run("echo back").await;
    desk.until_asked_in_vain().await;
    timeout(SOON, worker.drain()).await.expect("it does not wait for an answer that never comes");
    desk.answer_claims(true);
    let other = start(desk.config(1)).await.unwrap();
    assert_eq!(desk.end(job).await.1, "back\n");
    other.drain().await;
    desk.close().await;
}

/// A real process, as only that can be killed.
#[tokio::test(flavor = "multi_thread")]
async fn no_container_outlives_its_worker() {
    let mut desk = Desk::open().await;
    let config = desk.config(1);
    let mut process = Command::new(env!("CARGO_BIN_EXE_engunity-worker"))
        .env("ENGUNITY__BROKER__URL", &config.broker.url)
        .env("ENGUNITY__S3__BUCKET", &config.s3.bucket)
        .env("ENGUNITY__RUNTIMES__DIR", &config.runtimes.dir)
        .env("ENGUNITY__WORKER__NAME", &config.worker.name)
        .env("ENGUNITY__WORKER__SLOTS", "1")
        .env("ENGUNITY__WORKER__SCRATCH_DIR", &config.worker.scratch_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with(&format!("ready as {}", config.worker.name)), "{line}");
    let job = desk.run("sleep 600").await;
    desk.until_started(&[job]).await;
    assert_eq!(containers::of(&desk.vhost.name).unwrap().len(), 1);
    process.kill().unwrap();
    process.wait().unwrap();
    desk.no_containers().await;
    desk.close().await;
}
