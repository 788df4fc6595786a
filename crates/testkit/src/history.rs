//! The history checker: invariants of every accepted job, whatever fault was injected.
//!
//! * nothing is lost: each accepted job is stored, and ends in exactly one terminal state;
//! * no event follows the terminal one, and attempts appear once and in order;
//! * no write of a stale attempt is visible: a reader gets the complete output of the last attempt only.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use engunity_protocol::{
    JobId,
    job::{Job, JobState},
};

use crate::{Client, sse::Watcher};

/// Expected stdout of each job that ran to completion.
pub type Expected = BTreeMap<JobId, String>;

/// Terminal states and attempts of the jobs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    pub states: BTreeMap<String, usize>,
    /// Jobs that needed more than one attempt.
    pub repeated: usize,
    pub attempts: i32,
}

/// Checks each accepted job as a client sees it.
pub async fn check(client: &Client, expected: &Expected) -> Result<Summary> {
    let mut summary = Summary::default();
    for (id, stdout) in expected {
        let job = client.job(*id).await?;
        check_job(client, &job, stdout).await?;
        *summary.states.entry(job.state.to_string()).or_default() += 1;
        summary.attempts += job.attempt;
        summary.repeated += usize::from(job.attempt > 1);
    }
    Ok(summary)
}

async fn check_job(client: &Client, job: &Job, stdout: &str) -> Result<()> {
    ensure!(job.state.is_terminal(), "{} has not ended: {job:?}", job.id);
    ensure!(job.finished_at.is_some() && job.verdict.is_some(), "an end without verdict: {job:?}");
    let mut watcher = Watcher::default();
    ensure!(
        watcher.follow(&mut client.events(job.id, 0).await?).await?,
        "{}: no result in the stream",
        job.id
    );
    let result = watcher.result.clone().expect("a result");
    ensure!(result.state == job.state && result.attempt == job.attempt, "{result:?} but {job:?}");
    ensure!(
        watcher.attempt <= job.attempt,
        "{}: attempt {} was told, {} is the last",
        job.id,
        watcher.attempt,
        job.attempt
    );
    match job.state {
        JobState::Succeeded => check_output(client, job, &watcher, stdout).await,
        JobState::Lost => Ok(()),
        other => anyhow::bail!("{} ended as {other}: {:?}", job.id, job.verdict),
    }
}

async fn check_output(client: &Client, job: &Job, watcher: &Watcher, stdout: &str) -> Result<()> {
    let seen = String::from_utf8_lossy(&watcher.stdout);
    ensure!(seen == stdout, "{} (attempt {}): {seen:?}, not {stdout:?}", job.id, job.attempt);
    let raw = client.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?.ok()?;
    ensure!(raw.body == watcher.stdout, "{}: raw output differs from the stream", job.id);
    Ok(())
}

/// Checks the rows of the same jobs, which no client sees.
pub async fn check_rows(database: &tokio_postgres::Client, expected: &Expected) -> Result<()> {
    let count = |sql: &'static str| async move {
        Ok::<i64, anyhow::Error>(database.query_one(sql, &[]).await?.get(0))
    };
    let stored = count("SELECT count(*) FROM jobs").await?;
    ensure!(stored >= expected.len() as i64, "{stored} jobs are stored, {} were accepted", expected.len());
    for (what, sql) in FORBIDDEN {
        ensure!(count(sql).await? == 0, "{what}");
    }
    Ok(())
}

const FORBIDDEN: [(&str, &str); 5] = [
    ("a job has not ended", "SELECT count(*) FROM jobs WHERE finished_at IS NULL"),
    (
        "a message of an ended job would be published again",
        "SELECT count(*) FROM dispatches d JOIN jobs j ON j.id = d.job_id WHERE j.finished_at IS NOT NULL",
    ),
    (
        "an event is numbered after the end",
        "SELECT count(*) FROM job_events e JOIN jobs j ON j.id = e.job_id WHERE e.number >= j.last_event",
    ),
    (
        "an event belongs to an attempt that never was",
        "SELECT count(*) FROM job_events e JOIN jobs j ON j.id = e.job_id WHERE e.attempt > j.attempt",
    ),
    (
        "an older attempt's event is numbered after a newer one's",
        "SELECT count(*) FROM job_events a JOIN job_events b ON a.job_id = b.job_id AND a.attempt < b.attempt AND a.number > b.number \
         WHERE a.event <> 'state' AND b.event <> 'state'",
    ),
];
