//! `engunity jobs`: the project's runs or other jobs, the latest first.

use chrono::Utc;
use engunity_protocol::job::{Job, JobState};

use crate::{
    app::App,
    args,
    error::{CliError, Result},
    output::{
        table::{cut, table},
        units::{ago, millis},
        verdict,
    },
};

pub async fn run(app: &App, args: args::Jobs) -> Result<u8> {
    app.need_login()?;
    let project = if args.all { None } else { Some(app.project().await?.id) };
    let jobs = app.client.jobs(project, args.state, args.kind.as_str(), args.limit).await?;
    app.out.result(&jobs, || {
        let rows: Vec<_> = jobs.iter().map(row).collect();
        table(["JOB", "HOW", "TOOK", "WHEN", "COMMAND"], &rows)
    })?;
    Ok(0)
}

fn row(job: &Job) -> [String; 5] {
    let took = job.usage.map_or_else(|| "-".to_owned(), |usage| millis(usage.wall_ms));
    let command = job.title.as_deref().unwrap_or(job.kind.as_str());
    [job.id.to_string(), colored(job), took, ago(job.created_at, Utc::now()), cut(command, 200)]
}

fn colored(job: &Job) -> String {
    let words = match &job.waiting {
        Some(waiting) => format!("{}, number {}: {}", job.state.as_str(), waiting.position, waiting.because),
        None => verdict::ending(job),
    };
    let styled = console::style(cut(&words, 40));
    match job.state {
        JobState::Succeeded => styled.green(),
        JobState::Queued | JobState::Running => styled.cyan(),
        JobState::Cancelled => styled.yellow(),
        JobState::Failed | JobState::TimedOut | JobState::Lost => styled.red(),
    }
    .to_string()
}

/// The kind of jobs that have output.
pub const RUNS: &str = "execute";

/// The named job, else the project's latest run.
pub async fn resolve(app: &App, named: Option<engunity_protocol::JobId>) -> Result<Job> {
    app.need_login()?;
    if let Some(id) = named {
        return app.client.job(id).await;
    }
    let project = app.project().await?;
    let latest = app.client.jobs(Some(project.id), None, RUNS, 1).await?;
    latest
        .into_iter()
        .next()
        .ok_or_else(|| CliError::new("the project has no runs yet").hint("engunity run -- <command>"))
}
