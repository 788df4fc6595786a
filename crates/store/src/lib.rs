//! All SQL of the system: the only crate that knows PostgreSQL.
//!
//! One folder per area, each a set of methods on [`Store`] that take and return the types of
//! `engunity-protocol`. Every query that a user causes names that user: what belongs to someone else
//! does not exist. Migrations are embedded and run by [`Store::migrate`].

mod accounts;
mod batch;
mod connection;
mod deadlines;
mod error;
pub mod files;
mod gc;
mod indexes;
mod jobs;
mod kinds;
mod migrate;
mod workers;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::NoTls;

use connection::Connection;

pub use accounts::{AccountChange, Admission, Device, Registered, Revocation, Rotation, StoredAccount};
pub use deadlines::Deadlines;
pub use error::StoreError;
pub use files::{ChangeError, ProjectCursor, blobs, bulk, plan, snapshots};
pub use gc::{DeadAttempt, HistoryLimits};
pub use indexes::{
    ChangedFile, DueIndex, FileNow, IndexBase, IndexUse, Overlay, OverlayFile, OverlayLimits, PublishedIndex,
    SearchView,
};
pub use jobs::{
    AcceptLimits, Accepted, Cancelled, Chunk, ClaimKey, FleetCapacity, Idempotency, JobChange, JobFilter,
    JobHead, MAX_LOSSES, NewJob, Recorded, ReleasePolicy, Released, StoredBody, StoredEvent, fencing,
};
pub use migrate::MIGRATIONS;
pub use workers::{COORDINATOR_LEASE_SECONDS, HeartbeatOutcome, LEASE_SECONDS};

pub type Result<T> = std::result::Result<T, StoreError>;

/// A cheap handle on the database: clone it freely.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    /// For the statements that whole batches go through: see `batch`.
    hot: Pool,
    deadlines: Deadlines,
    usage: files::UsageCache,
}

impl Store {
    /// [`Store::with_deadlines`] with the default ones.
    pub fn new(url: &str, connections: usize) -> Result<Self> {
        Self::with_deadlines(url, connections, Deadlines::default())
    }

    /// Prepares pools of together at most `connections` (at least two); none is opened before the first query.
    /// Options in the URL override those that follow from `deadlines`.
    pub fn with_deadlines(url: &str, connections: usize, deadlines: Deadlines) -> Result<Self> {
        let mut postgres: tokio_postgres::Config = url.parse().map_err(StoreError::Url)?;
        deadlines.apply_to(&mut postgres);
        let hot = (connections * 2 / 5).max(1);
        let with_options = |ours: String| {
            let mut config = postgres.clone();
            config.options([&ours, postgres.get_options().unwrap_or_default()].join(" ").trim());
            config
        };
        let requests = with_options(deadlines.of_requests().options());
        let batches = with_options([&deadlines.of_batches().options(), batch::BY_KEY].join(" "));
        Ok(Self {
            pool: pool(requests, connections.saturating_sub(hot).max(1), &deadlines)?,
            hot: pool(batches, hot, &deadlines)?,
            deadlines,
            usage: files::UsageCache::new(),
        })
    }

    pub(crate) async fn connection(&self) -> Result<Connection> {
        Ok(Connection::new(self.pool.get().await?, self.deadlines.of_requests().answer()))
    }

    pub(crate) async fn hot(&self) -> Result<Connection> {
        Ok(Connection::new(self.hot.get().await?, self.deadlines.of_batches().answer()))
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.connection().await?.simple_query("SELECT 1").await?;
        Ok(())
    }
}

fn pool(postgres: tokio_postgres::Config, size: usize, deadlines: &Deadlines) -> Result<Pool> {
    let manager =
        Manager::from_config(postgres, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let timeouts = Timeouts {
        wait: Some(deadlines.pool_wait),
        create: Some(deadlines.connect),
        recycle: Some(deadlines.connect),
    };
    Ok(Pool::builder(manager).max_size(size).timeouts(timeouts).runtime(Runtime::Tokio1).build()?)
}
