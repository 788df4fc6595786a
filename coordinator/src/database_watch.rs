//! Whether this coordinator can write to the database. One that can't, lets go of everything that it could only hold:
//! events, heartbeats and claims then go to a coordinator that can serve them.

use std::{future::Future, time::Duration};

use engunity_protocol::CoordinatorId;
use engunity_store::Store;
use tokio::{sync::watch, time::timeout};

const INTERVAL: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(3);
/// A single failure may be the end of one connection.
const MAX_FAILURES: u32 = 2;

pub struct DatabaseWatch {
    store: Store,
    id: CoordinatorId,
    writable: watch::Sender<bool>,
}

impl DatabaseWatch {
    pub fn new(store: Store, id: CoordinatorId) -> Self {
        Self { store, id, writable: watch::Sender::new(true) }
    }

    /// Renews this coordinator's lease, which is a write, and publishes whether that works. Never returns.
    pub async fn run(&self) {
        let mut failures = 0;
        loop {
            let renewed = timeout(TIMEOUT, self.store.renew_coordinator(&self.id)).await;
            failures = if matches!(renewed, Ok(Ok(()))) { 0 } else { failures + 1 };
            self.set(failures < MAX_FAILURES);
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Runs `work` whenever the database is writable, and drops it when it is not any more. Never returns.
    pub async fn while_writable<F: Future<Output = ()>>(&self, work: impl Fn() -> F) {
        loop {
            self.until(true).await;
            tokio::select! {
                () = work() => tokio::time::sleep(INTERVAL).await,
                () = self.until(false) => {}
            }
        }
    }

    async fn until(&self, wanted: bool) {
        let _ = self.writable.subscribe().wait_for(|writable| *writable == wanted).await;
    }

    fn set(&self, writable: bool) {
        let changed =
            self.writable.send_if_modified(|before| std::mem::replace(before, writable) != writable);
        if changed && writable {
            tracing::info!("the database can be written to again");
        } else if changed {
            tracing::warn!(
                "the database can't be written to: leaving events, heartbeats and claims to others"
            );
        }
    }
}
