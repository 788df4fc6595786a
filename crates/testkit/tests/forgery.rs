//! A worker that was taken over speaks in another worker's name: coordinators do not listen to it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use engunity_broker::{Connection, Queue, Route};
use engunity_protocol::{
    JobId, WorkerId,
    job::{Job, JobState, RunRequest},
    spec::Command,
    verdict::{Reason, Usage, Verdict},
    wire::{self, Claim, ClaimRequest, EventBatch, EventBody, Outcome, WorkerEvent},
};
use engunity_testkit::{Client, TestLab, eventually};
use uuid::Uuid;

const TIMEOUT: Duration = Duration::from_secs(60);
/// For an answer that must not come.
const NO_ANSWER: Duration = Duration::from_secs(2);

/// A run that lasts until it is allowed to end.
async fn running(user: &Client) -> Result<Job> {
    let project = user.project("demo").await?;
    let line = "echo began; sleep 6; echo done";
    let request = RunRequest {
        command: Some(Command::Shell(line.into())),
        runtime: Some("bash".into()),
        ..RunRequest::default()
    };
    let id = user.run(project.id, &request).await?.id;
    user.job_when(id, TIMEOUT, |job| job.state == JobState::Running).await
}

fn finished(worker: &WorkerId, job: JobId, attempt: i32) -> Result<Vec<u8>> {
    let verdict = Verdict { reason: Reason::Ok, exit_code: Some(0), signal: None, evidence: "forged".into() };
    let outcome = Outcome { verdict, usage: Usage::default(), artifacts: Vec::new() };
    let event =
        WorkerEvent { job_id: job, attempt, seq: 1000, at: Utc::now(), body: EventBody::Finished(outcome) };
    Ok(wire::encode(&EventBatch { worker_id: worker.clone(), events: vec![event] })?)
}

async fn refused(user: &Client) -> Result<f64> {
    let metrics = reqwest::get(format!("{}/metrics", user.base())).await?.text().await?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("engunity_forged_messages_total "));
    Ok(line.map_or(0.0, |count| count.trim().parse().unwrap_or(0.0)))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_can_not_end_claim_or_renew_in_the_name_of_another() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let job = running(&user).await?;
    let worker = job.worker_id.clone().context("a worker runs it")?;
    let other = lab.vhost.create_worker_user(&format!("{}-other", lab.name)).await?;
    let attacker = Connection::open_worker(&lab.vhost.url_of(&other, None), "attacker")?;
    ensure!(attacker.wait_connected(TIMEOUT).await);
    let publisher = attacker.publisher(4, TIMEOUT);

    publisher.publish(Route::events(), finished(&worker, job.id, job.attempt)?).await?;
    let claims = vec![Claim { job_id: job.id, claim_id: Uuid::new_v4() }];
    let claim = wire::encode(&ClaimRequest { worker_id: worker.clone(), claims })?;
    let answer = attacker.rpc().call(&Queue::Claims, &claim, NO_ANSWER).await;
    ensure!(answer.is_err(), "a claim in another name is not answered");
    // Its own name is another worker's: the events of a job count only from the worker that runs it.
    let own = WorkerId(format!("{}-other-0123abcd", lab.name));
    publisher.publish(Route::events(), finished(&own, job.id, job.attempt)?).await?;

    eventually("the forged messages were seen", TIMEOUT, || async {
        Ok((refused(&user).await? >= 2.0).then_some(()))
    })
    .await?;
    let ended = user.job_end(job.id, TIMEOUT).await?;
    let evidence = ended.verdict.context("a verdict")?.evidence;
    ensure!(evidence != "forged", "the job's end was forged");
    let output = user.get(&format!("/jobs/{}/output?stream=stdout", job.id)).await?.ok()?.text();
    ensure!(output == "began\ndone\n", "{output:?}");
    attacker.close().await;
    lab.finish().await
}
