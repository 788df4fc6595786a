//! Every write that changes jobs: it commits, and then notifies whoever follows them, so that no caller can forget it.

use std::collections::HashMap;
use std::sync::Arc;

use engunity_protocol::{
    JobId, UserId,
    wire::{EventBatch, Grant},
};
use engunity_store::{Accepted, Cancelled, ClaimKey, JobChange, NewJob, Recorded, Store, StoreError};
use uuid::Uuid;

use crate::notify::notifier::Notifier;

/// A cheap handle.
#[derive(Clone)]
pub struct JobWriter {
    store: Store,
    notifier: Arc<Notifier>,
}

impl JobWriter {
    pub fn new(store: Store, notifier: Arc<Notifier>) -> Self {
        Self { store, notifier }
    }

    pub async fn insert(&self, jobs: &[NewJob]) -> Result<Vec<Accepted>, StoreError> {
        let accepted = self.store.insert_jobs(jobs).await?;
        self.notifier.notify_jobs(&accepted.iter().filter_map(inserted).collect::<Vec<_>>());
        Ok(accepted)
    }

    pub async fn claim(&self, keys: &[ClaimKey]) -> Result<HashMap<(JobId, Uuid), Grant>, StoreError> {
        let granted = self.store.claim(keys).await?;
        self.notifier.notify_jobs(&granted.values().map(|(_, change)| *change).collect::<Vec<_>>());
        Ok(granted.into_iter().map(|(key, (grant, _))| (key, grant)).collect())
    }

    pub async fn record(&self, batches: &[EventBatch]) -> Result<Recorded, StoreError> {
        let recorded = self.store.record(batches).await?;
        self.notifier.notify_jobs(&recorded.changed);
        Ok(recorded)
    }

    /// Ends attempts whose lease has expired; returns their jobs.
    pub async fn reap(&self) -> Result<Vec<JobChange>, StoreError> {
        let lost = self.store.reap().await?;
        self.notifier.notify_jobs(&lost);
        Ok(lost)
    }

    /// Cancels up to `limit` jobs of deleted projects.
    pub async fn cancel_deleted(&self, limit: i64) -> Result<Vec<Cancelled>, StoreError> {
        let cancelled = self.store.cancel_deleted(limit).await?;
        let ended = cancelled.iter().filter(|one| one.ended).map(|one| JobChange::of(&one.job));
        self.notifier.notify_jobs(&ended.collect::<Vec<_>>());
        Ok(cancelled)
    }

    /// Ends runs that are far beyond their own limit of time; returns their jobs.
    pub async fn end_overdue(&self, grace_seconds: f64) -> Result<Vec<JobChange>, StoreError> {
        let ended = self.store.end_overdue(grace_seconds).await?;
        self.notifier.notify_jobs(&ended);
        Ok(ended)
    }

    /// Cancels a user's job; `None` where there is nothing to cancel.
    pub async fn cancel(&self, owner: UserId, id: JobId) -> Result<Option<Cancelled>, StoreError> {
        let cancelled = self.store.cancel_job(owner, id).await?;
        if let Some(Cancelled { job, ended: true, .. }) = &cancelled {
            self.notifier.notify_jobs(&[JobChange::of(job)]);
        }
        Ok(cancelled)
    }
}

fn inserted(accepted: &Accepted) -> Option<JobChange> {
    match accepted {
        Accepted::New(job) => Some(JobChange::of(job)),
        _ => None,
    }
}
