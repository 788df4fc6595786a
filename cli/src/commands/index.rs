//! `engunity index`: the state of the project's search index, and building it now.

use chrono::Utc;
use engunity_protocol::{
    index::{IndexState, IndexStatus},
    job::JobState,
};

use crate::{
    app::App,
    args::{self, IndexAction},
    commands::follow::{Sink, follow},
    error::{CliError, Result},
    output::{plain, units::ago, verdict},
};

/// Skipped files that are named.
const NAMED: usize = 10;

pub async fn run(app: &App, args: args::Index) -> Result<u8> {
    let project = app.project().await?.id;
    if matches!(args.action, Some(IndexAction::Build)) {
        let job = app.client.build_index(project).await?;
        let job = follow(app, job.id, &mut Sink::for_json(true)).await?;
        if job.state != JobState::Succeeded {
            return Err(CliError::new(format!("the index was not built: {}", verdict::line(&job))));
        }
    }
    let status = app.client.index_status(project).await?;
    app.out.result(&status, || text(&status))?;
    Ok(0)
}

fn text(status: &IndexStatus) -> String {
    let when = status.indexed_at.map_or_else(String::new, |at| format!(", {}", ago(at, Utc::now())));
    let head = match status.state {
        IndexState::None => "no index yet; build one with: engunity index build\n".to_owned(),
        IndexState::Building => format!("building{when}\n"),
        IndexState::Ready => format!("ready{when}\n"),
    };
    let mut lines = vec![format!(
        "{head}{} files, {} of {} chunks by meaning, {} segments",
        status.files, status.embedded, status.chunks, status.segments
    )];
    if status.pending > 0 {
        lines.push(format!("{} files have changed since", status.pending));
    }
    let skipped = status.skipped.iter().take(NAMED);
    lines.extend(skipped.map(|file| format!("left out: {}: {}", plain(&file.path), plain(&file.why))));
    if status.skipped.len() > NAMED {
        lines.push(format!("and {} more; --json shows them", status.skipped.len() - NAMED));
    }
    lines.join("\n")
}
