//! What callers do with jobs: submit, read, follow, cancel.

use std::sync::Arc;

use engunity_protocol::{JobId, UserId, job::Job, wire::Control};
use engunity_store::{Accepted, Cancelled, JobChange, JobFilter, NewJob, Store, StoreError};

use super::dispatcher::Dispatcher;
use super::event_reader::JobReader;
use super::worker_registry::WorkerRegistry;
use super::writer::JobWriter;
use crate::notify::notifier::Notifier;

/// Jobs that are looked up together to be cancelled.
const CANCEL_BATCH: i64 = 500;

/// A cheap handle.
#[derive(Clone)]
pub struct Jobs {
    store: Store,
    writer: JobWriter,
    dispatcher: Dispatcher,
    workers: Arc<WorkerRegistry>,
    notifier: Arc<Notifier>,
}

impl Jobs {
    pub fn new(
        store: Store,
        writer: JobWriter,
        dispatcher: Dispatcher,
        workers: Arc<WorkerRegistry>,
        notifier: Arc<Notifier>,
    ) -> Self {
        Self { store, writer, dispatcher, workers, notifier }
    }

    /// Accepts jobs: when it returns, they will run.
    pub async fn submit(&self, jobs: Vec<NewJob>) -> Result<Vec<Accepted>, StoreError> {
        self.dispatcher.accept(jobs).await
    }

    /// A user's jobs, newest first.
    pub async fn list(&self, owner: UserId, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        self.store.jobs(owner, filter).await
    }

    /// Says of queued jobs what they wait for.
    pub async fn fill_waiting(&self, owner: UserId, jobs: &mut [Job]) -> Result<(), StoreError> {
        self.store.fill_waiting(owner, jobs).await
    }

    /// A user's job, with what it waits for.
    pub async fn find(&self, owner: UserId, id: JobId) -> Result<Option<Job>, StoreError> {
        let Some(head) = self.store.job(owner, id).await? else { return Ok(None) };
        let mut job = head.job;
        self.store.fill_waiting(owner, std::slice::from_mut(&mut job)).await?;
        Ok(Some(job))
    }

    /// Follows a user's job after event number `after`; `None` if there is no such job.
    pub async fn follow(
        &self,
        owner: UserId,
        id: JobId,
        after: i64,
    ) -> Result<Option<JobReader>, StoreError> {
        JobReader::open(&self.store, &self.notifier, owner, id, after).await
    }

    /// Cancels a job: a queued one at once, a running one through its worker. A job that has ended stays as it is.
    pub async fn cancel(&self, owner: UserId, id: JobId) -> Result<Option<Job>, StoreError> {
        let Some(Cancelled { job, ended, running_at }) = self.writer.cancel(owner, id).await? else {
            return self.find(owner, id).await;
        };
        if let Some((worker, attempt)) = running_at {
            self.workers.control(&worker, &Control::Cancel { job_id: job.id, attempt }).await;
        }
        if ended {
            self.dispatcher.wake_for(&[JobChange::of(&job)]);
        }
        Ok(Some(job))
    }

    /// Cancels all unfinished jobs of a user.
    pub async fn cancel_all_of(&self, owner: UserId) -> Result<(), StoreError> {
        loop {
            let ids = self.store.unfinished_jobs(owner, CANCEL_BATCH).await?;
            for id in &ids {
                self.cancel(owner, *id).await?;
            }
            if (ids.len() as i64) < CANCEL_BATCH {
                return Ok(());
            }
        }
    }
}
