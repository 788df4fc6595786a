//! Collects rows of departed workers and coordinators, and the objects of dead attempts and deleted jobs. An object is
//! deleted before its row, so that a crash in between only repeats the deletion.

use std::sync::Arc;

use engunity_artifacts::keys;
use engunity_store::{DeadAttempt, StoreError};

use crate::orchestrator::Orchestrator;

/// Attempts of one batch.
const BATCH: i64 = 200;

pub async fn collect(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    orchestrator.store.forget_workers().await?;
    orchestrator.store.forget_coordinators().await?;
    // Until nothing is left, so that garbage can't accumulate faster than it is collected.
    while collect_batch(&orchestrator).await? {}
    Ok(())
}

/// Collects a batch; returns whether there may be more.
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
