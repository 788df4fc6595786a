//! Collects expired tokens, contents and manifests that were never committed, snapshots of past revisions, and objects
//! whose rows are gone. Each step is safe at any time, on several coordinators at once.

use engunity_artifacts::{ObjectStore, keys};
use engunity_protocol::UserId;
use engunity_store::{Store, StoreError};
use futures::{StreamExt, stream};

/// Deletions under way at one time.
const PARALLEL: usize = 8;
const GC_BATCH: i64 = 200;

/// Runs every step once; a step that fails is tried again next time.
pub async fn collect(store: &Store, objects: &ObjectStore) {
    log_outcome("expired tokens", store.forget_expired_tokens().await);
    log_outcome("old manifests", store.forget_old_syncs().await);
    log_outcome("old snapshots", store.retire_snapshots().await);
    log_outcome(
        "unused contents",
        until_done(move || store.collect_blobs(move |blobs| delete_blobs(objects, blobs))).await,
    );
    log_outcome("discarded objects", until_done(move || delete_scheduled_objects(store, objects)).await);
}

/// Repeats a batched step until it finds nothing, so that garbage can't accumulate faster than it is collected.
async fn until_done<F>(step: impl Fn() -> F) -> Result<u64, StoreError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    let mut count = 0;
    loop {
        match step().await? {
            0 => return Ok(count),
            more => count += more,
        }
    }
}

fn log_outcome(what: &str, result: Result<u64, StoreError>) {
    match result {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "collected {what}"),
        Err(error) => tracing::warn!(%error, "could not collect {what}"),
    }
}

/// True when all are gone.
async fn delete_blobs(objects: &ObjectStore, blobs: Vec<(UserId, String)>) -> bool {
    let deleting =
        blobs.into_iter().map(|(owner, hash)| async move { objects.delete(&keys::blob(owner, &hash)).await });
    stream::iter(deleting).buffer_unordered(PARALLEL).all(|deleted| std::future::ready(deleted.is_ok())).await
}

async fn delete_scheduled_objects(store: &Store, objects: &ObjectStore) -> Result<u64, StoreError> {
    let mut gone = Vec::new();
    for (id, key) in store.objects_for_gc(GC_BATCH).await? {
        let deleted = if key.ends_with('/') {
            objects.delete_prefix(&key).await.map(drop)
        } else {
            objects.delete(&key).await
        };
        match deleted {
            Ok(()) => gone.push(id),
            Err(error) => tracing::warn!(key, %error, "could not delete a discarded object"),
        }
    }
    if !gone.is_empty() {
        store.objects_collected(&gone).await?;
    }
    Ok(gone.len() as u64)
}
