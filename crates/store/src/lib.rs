//! All SQL of the system: the only crate that knows PostgreSQL.
//!
//! One folder per area, each a set of methods on [`Store`] that take and return the types of
//! `engunity-protocol`. Every query that a user causes names that user: what belongs to someone else
//! does not exist. Migrations are embedded and run by [`Store::migrate`].

mod accounts;
mod batch;
mod error;
pub mod files;
mod gc;
mod jobs;
mod migrate;
mod workers;

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::NoTls;

pub use accounts::{AccountChange, Admission, Device, Registered, Revocation, Rotation, StoredAccount};
pub use error::StoreError;
pub use files::{ChangeError, ProjectCursor, blobs, bulk, plan, snapshots};
pub use gc::{DeadAttempt, HistoryLimits};
pub use jobs::{
    AcceptLimits, Accepted, Cancelled, Chunk, ClaimKey, FleetCapacity, Idempotency, JobChange, JobFilter,
    JobHead, MAX_LOSSES, NewJob, Recorded, ReleasePolicy, Released, StoredBody, StoredEvent, fencing,
};
pub use migrate::MIGRATIONS;
pub use workers::{COORDINATOR_LEASE_SECONDS, HeartbeatOutcome, LEASE_SECONDS};

pub type Result<T> = std::result::Result<T, StoreError>;

/// How long a request waits for a connection before it fails with [`StoreError::Unavailable`].
const CONNECTION_WAIT: Duration = Duration::from_secs(3);

/// A cheap handle on the database: clone it freely.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    /// For the statements that whole batches go through: see `batch`.
    hot: Pool,
    usage: files::UsageCache,
}

impl Store {
    /// Prepares pools of together at most `connections` (at least two); none is opened before the first query.
    pub fn new(url: &str, connections: usize) -> Result<Self> {
        let postgres: tokio_postgres::Config = url.parse().map_err(StoreError::Url)?;
        let hot = (connections * 2 / 5).max(1);
        let mut planned = postgres.clone();
        planned.options([postgres.get_options().unwrap_or_default(), batch::BY_KEY].join(" "));
        Ok(Self {
            pool: pool(postgres, connections.saturating_sub(hot).max(1))?,
            hot: pool(planned, hot)?,
            usage: files::UsageCache::new(),
        })
    }

    pub(crate) async fn connection(&self) -> Result<Object> {
        Ok(self.pool.get().await?)
    }

    pub(crate) async fn hot(&self) -> Result<Object> {
        Ok(self.hot.get().await?)
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.connection().await?.simple_query("SELECT 1").await?;
        Ok(())
    }
}

fn pool(postgres: tokio_postgres::Config, size: usize) -> Result<Pool> {
    let manager =
        Manager::from_config(postgres, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let timeouts = Timeouts {
        wait: Some(CONNECTION_WAIT),
        create: Some(CONNECTION_WAIT),
        recycle: Some(CONNECTION_WAIT),
    };
    Ok(Pool::builder(manager).max_size(size).timeouts(timeouts).runtime(Runtime::Tokio1).build()?)
}
