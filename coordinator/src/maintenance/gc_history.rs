//! Keeps history and trash within their bounds: age, versions of one file, share of the project's storage. Each step is
//! safe at any time, on several coordinators at once.

use std::time::Duration;

use engunity_store::StoreError;

use crate::orchestrator::Orchestrator;

/// Versions deleted by one statement, so that locks are short.
const VERSIONS: i64 = 5_000;
/// Entries of the trash, each with all in it.
const ENTRIES: i64 = 50;
const BATCH_PAUSE: Duration = Duration::from_millis(100);

pub async fn expire(orchestrator: &Orchestrator) -> Result<(), StoreError> {
    let (store, limits) = (&orchestrator.store, orchestrator.settings.history);
    while limits.days > 0.0 && store.expire_versions(limits.days, VERSIONS).await? as i64 == VERSIONS {
        tokio::time::sleep(BATCH_PAUSE).await;
    }
    while limits.days > 0.0 && store.expire_trash(limits.days, ENTRIES).await? > 0 {
        tokio::time::sleep(BATCH_PAUSE).await;
    }
    let pruned = store.prune_versions(limits.versions).await?
        + store.prune_history(limits.bytes).await?
        + store.prune_trash(limits.bytes).await?;
    if pruned > 0 {
        tracing::info!(pruned, "history and trash are at their bounds");
    }
    Ok(())
}
