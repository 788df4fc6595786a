//! What every part of the worker is built from, and the state that the heartbeat reports.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use engunity_artifacts::ObjectStore;
use engunity_languages::Catalog;
use engunity_protocol::{
    WorkerId,
    job::Pool,
    wire::{Offers, PoolCapacity},
};

use crate::{
    embedding::Embedding,
    execution::snapshots::SnapshotCache,
    indexes::IndexCache,
    intake::{
        runs::ActiveRuns,
        slots::{Pools, Slots},
    },
    report::outbox::Outbox,
    sandbox::Sandbox,
};

const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// The dependencies of all jobs.
pub struct WorkerContext {
    pub identity: Identity,
    pub catalog: Catalog,
    pub image_prefix: String,
    pub objects: ObjectStore,
    pub snapshots: SnapshotCache,
    pub indexes: IndexCache,
    pub sandbox: Arc<dyn Sandbox>,
    pub embedding: Arc<Embedding>,
    pub outbox: Outbox,
    pub status: Arc<WorkerStatus>,
}

/// Names one process lifetime of this worker: a restart gets a new id.
#[derive(Debug, Clone)]
pub struct Identity {
    pub id: WorkerId,
    pub name: String,
    pub started_at: DateTime<Utc>,
}

impl Identity {
    pub fn new(name: &str) -> Self {
        let suffix = &uuid::Uuid::new_v4().simple().to_string()[..8];
        Self { id: WorkerId(format!("{name}-{suffix}")), name: name.to_owned(), started_at: Utc::now() }
    }
}

/// What the heartbeat reports.
pub struct WorkerStatus {
    pub active_runs: ActiveRuns,
    pub pools: Pools,
    offers: Mutex<Offers>,
    /// The worker finishes its runs and takes no more.
    pub draining: AtomicBool,
    /// An administrator wants it to take no more jobs.
    pub paused: AtomicBool,
    /// The container engine does not respond.
    pub engine_down: AtomicBool,
    /// The newest ping that passed through the loop that also takes jobs.
    pub last_ping: AtomicU64,
    /// Counts up while the runtime runs: see [`show_progress`].
    pub progress: AtomicU64,
}

impl WorkerStatus {
    pub fn new(pools: Pools, offers: Offers) -> Self {
        Self {
            active_runs: ActiveRuns::default(),
            pools,
            offers: Mutex::new(offers),
            draining: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            engine_down: AtomicBool::new(false),
            last_ping: AtomicU64::new(0),
            progress: AtomicU64::new(1),
        }
    }

    /// What the worker can do now.
    pub fn offers(&self) -> Offers {
        self.lock_offers().clone()
    }

    /// Sets the runtimes that jobs may ask for.
    pub fn offer_runtimes(&self, runtimes: Vec<String>) {
        let mut offers = self.lock_offers();
        if offers.runtimes.as_ref() != Some(&runtimes) {
            tracing::info!(?runtimes, "the runtimes that this worker offers");
            offers.runtimes = Some(runtimes);
        }
    }

    /// A runtime turned out to be missing: no coordinator may send jobs for it here any more.
    pub fn withdraw_runtime(&self, name: &str) {
        if let Some(runtimes) = &mut self.lock_offers().runtimes {
            runtimes.retain(|runtime| runtime != name);
        }
    }

    fn lock_offers(&self) -> MutexGuard<'_, Offers> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slots of each pool. While the container engine is down, pools that need it have none.
    pub fn capacity(&self) -> BTreeMap<String, PoolCapacity> {
        let engine_down = self.engine_down.load(Ordering::Relaxed);
        let of = |(pool, slots): (Pool, &Slots)| {
            let usable = !(engine_down && pool.needs_engine());
            let capacity = PoolCapacity { total: slots.total(), free: slots.free() };
            (pool.to_string(), if usable { capacity } else { PoolCapacity::default() })
        };
        self.pools.iter().map(of).collect()
    }
}

/// Counts for as long as the runtime that runs jobs gives this task its turn.
pub async fn show_progress(status: Weak<WorkerStatus>) {
    while let Some(status) = status.upgrade() {
        status.progress.fetch_add(1, Ordering::Relaxed);
        drop(status);
        tokio::time::sleep(PROGRESS_INTERVAL).await;
    }
}
