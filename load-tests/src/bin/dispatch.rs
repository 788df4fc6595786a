//! `./dev bench dispatch`: no-op jobs, durable end to end, beside Celery on the same RabbitMQ.
//!
//! Ours: HTTP submission → row in PostgreSQL → RabbitMQ (quorum queue, confirmed) → claim (fenced, in PostgreSQL) → event
//! (confirmed) → recorded. Theirs: `delay()` → RabbitMQ (persistent, confirmed) → task (acknowledged late), result ignored.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use engunity_load_tests::{
    Goal, Row, Setting, Times, alone, cpu::Meter, goals, http::Poster, measured, peer, table,
};
use engunity_protocol::{ProjectId, job::Job};
use engunity_testkit::{Client, Process, TestLab, broker::Vhost, eventually};
use futures::future::try_join_all;
use serde::Deserialize;

const JOBS: usize = 10_000;
const CONNECTIONS: usize = 128;
const WARM_UP: usize = 5_000;
/// Interval between jobs in the latency measurement.
const SUBMIT_INTERVAL: Duration = Duration::from_millis(20);
const LATENCY_JOBS: usize = 500;
const ROUNDS: usize = 3;
/// Stops at the first row, because counting all of them would distort the measurement.
const OPEN: &str = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'queued') OR EXISTS (SELECT 1 FROM jobs WHERE state = 'running')";
const TIMEOUT: Duration = Duration::from_secs(300);

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
    let setting = Setting::record(&["Python", "celery", "kombu", "amqp"]).await?;
    let ours = ours().await?;
    if alone() {
        println!("{:?}\n{}", ours.measured, explanation(&ours));
        return Ok(());
    }
    let theirs = theirs().await?;
    let rows = [
        Row::rate("throughput, end to end", ours.measured.rate, theirs.rate),
        Row::time("add → start, p50", ours.measured.start_p50, theirs.start_p50),
        Row::time("add → start, p95", ours.measured.start_p95, theirs.start_p95),
        Row::time("add → start, p99", ours.measured.start_p99, theirs.start_p99),
    ];
    let times = ours.measured.rate / theirs.rate;
    let within = |what: &str, limit: f64, value: f64| Goal {
        what: format!("add → start, {what} ≤ {limit} ms"),
        came: format!("{value:.2} ms"),
        met: value <= limit,
    };
    let goals = goals(&[
        within("p50", 5.0, ours.measured.start_p50),
        within("p95", 15.0, ours.measured.start_p95),
        Goal { what: "≥ 5 × Celery's rate".into(), came: format!("{times:.1} ×"), met: times >= 5.0 },
    ]);
    let body = format!("{}\n{goals}\n{}", table("Celery 5", &rows), explanation(&ours));
    setting.report("dispatch", "Dispatch: a no-op job, durable end to end", &body)
}

struct Ours {
    measured: Measured,
    /// CPU time of the fastest round.
    spent: String,
    recorded: Times,
    rates: Vec<f64>,
}

fn explanation(ours: &Ours) -> String {
    let rates: Vec<_> = ours.rates.iter().map(|rate| format!("{rate:.0}/s")).collect();
    format!(
        "- Throughput: {JOBS} jobs, best of {ROUNDS} rounds each (ours: {}). Ours are submitted one by one over HTTP by {CONNECTIONS} \
         connections and counted when PostgreSQL has their end; every one is checked there. Celery's are sent by 8 threads of one \
         producer and counted when the task runs.\n\
         - Latency: one job every {} ms, {LATENCY_JOBS} of them. Ours: from before the HTTP request to the claim's transaction \
         (`started_at`); to the recorded end it is p50 {:.2} ms, p95 {:.2} ms. Celery's: from before `delay()` to the task's first line.\n\
         - Celery: persistent messages on a classic durable queue, publisher confirms, acks_late, prefork with 2 or 4 processes (the faster counts), \
         prefetch multiplier 64, gossip, mingle and events off, results ignored (as is usual for jobs whose effect counts; with a result \
         backend it does strictly more work). Ours keeps every job, attempt and end in PostgreSQL, on quorum queues.\n\
         - Ours, {}.\n",
        rates.join(", "),
        SUBMIT_INTERVAL.as_millis(),
        ours.recorded.percentile_ms(50.0),
        ours.recorded.percentile_ms(95.0),
        ours.spent,
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
    submit_all(&user, project, WARM_UP).await?;
    all_ended(&lab).await?;
    let (starts, recorded) = measure_latency(&lab, poster(&user, project).await?).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(throughput(&lab, &user, project).await?);
    }
    lab.finish().await?;
    let rates = rounds.iter().map(|(rate, _)| *rate).collect();
    let (rate, spent) = rounds.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).context("a round")?;
    let measured = Measured {
        rate,
        start_p50: starts.percentile_ms(50.0),
        start_p95: starts.percentile_ms(95.0),
        start_p99: starts.percentile_ms(99.0),
    };
    Ok(Ours { measured, spent, recorded, rates })
}

async fn poster(user: &Client, project: ProjectId) -> Result<Poster> {
    Poster::connect(user.base(), user.token(), &format!("/code/{project}/noops"), "{}").await
}

/// Submits jobs over several connections, one at a time on each.
async fn submit_all(user: &Client, project: ProjectId, count: usize) -> Result<()> {
    let left = AtomicUsize::new(count);
    let take = || left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
    let submitting = (0..CONNECTIONS).map(|_| async {
        let mut poster = poster(user, project).await?;
        while take() {
            poster.post().await?;
        }
        Ok::<_, anyhow::Error>(())
    });
    try_join_all(submitting).await.map(drop)
}

async fn all_ended(lab: &TestLab) -> Result<()> {
    let database = lab.database.client().await?;
    eventually("all jobs have ended", TIMEOUT, || async {
        let open: bool = database.query_one(OPEN, &[]).await?.get(0);
        Ok((!open).then_some(()))
    })
    .await
}

/// Jobs a second from the first submission to the last recorded end.
async fn throughput(lab: &TestLab, user: &Client, project: ProjectId) -> Result<(f64, String)> {
    let database = lab.database.client().await?;
    let before: i64 =
        database.query_one("SELECT count(*) FROM jobs WHERE state = 'succeeded'", &[]).await?.get(0);
    let pids = |processes: &[Process]| processes.iter().filter_map(Process::pid).collect::<Vec<_>>();
    let meter = Meter::start(&[("coordinator", pids(&lab.coordinators)), ("workers", pids(&lab.workers))])?;
    let begin = Instant::now();
    let wall = chrono::Utc::now();
    submit_all(user, project, JOBS).await?;
    eprintln!("ours: {JOBS} submitted in {:?}", begin.elapsed());
    all_ended(lab).await?;
    let spent = meter.per("job", JOBS as f64)?;
    let row = database.query_one("SELECT count(*), extract(epoch FROM max(finished_at))::float8 FROM jobs WHERE state = 'succeeded'", &[]).await?;
    let (succeeded, last): (i64, f64) = (row.get(0), row.get(1));
    ensure!(succeeded - before == JOBS as i64, "{} of {JOBS} succeeded", succeeded - before);
    let rate = JOBS as f64 / (last - wall.timestamp_micros() as f64 / 1e6);
    eprintln!("ours: {rate:.0} jobs/s; {spent}");
    Ok((rate, spent))
}

/// Durations from before the submission to the start, and to the recorded end.
async fn measure_latency(lab: &TestLab, mut poster: Poster) -> Result<(Times, Times)> {
    let mut clock = tokio::time::interval(SUBMIT_INTERVAL);
    let mut ended = Vec::new();
    for _ in 0..LATENCY_JOBS {
        clock.tick().await;
        let before = chrono::Utc::now();
        let job: Job = serde_json::from_slice(&poster.post().await?)?;
        ended.push((job.id, before));
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

/// Measures Celery on its own vhost of the same broker.
async fn theirs() -> Result<Measured> {
    let vhost = Vhost::create().await?;
    let numbers = (
        JOBS.to_string(),
        LATENCY_JOBS.to_string(),
        SUBMIT_INTERVAL.as_secs_f64().to_string(),
        ROUNDS.to_string(),
    );
    let mut produce = peer("dispatch", &["measure.py", &numbers.0, &numbers.1, &numbers.2, &numbers.3])?;
    produce.env("BROKER_URL", vhost.url());
    let measured = measured(produce).await;
    vhost.delete().await?;
    measured
}
