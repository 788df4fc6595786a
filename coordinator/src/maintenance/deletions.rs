//! Finishes the deletion of projects: cancels their jobs at once, and deletes what belongs to them in small batches.

use std::{sync::Arc, time::Duration};

use engunity_protocol::wire::Control;
use engunity_store::{Cancelled, JobChange, StoreError};

use crate::orchestrator::Orchestrator;

/// Jobs cancelled by one statement.
const CANCEL: i64 = 200;
/// Projects looked at in one go.
const PROJECTS: i64 = 20;
/// Rows deleted by one statement: output has up to 64 KiB a row.
const ROWS: i64 = 1_000;
/// Between two statements, so that others get their turn.
const PAUSE: Duration = Duration::from_millis(20);

pub async fn run(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    while cancel(&orchestrator).await? {}
    for project in orchestrator.store.deleted_projects(PROJECTS).await? {
        while orchestrator.store.purge_project(project, ROWS).await? > 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Cancels some jobs; returns whether there may be more.
async fn cancel(orchestrator: &Orchestrator) -> Result<bool, StoreError> {
    let cancelled = orchestrator.writer.cancel_deleted(CANCEL).await?;
    for Cancelled { job, running_at, .. } in &cancelled {
        if let Some((worker, attempt)) = running_at {
            let control = Control::Cancel { job_id: job.id, attempt: *attempt };
            orchestrator.workers.control(worker, &control).await;
        }
    }
    let changes: Vec<_> = cancelled.iter().map(|one| JobChange::of(&one.job)).collect();
    orchestrator.dispatcher.wake_for(&changes);
    Ok(cancelled.len() as i64 == CANCEL)
}
