//! Parts that go away: the broker while jobs are accepted, a worker that drains, workers that die or hang.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use engunity_protocol::job::JobState;
use engunity_testkit::{Client, TestLab, eventually};

use crate::{TIMEOUT, shell};

/// What a publish waits for the broker: an answer that comes sooner did not.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);
/// A dead worker's job runs again elsewhere within this time.
const TAKEOVER_LIMIT: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_accepted_while_the_broker_is_down() -> Result<()> {
    let lab = TestLab::builder().broker_proxy().start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let proxy = lab.proxy.as_ref().expect("a proxy");
    proxy.close();
    eventually("the coordinator says that it is not ready", TIMEOUT, || async {
        let answer = reqwest::get(format!("{}/readyz", user.base())).await?;
        Ok((answer.status() == 503).then_some(()))
    })
    .await?;
    let asked = Instant::now();
    let job = user.run(project.id, &shell("echo back")).await?;
    ensure!(asked.elapsed() < PUBLISH_TIMEOUT, "accepting took {:?}", asked.elapsed());
    ensure!(user.job(job.id).await?.state == JobState::Queued, "it waits");
    proxy.open();
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded, "{done:?}");
    lab.finish().await
}

/// Starts a job that is long enough for something to happen to its worker, and says which worker has it.
async fn long_job(lab: &TestLab, user: &Client) -> Result<(engunity_protocol::job::Job, usize)> {
    let project = user.project("demo").await?;
    let job = user.run(project.id, &shell("echo begun; sleep 6; echo done")).await?;
    let job = user.job_when(job.id, TIMEOUT, |job| job.state == JobState::Running).await?;
    let id = job.worker_id.clone().expect("a worker");
    let worker = lab.workers.iter().position(|worker| worker.identity() == id.0).expect("one of ours");
    Ok((job, worker))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_worker_hands_back_what_it_cannot_finish() -> Result<()> {
    let lab = TestLab::builder().workers(2).env("ENGUNITY__WORKER__DRAIN_SECONDS", 1).start().await?;
    let user = lab.user("kim").await?;
    let (job, worker) = long_job(&lab, &user).await?;
    lab.workers[worker].terminate()?;
    let code = lab.workers[worker].ended(TIMEOUT).await?;
    ensure!(code == Some(0), "a drained worker ends well: {code:?}");
    let again =
        user.job_when(job.id, TIMEOUT, |job| job.attempt == 2 && job.state == JobState::Running).await?;
    ensure!(again.worker_id != job.worker_id, "{again:?}");
    ensure!(user.job_end(job.id, TIMEOUT).await?.state == JobState::Succeeded, "the second attempt ends it");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_workers_job_runs_elsewhere_in_time() -> Result<()> {
    let lab = TestLab::builder().workers(2).start().await?;
    let user = lab.user("kim").await?;
    let (job, worker) = long_job(&lab, &user).await?;
    let killed = SystemTime::now();
    lab.workers[worker].kill9()?;
    let again =
        user.job_when(job.id, TIMEOUT, |job| job.attempt == 2 && job.state == JobState::Running).await?;
    // By when the second attempt started, not by when this test saw it.
    let took = SystemTime::from(again.started_at.context("it runs")?).duration_since(killed)?;
    ensure!(took < TAKEOVER_LIMIT, "taken over after {took:?}");
    ensure!(again.worker_id != job.worker_id, "{again:?}");
    ensure!(user.job_end(job.id, TIMEOUT).await?.state == JobState::Succeeded, "the second attempt ends it");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_worker_loses_its_job_and_says_nothing_more_about_it() -> Result<()> {
    let lab = TestLab::builder().workers(2).start().await?;
    let user = lab.user("kim").await?;
    let (job, worker) = long_job(&lab, &user).await?;
    lab.workers[worker].stop()?;
    user.job_when(job.id, TIMEOUT, |job| job.attempt == 2).await?;
    lab.workers[worker].cont()?;
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded && done.attempt == 2, "{done:?}");
    let output = user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?.ok()?;
    ensure!(output.text() == "begun\ndone\n", "only the second attempt is visible: {:?}", output.text());
    eventually("the stopped worker is back in the fleet", TIMEOUT, || async {
        let workers: Vec<engunity_protocol::fleet::Worker> = user.get("/workers").await?.ok()?.json()?;
        let ready = |worker: &&engunity_protocol::fleet::Worker| {
            worker.state == engunity_protocol::fleet::WorkerState::Ready
        };
        Ok((workers.iter().filter(ready).count() == 2).then_some(()))
    })
    .await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hiccup_of_a_second_costs_nothing() -> Result<()> {
    let lab = TestLab::builder().workers(2).start().await?;
    let user = lab.user("kim").await?;
    let (job, worker) = long_job(&lab, &user).await?;
    lab.workers[worker].stop()?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    lab.workers[worker].cont()?;
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
    lab.finish().await
}
