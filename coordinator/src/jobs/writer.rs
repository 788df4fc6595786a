//! Every write that changes jobs: it commits, and then notifies whoever follows them, so that no caller can forget it.

use std::collections::HashMap;
use std::sync::Arc;

use engunity_protocol::{
    JobId, UserId, WorkerId,
    index::IndexReport,
    wire::{EventBatch, EventBody, Grant, WorkerEvent},
};
use engunity_store::{Accepted, Cancelled, ClaimKey, JobChange, NewJob, Recorded, Store, StoreError};
use uuid::Uuid;

use crate::notify::notifier::Notifier;

/// Seconds that the events of all jobs may wait for one index.
const PUBLISH_PATIENCE: f64 = 0.25;
/// Seconds that a publication behind them may take.
const PUBLISH_PATIENCE_BEHIND: f64 = 30.0;

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

    /// Records events. An index is published before its event counts: whoever sees the job's end finds it.
    pub async fn record(&self, batches: &[EventBatch]) -> Result<Recorded, StoreError> {
        for batch in batches {
            for event in &batch.events {
                match &event.body {
                    EventBody::Indexed(report) => self.publish(&batch.worker_id, event, report).await,
                    EventBody::IndexUnusable { manifest, .. } => {
                        self.forget(&batch.worker_id, event, manifest).await;
                    }
                    _ => {}
                }
            }
        }
        let recorded = self.store.record(batches).await?;
        self.notifier.notify_jobs(&recorded.changed);
        Ok(recorded)
    }

    /// Publishes an index. Who writes files holds what this needs, so it goes on in the background where it must wait;
    /// should that fail too, the next build brings it.
    async fn publish(&self, worker: &WorkerId, event: &WorkerEvent, report: &IndexReport) {
        let publish = |patience| {
            let (store, worker, report) = (self.store.clone(), worker.clone(), report.clone());
            let (job_id, attempt) = (event.job_id, event.attempt);
            async move { store.publish_index(job_id, attempt, &worker, &report, patience).await }
        };
        if publish(PUBLISH_PATIENCE).await.is_err() {
            let again = publish(PUBLISH_PATIENCE_BEHIND);
            tokio::spawn(async move {
                if let Err(error) = again.await {
                    tracing::warn!(%error, "an index could not be published; it is built again");
                }
            });
        }
    }

    async fn forget(&self, worker: &WorkerId, event: &WorkerEvent, manifest: &str) {
        let forget = async {
            match self.store.project_of_attempt(event.job_id, event.attempt, worker).await? {
                Some(project) => self.store.forget_index(project, manifest).await,
                None => Ok(false),
            }
        };
        if let Err(error) = forget.await {
            tracing::warn!(%error, "an unusable index could not be forgotten; its next job will find out again");
        }
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
