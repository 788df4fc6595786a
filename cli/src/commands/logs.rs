//! `engunity logs`: the recorded or live output of a run.

use std::io::{self, Write};

use engunity_protocol::{JobId, event::JobEvent};
use futures::TryStreamExt;

use crate::{
    app::App,
    args,
    client::events::Events,
    commands::{
        follow::{Sink, follow},
        jobs,
    },
    error::{CliError, Result},
    output::verdict,
};

pub async fn run(app: &App, args: args::Logs) -> Result<u8> {
    let job = jobs::resolve(app, args.job).await?;
    let ended = job.state.is_terminal();
    if app.out.json {
        return events(app, job.id, ended || args.follow).await;
    }
    if !ended && !args.follow {
        so_far(app, job.id).await?;
        app.out.note(format!("{}; follow it with: engunity logs -f {}", job.state, job.id));
        return Ok(0);
    }
    let job = follow(app, job.id, &mut Sink::Terminal).await?;
    app.out.note(verdict::line(&job));
    Ok(0)
}

/// The output of a running job so far, one stream after the other: only the events know their order.
async fn so_far(app: &App, job: JobId) -> Result<()> {
    copy(app, job, "stdout", &mut io::stdout().lock()).await?;
    copy(app, job, "stderr", &mut io::stderr().lock()).await
}

async fn copy(app: &App, job: JobId, stream: &str, to: &mut impl Write) -> Result<()> {
    let response = app.client.output(job, stream).await?;
    let mut body = std::pin::pin!(app.client.body(response));
    while let Some(chunk) = body.try_next().await? {
        to.write_all(&chunk)?;
    }
    Ok(to.flush()?)
}

/// The events, one JSON document in a line each.
async fn events(app: &App, job: JobId, to_the_end: bool) -> Result<u8> {
    if !to_the_end {
        return Err(CliError::new("the run has not ended: its JSON events need --follow")
            .hint(format!("engunity logs -f --json {job}")));
    }
    let mut events = Events::new(&app.client, job);
    while let Some(event) = events.next().await? {
        app.out.json_line::<JobEvent>(&event)?;
    }
    Ok(0)
}
