//! `./dev bench fairness`: how long a light user waits while ten heavy ones queue 500 runs of 60 s each.
//!
//! `--runs N` and `--seconds S` scale the heavy load; what was run is printed with the result. The same is measured with one
//! heavy user, where the kept slots let the light one start at once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use engunity_protocol::{ProjectId, job::RunRequest};
use engunity_testkit::{Client, TestLab};
use futures::future::try_join_all;
use serde_json::json;

const HEAVY_USERS: usize = 10;
const SLOTS: u32 = 4;
/// Runs of the light user, one after the other.
const SAMPLES: usize = 20;
/// Submissions of one heavy user at one time.
const PARALLEL: usize = 8;

/// The heavy load.
#[derive(Debug, Clone, Copy)]
struct Load {
    users: usize,
    runs: usize,
    seconds: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let asked = Load {
        users: HEAVY_USERS,
        runs: option("--runs", 500.0)? as usize,
        seconds: option("--seconds", 60.0)?,
    };
    for load in [Load { users: 1, ..asked }, asked] {
        let waits = measure(load).await?;
        println!(
            "{} heavy users × {} runs of {} s on {SLOTS} slots; light user, {} runs: wait p50 {:.2} s, p99 {:.2} s, worst {:.2} s",
            load.users,
            load.runs,
            load.seconds,
            waits.len(),
            quantile(&waits, 0.5),
            quantile(&waits, 0.99),
            quantile(&waits, 1.0),
        );
    }
    Ok(())
}

/// A number behind an option.
fn option(name: &str, default: f64) -> Result<f64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    arguments.next().map_or(Ok(default), |text| text.parse().with_context(|| format!("{name} {text}")))
}

/// Seconds from submission to start of each run of the light user, sorted.
async fn measure(load: Load) -> Result<Vec<f64>> {
    let lab = TestLab::builder()
        .env("ENGUNITY__WORKER__SLOTS", SLOTS)
        .env("ENGUNITY__USER_LIMITS__QUEUED_JOBS", 0)
        .env("ENGUNITY__INSTALLATION_LIMITS__QUEUED_JOBS", 0)
        .start()
        .await?;
    let light = lab.user("light").await?;
    let project = light.project("light").await?.id;
    try_join_all((0..load.users).map(|number| flood(&lab, number, load))).await?;
    let mut waits = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let timeout = Duration::from_secs_f64(60.0 + load.seconds * load.users as f64);
        let begun = Instant::now();
        let job = light.run(project, &bash("true")).await?;
        let job = light.job_end(job.id, timeout).await?;
        let started = job.started_at.context("it has started")?;
        let wait = (started - job.created_at).as_seconds_f64();
        waits.push(wait.min(begun.elapsed().as_secs_f64()).max(0.0));
    }
    waits.sort_by(f64::total_cmp);
    // Heavy jobs that are left end with their worker.
    drop(lab);
    Ok(waits)
}

async fn flood(lab: &TestLab, number: usize, load: Load) -> Result<()> {
    let user = lab.user(&format!("heavy-{number}")).await?;
    let project = user.project("heavy").await?.id;
    let line = format!("sleep {}", load.seconds);
    submit(&user, project, &line).await?;
    for _ in 0..load.runs.saturating_sub(1).div_ceil(PARALLEL) {
        try_join_all((0..PARALLEL).map(|_| submit(&user, project, &line))).await?;
    }
    Ok(())
}

async fn submit(user: &Client, project: ProjectId, line: &str) -> Result<()> {
    user.run(project, &bash(line)).await.map(drop)
}

fn bash(line: &str) -> RunRequest {
    serde_json::from_value(json!({"command": line, "runtime": "bash"})).expect("a run")
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).ceil() as usize).copied().unwrap_or_default()
}
