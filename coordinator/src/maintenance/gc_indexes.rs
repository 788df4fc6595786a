//! Collects parts of indexes that nothing refers to any more: those of former indexes and of attempts that were lost, and
//! changes that were taken in. What is young may belong to an attempt that is about to be published, or to a search that
//! is about to fetch it.

use std::sync::Arc;

use chrono::{Duration, Utc};
use engunity_artifacts::{Entry, ObjectError, keys};
use engunity_store::{IndexUse, StoreError};
use futures::TryStreamExt;

use crate::orchestrator::Orchestrator;

/// Younger objects are kept.
const YOUNG_MINUTES: f64 = 10.0;
/// Projects of one round.
const BATCH: i64 = 100;

pub async fn collect(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    for used in orchestrator.store.indexes_to_sweep(YOUNG_MINUTES, BATCH).await? {
        if let Err(error) = sweep(&orchestrator, &used).await {
            tracing::warn!(%error, project = %used.project, "could not collect parts of former indexes; trying again later");
        }
    }
    Ok(())
}

async fn sweep(orchestrator: &Orchestrator, used: &IndexUse) -> Result<(), ObjectError> {
    let all: Vec<Entry> = orchestrator.objects.list(&keys::index_prefix(used.project)).try_collect().await?;
    for entry in all.iter().filter(|entry| is_garbage(entry, used)) {
        orchestrator.objects.delete(&entry.key).await?;
    }
    Ok(())
}

fn is_garbage(entry: &Entry, used: &IndexUse) -> bool {
    let young = Utc::now() - Duration::seconds((YOUNG_MINUTES * 60.0) as i64);
    let is_old = entry.modified.is_some_and(|modified| modified < young);
    // Changes beyond the index belong to a job, as long as there is one.
    let is_beyond =
        keys::revision_of_changes(used.project, &entry.key).is_some_and(|revision| revision > used.revision);
    let is_waiting = used.has_job && is_beyond;
    is_old && !is_waiting && !used.objects.contains(&entry.key)
}

#[cfg(test)]
mod tests {
    use engunity_protocol::ProjectId;

    use super::*;

    #[test]
    fn only_what_is_old_and_not_referred_to_is_garbage() {
        let project = ProjectId::new();
        let used =
            IndexUse { project, revision: 7, objects: vec![keys::index_part(project, "now")], has_job: true };
        let garbage = |key: String, minutes| {
            let modified = Some(Utc::now() - Duration::minutes(minutes));
            is_garbage(&Entry { key, size: 1, modified }, &used)
        };
        let id = uuid::Uuid::from_u128(1);
        assert!(garbage(keys::index_part(project, "former"), 11));
        assert!(!garbage(keys::index_part(project, "former"), 9), "a search may be fetching it");
        assert!(!garbage(keys::index_part(project, "now"), 60));
        assert!(garbage(keys::index_changes(project, 7, id), 60));
        assert!(!garbage(keys::index_changes(project, 8, id), 60), "a job waits with it");
        let failed = IndexUse { has_job: false, ..used.clone() };
        let modified = Some(Utc::now() - Duration::minutes(60));
        let entry = Entry { key: keys::index_changes(project, 8, id), size: 1, modified };
        assert!(is_garbage(&entry, &failed), "its job has failed");
    }
}
