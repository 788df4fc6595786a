//! `engunity cancel <job>…`

use engunity_protocol::job::{Job, JobState};

use crate::{app::App, args, failure::Result};

pub async fn run(app: &App, args: args::Cancel) -> Result<u8> {
    app.need_login()?;
    let mut jobs = Vec::new();
    for id in args.jobs {
        jobs.push(app.client.cancel(id).await?);
    }
    app.out.result(&jobs, || jobs.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    Ok(0)
}

fn line(job: &Job) -> String {
    match job.state {
        JobState::Cancelled => format!("{} cancelled", job.id),
        state if state.is_terminal() => format!("{} had ended already: {state}", job.id),
        _ => format!("{} cancelling", job.id),
    }
}
