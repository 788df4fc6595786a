//! Deletes what nothing refers to any more: rows that outlived their use, and objects of dead attempts and deleted
//! jobs. An object is deleted before its row, so that a crash in between only means doing it again.

use std::sync::Arc;

use engunity_artifacts::keys;
use engunity_store::{DeadAttempt, StoreError};

use crate::orchestrator::Orchestrator;

/// Attempts cleared in one go.
const BATCH: i64 = 200;

pub async fn collect(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    orchestrator.store.forget_workers().await?;
    orchestrator.store.forget_coordinators().await?;
    // As long as there is more: what is made faster than it is cleared would grow without bound.
    while collect_batch(&orchestrator).await? {}
    Ok(())
}

/// Clears a batch; returns whether there may be more.
async fn collect_batch(orchestrator: &Orchestrator) -> Result<bool, StoreError> {
    let dead = orchestrator.store.attempts_for_gc(BATCH).await?;
    let mut cleared = 0;
    for attempt in &dead {
        cleared += usize::from(collect_attempt(orchestrator, *attempt).await?);
    }
    Ok(cleared == BATCH as usize)
}

/// Returns whether its objects are gone.
async fn collect_attempt(orchestrator: &Orchestrator, dead: DeadAttempt) -> Result<bool, StoreError> {
    let prefix = match dead.attempt {
        Some(attempt) => keys::attempt_prefix(dead.job_id, attempt),
        None => keys::job_prefix(dead.job_id),
    };
    match orchestrator.objects.delete_prefix(&prefix).await {
        Ok(_) => orchestrator.store.attempt_collected(dead).await.map(|()| true),
        Err(error) => {
            tracing::warn!(%error, prefix, "could not delete objects of a dead attempt; trying again later");
            Ok(false)
        }
    }
}
