//! `engunity cancel <job>…`

use engunity_protocol::{
    JobId,
    job::{Job, JobState},
    problem::ErrorCode,
};

use crate::{
    app::App,
    args,
    error::{CliError, Result},
};

pub async fn run(app: &App, args: args::Cancel) -> Result<u8> {
    app.need_login()?;
    let (mut jobs, mut failed) = (Vec::new(), None);
    for id in args.jobs {
        match cancel(app, id).await {
            Ok(job) => jobs.push(job),
            // The other jobs are still cancelled.
            Err(failure) => {
                app.out.warn(format!("{id}: {}", failure.message));
                failed = Some(failure);
            }
        }
    }
    app.out.result(&jobs, || jobs.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    match failed {
        None => Ok(0),
        Some(failure) => Err(CliError { message: "some jobs were not cancelled".into(), ..failure }),
    }
}

/// Cancels a run that is being watched. A failure is a warning: the watcher sees how the run ends.
pub async fn best_effort(app: &App, job: JobId) {
    // The job may have ended in the meantime; the next event says so.
    if let Err(failure) = app.client.cancel(job).await
        && failure.code.is_none()
    {
        app.out.warn(format!("could not cancel: {}", failure.message));
    }
}

/// A job that has already ended counts as cancelled.
async fn cancel(app: &App, id: JobId) -> Result<Job> {
    match app.client.cancel(id).await {
        Err(failure) if failure.code == Some(ErrorCode::JobFinished) => app.client.job(id).await,
        result => result,
    }
}

fn line(job: &Job) -> String {
    match job.state {
        JobState::Cancelled => format!("{} cancelled", job.id),
        state if state.is_terminal() => format!("{} had already ended: {state}", job.id),
        _ => format!("{} cancelling", job.id),
    }
}
