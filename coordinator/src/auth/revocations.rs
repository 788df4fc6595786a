//! Sessions and personal tokens that have ended. Access tokens are checked without the database, so each coordinator keeps
//! what has ended lately in memory: what it ends itself at once, what others end within a second. Streams and sockets wait
//! for the end of what they were opened by.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use engunity_store::{Store, StoreError};
use tokio::sync::watch;
use uuid::Uuid;

use super::tokens::Authority;

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Rows of the last minute are read each time: one that commits late is not missed.
const OVERLAP_SECONDS: f64 = 60.0;

pub struct Revocations {
    store: Store,
    /// How long an entry matters: as long as an access token lives.
    lifetime: Duration,
    ended: Mutex<HashMap<Uuid, Entry>>,
    /// Counts the entries that were ever added.
    count: watch::Sender<u64>,
}

#[derive(Clone, Copy)]
struct Entry {
    number: u64,
    at: Instant,
}

impl Revocations {
    pub fn new(store: Store, lifetime: Duration) -> Self {
        Self { store, lifetime, ended: Mutex::default(), count: watch::Sender::new(0) }
    }

    /// How many there were until now: what ends an authority that is checked after this call has a higher number.
    pub fn seen(&self) -> u64 {
        *self.count.borrow()
    }

    /// Whether this has ended at any time.
    pub fn contains(&self, id: Uuid) -> bool {
        self.lock().contains_key(&id)
    }

    /// Adds what has ended; what is known already is left alone.
    pub fn add(&self, ids: impl IntoIterator<Item = Uuid>) {
        let mut ended = self.lock();
        let mut count = self.seen();
        for id in ids {
            ended.entry(id).or_insert_with(|| {
                count += 1;
                Entry { number: count, at: Instant::now() }
            });
        }
        drop(ended);
        self.count.send_if_modified(|known| {
            let is_new = count > *known;
            *known = count.max(*known);
            is_new
        });
    }

    /// Waits until what `authority` stands for ends.
    pub async fn ended(&self, authority: Authority) {
        let Some(id) = authority.id else { return std::future::pending().await };
        let mut count = self.count.subscribe();
        loop {
            count.mark_unchanged();
            if self.lock().get(&id).is_some_and(|entry| entry.number > authority.seen) {
                return;
            }
            if count.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Reads all that may still matter; to be called before the first request is served.
    pub async fn load(&self) -> Result<(), StoreError> {
        self.read(self.lifetime.as_secs_f64() + OVERLAP_SECONDS).await
    }

    /// Follows what other coordinators end, for ever.
    pub async fn follow(&self) {
        // When the last reading that came to something began: a process that was stopped reads what it missed.
        let mut read_at: Option<SystemTime> = None;
        loop {
            let began = SystemTime::now();
            let elapsed = read_at.and_then(|at| began.duration_since(at).ok());
            let behind = elapsed.map_or(self.lifetime, |elapsed| elapsed.min(self.lifetime));
            match self.read(behind.as_secs_f64() + OVERLAP_SECONDS).await {
                Ok(()) => read_at = Some(began),
                Err(error) => tracing::debug!(%error, "the sessions that have ended could not be read"),
            }
            tokio::time::sleep(POLL_INTERVAL).await;
            self.forget();
        }
    }

    async fn read(&self, seconds: f64) -> Result<(), StoreError> {
        let rows = self.store.revocations(seconds).await?;
        self.add(rows.into_iter().map(|row| row.authority));
        Ok(())
    }

    fn forget(&self) {
        let keep = self.lifetime + Duration::from_secs(2 * OVERLAP_SECONDS as u64);
        self.lock().retain(|_, entry| entry.at.elapsed() < keep);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Entry>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
