//! From an accepted job to a message that a worker receives.
//!
//! Accepting is one commit (batched). Then the dispatcher of its pool is woken at once: it releases what the fleet has
//! capacity for, in turn between users, together with the intent to publish, and publishes. A message that the broker did
//! not confirm, or that nobody claimed, is published again periodically (`maintenance`). An outage of the broker delays
//! jobs; it never refuses or loses one. Knows the store and the broker; decides nothing about order (the store does).

use std::{collections::HashMap, sync::Arc, time::Duration};

use engunity_broker::{Message, Publisher, Route};
use engunity_protocol::{
    JobId,
    job::{JobKind, Pool},
    wire::{self, JobReady},
};
use engunity_store::{Accepted, JobChange, NewJob, Released, Store, StoreError};
use tokio::sync::Notify;

use super::writer::JobWriter;
use crate::limits::Limits;
use crate::notify::{batcher::Batcher, throttle::Throttle};

/// Jobs of one insert.
const BATCH: usize = 512;
/// Inserts under way at the same time: the second fills up while the first waits for the disk.
const CONCURRENCY: usize = 2;
const ACCEPT_MIN_INTERVAL: Duration = Duration::from_millis(2);
const RELEASE_MIN_INTERVAL: Duration = Duration::from_millis(5);
/// Capacity can also appear without a wake-up: a worker joins, or another coordinator frees some.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(250);

/// A cheap handle: clone it freely.
#[derive(Clone)]
pub struct Dispatcher {
    store: Store,
    publisher: Publisher,
    accepting: Batcher<Vec<NewJob>, Vec<Accepted>>,
    limits: Arc<Limits>,
    wake: Arc<Wake>,
}

/// One signal for each pool: what happens to jobs of one pool gives no reason to look at another's.
struct Wake {
    pools: HashMap<Pool, Notify>,
}

impl Default for Wake {
    fn default() -> Self {
        Self { pools: Pool::ALL.iter().map(|pool| (*pool, Notify::new())).collect() }
    }
}

impl Wake {
    fn of(&self, pool: Pool) -> &Notify {
        &self.pools[&pool]
    }

    fn all(&self) {
        self.pools.values().for_each(Notify::notify_one);
    }

    /// The pools of jobs of these kinds; all where a kind is unknown (a newer version's).
    fn pools_of(&self, kinds: impl Iterator<Item = Option<JobKind>>) {
        for kind in kinds {
            match kind {
                Some(kind) => self.of(kind.pool()).notify_one(),
                None => self.all(),
            }
        }
    }
}

impl Dispatcher {
    pub fn new(store: Store, publisher: Publisher, writer: JobWriter, limits: Arc<Limits>) -> Self {
        let wake = Arc::new(Wake::default());
        let woken = wake.clone();
        let insert = move |requests: Vec<Vec<NewJob>>| {
            let (writer, wake) = (writer.clone(), woken.clone());
            async move {
                let accepted = insert(&writer, requests).await?;
                wake.pools_of(accepted.iter().flatten().filter_map(new_kind));
                Ok(accepted)
            }
        };
        let accepting = Batcher::start(CONCURRENCY, BATCH, ACCEPT_MIN_INTERVAL, insert);
        Self { store, publisher, accepting, limits, wake }
    }

    /// Accepts jobs: when it returns, they will run.
    pub async fn accept(&self, jobs: Vec<NewJob>) -> Result<Vec<Accepted>, StoreError> {
        self.accepting.submit(jobs).await
    }

    /// Looks at all pools again: there may be capacity, or jobs to release.
    pub fn wake(&self) {
        self.wake.all();
    }

    /// Looks again at the pools of jobs whose state has changed.
    pub fn wake_for(&self, changes: &[JobChange]) {
        self.wake.pools_of(changes.iter().filter(|change| change.state).map(|change| change.kind));
    }

    /// Releases jobs of one pool whenever there is capacity, forever.
    pub async fn run(self, pool: Pool) {
        let mut throttle = Throttle::new(RELEASE_MIN_INTERVAL);
        loop {
            let _ = tokio::time::timeout(POLL_INTERVAL, self.wake.of(pool).notified()).await;
            throttle.wait().await;
            // Jobs wait in the backlog until the broker takes messages again.
            if self.publisher.is_blocked() {
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                continue;
            }
            match self.store.release(pool, &self.limits.release_policy()).await {
                Ok(released) if released.is_empty() => {}
                Ok(released) => {
                    // The next release need not wait for the broker's confirmations.
                    let dispatcher = self.clone();
                    tokio::spawn(async move { dispatcher.publish(released).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "could not release jobs; trying again");
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Publishes released jobs; those that the broker did not confirm become due again.
    pub async fn publish(&self, released: Vec<Released>) {
        let messages: Vec<Message> = released.iter().filter_map(message).collect();
        let results = self.publisher.publish_all(&messages).await;
        let failed: Vec<JobId> = released
            .iter()
            .zip(&results)
            .filter(|(_, result)| result.is_err())
            .map(|(released, _)| released.job_id)
            .collect();
        if failed.is_empty() {
            return;
        }
        tracing::warn!(jobs = failed.len(), "the broker did not confirm jobs; they will be published again");
        if let Err(error) = self.store.dispatches_failed(&failed).await {
            tracing::debug!(%error, "could not expedite unconfirmed jobs; they are published again later");
        }
    }
}

async fn insert(writer: &JobWriter, requests: Vec<Vec<NewJob>>) -> Result<Vec<Vec<Accepted>>, StoreError> {
    let counts: Vec<usize> = requests.iter().map(Vec::len).collect();
    let jobs: Vec<NewJob> = requests.into_iter().flatten().collect();
    let mut accepted = writer.insert(&jobs).await?.into_iter();
    Ok(counts.into_iter().map(|count| accepted.by_ref().take(count).collect()).collect())
}

/// The kind of a job that was accepted just now.
fn new_kind(accepted: &Accepted) -> Option<Option<JobKind>> {
    match accepted {
        Accepted::New(job) => Some(Some(job.kind)),
        _ => None,
    }
}

fn message(released: &Released) -> Option<Message> {
    let ready = JobReady { job_id: released.job_id, kind: released.kind, class: released.class };
    let body = wire::encode(&ready).ok()?;
    Some(Message::new(Route::job(released.kind, released.class), body))
}
