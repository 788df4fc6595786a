//! `./dev bench dispatch`: no-op jobs, durable end to end, beside Celery on the same RabbitMQ.
//!
//! Ours: HTTP submission → row in PostgreSQL → RabbitMQ (quorum queue, confirmed) → claim (fenced, in PostgreSQL) → event
//! (confirmed) → recorded. Theirs: `delay()` → RabbitMQ (persistent, confirmed) → task (acknowledged late), result ignored.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use engunity_load_tests::{Row, Times, measured, peer, report, table};
use engunity_protocol::{ProjectId, job::Job};
use engunity_testkit::{Client, TestLab, broker::Vhost, eventually};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::json;

const JOBS: usize = 10_000;
const AT_ONCE: usize = 64;
/// The gentle rate: a job every 20 ms.
const GENTLY: Duration = Duration::from_millis(20);
const GENTLE_JOBS: usize = 500;
const ROUNDS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Deserialize)]
struct Measured {
    /// Jobs a second, from the first submission to the last end.
    rate: f64,
    /// Milliseconds from before the submission to the start.
    start_p50: f64,
    start_p95: f64,
    start_p99: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let ours = ours().await?;
    let theirs = theirs().await?;
    let rows = [
        Row::rate("throughput, end to end", ours.measured.rate, theirs.rate),
        Row::time("add → start, p50", ours.measured.start_p50, theirs.start_p50),
        Row::time("add → start, p95", ours.measured.start_p95, theirs.start_p95),
        Row::time("add → start, p99", ours.measured.start_p99, theirs.start_p99),
    ];
    let body = format!("{}\n{}", table("Celery 5", &rows), explanation(&ours));
    report("dispatch", "Dispatch: a no-op job, durable end to end", &body)
}

struct Ours {
    measured: Measured,
    recorded: Times,
    rates: Vec<f64>,
}

fn explanation(ours: &Ours) -> String {
    let rates: Vec<_> = ours.rates.iter().map(|rate| format!("{rate:.0}/s")).collect();
    format!(
        "- Throughput: {JOBS} jobs, best of {ROUNDS} rounds each (ours: {}). Ours are submitted one by one over HTTP by {AT_ONCE} \
         connections and counted when PostgreSQL has their end; every one is checked there. Celery's are sent by 8 threads of one \
         producer and counted when the task runs.\n\
         - Latency: one job every {} ms, {GENTLE_JOBS} of them. Ours: from before the HTTP request to the claim's transaction \
         (`started_at`); to the recorded end it is p50 {:.2} ms, p95 {:.2} ms. Celery's: from before `delay()` to the task's first line.\n\
         - Celery: persistent messages on a classic durable queue, publisher confirms, acks_late, prefork with 2 processes, prefetch \
         multiplier 64, gossip, mingle and events off, results ignored (as is usual for jobs whose effect counts; with a result \
         backend it does strictly more work). Ours keeps every job, attempt and end in PostgreSQL, on quorum queues.\n",
        rates.join(", "),
        GENTLY.as_millis(),
        ours.recorded.percentile_ms(50.0),
        ours.recorded.percentile_ms(95.0),
    )
}

async fn ours() -> Result<Ours> {
    let lab = TestLab::builder()
        .env("ENGUNITY__WORKER__NOOP_SLOTS", 512)
        .env("ENGUNITY__LOG__FILTER", "warn,lapin=off")
        .start()
        .await?;
    let user = lab.user("load").await?;
    let project = user.project("load").await?.id;
    submit_all(&user, project, 500).await?;
    all_ended(&lab).await?;
    let (starts, recorded) = gently(&lab, &user, project).await?;
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        rates.push(throughput(&lab, &user, project).await?);
    }
    lab.finish().await?;
    let measured = Measured {
        rate: rates.iter().copied().fold(0.0, f64::max),
        start_p50: starts.percentile_ms(50.0),
        start_p95: starts.percentile_ms(95.0),
        start_p99: starts.percentile_ms(99.0),
    };
    Ok(Ours { measured, recorded, rates })
}

async fn submit(user: &Client, project: ProjectId) -> Result<Job> {
    user.post(&format!("/code/{project}/noops"), json!({})).await?.ok()?.json()
}

async fn submit_all(user: &Client, project: ProjectId, count: usize) -> Result<()> {
    let submissions = stream::iter((0..count).map(|_| submit(user, project)));
    submissions.buffer_unordered(AT_ONCE).map_ok(drop).try_collect().await
}

async fn all_ended(lab: &TestLab) -> Result<()> {
    let database = lab.database.client().await?;
    eventually("all jobs have ended", PATIENCE, || async {
        let open: i64 = database
            .query_one("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')", &[])
            .await?
            .get(0);
        Ok((open == 0).then_some(()))
    })
    .await
}

/// Jobs a second from the first submission to the last recorded end.
async fn throughput(lab: &TestLab, user: &Client, project: ProjectId) -> Result<f64> {
    let database = lab.database.client().await?;
    let before: i64 =
        database.query_one("SELECT count(*) FROM jobs WHERE state = 'succeeded'", &[]).await?.get(0);
    let begin = Instant::now();
    let wall = chrono::Utc::now();
    submit_all(user, project, JOBS).await?;
    eprintln!("ours: {JOBS} submitted in {:?}", begin.elapsed());
    all_ended(lab).await?;
    let row = database.query_one("SELECT count(*), extract(epoch FROM max(finished_at))::float8 FROM jobs WHERE state = 'succeeded'", &[]).await?;
    let (succeeded, last): (i64, f64) = (row.get(0), row.get(1));
    ensure!(succeeded - before == JOBS as i64, "{} of {JOBS} succeeded", succeeded - before);
    let rate = JOBS as f64 / (last - wall.timestamp_micros() as f64 / 1e6);
    eprintln!("ours: {rate:.0} jobs/s");
    Ok(rate)
}

/// Times from before the submission to the start, and to the recorded end.
async fn gently(lab: &TestLab, user: &Client, project: ProjectId) -> Result<(Times, Times)> {
    let mut clock = tokio::time::interval(GENTLY);
    let mut submissions = Vec::new();
    for _ in 0..GENTLE_JOBS {
        clock.tick().await;
        let user = user.clone();
        submissions.push(tokio::spawn(async move {
            let before = chrono::Utc::now();
            submit(&user, project).await.map(|job| (job.id, before))
        }));
    }
    let mut ended = Vec::new();
    for submission in submissions {
        ended.push(submission.await??);
    }
    all_ended(lab).await?;
    let database = lab.database.client().await?;
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    for (id, before) in ended {
        let sql = "SELECT extract(epoch FROM started_at)::float8, extract(epoch FROM finished_at)::float8 FROM jobs WHERE id = $1";
        let row = database.query_one(sql, &[&id.0]).await.context("the job")?;
        let since = |position: usize| {
            Duration::from_secs_f64(
                (row.get::<_, f64>(position) - before.timestamp_micros() as f64 / 1e6).max(0.0),
            )
        };
        starts.push(since(0));
        ends.push(since(1));
    }
    Ok((Times::new(starts), Times::new(ends)))
}

/// Celery on a vhost of its own of the same broker.
async fn theirs() -> Result<Measured> {
    let vhost = Vhost::create().await?;
    let numbers =
        (JOBS.to_string(), GENTLE_JOBS.to_string(), GENTLY.as_secs_f64().to_string(), ROUNDS.to_string());
    let mut produce = peer("dispatch", &["measure.py", &numbers.0, &numbers.1, &numbers.2, &numbers.3])?;
    produce.env("BROKER_URL", vhost.url());
    let measured = measured(produce).await;
    vhost.delete().await?;
    measured
}
