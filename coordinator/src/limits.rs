//! What users and the installation may use: the configured limits, what administrators changed, and each user's own. Counts
//! here what only this process knows: open streams and uploads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use engunity_protocol::UserId;
use engunity_protocol::admin::{AllLimitsPatch, InstallationLimits, LimitsAnswer};
use engunity_protocol::limits::{LimitsView, ReachedLimit, UsageView};
use engunity_store::{Store, StoreError};
use moka::sync::Cache;

/// How long a change by another coordinator may take until it counts here.
const REFRESH: Duration = Duration::from_secs(2);
const REMEMBERED_USERS: u64 = 100_000;

pub struct Limits {
    store: Store,
    configured: LimitsAnswer,
    changed: RwLock<AllLimitsPatch>,
    of_users: Cache<UserId, LimitsView>,
    pub streams: Counter,
    pub uploads: Counter,
}

impl Limits {
    pub fn new(store: Store, per_user: LimitsView, installation: InstallationLimits) -> Self {
        Self {
            store,
            configured: LimitsAnswer { per_user, installation },
            changed: RwLock::default(),
            of_users: Cache::builder().max_capacity(REMEMBERED_USERS).time_to_live(REFRESH).build(),
            streams: Counter::new("open_streams"),
            uploads: Counter::new("concurrent_uploads"),
        }
    }

    /// What counts now.
    pub fn current(&self) -> LimitsAnswer {
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        LimitsAnswer {
            per_user: self.configured.per_user.with(&changed.per_user),
            installation: self.configured.installation.with(&changed.installation),
        }
    }

    /// What this user may use.
    pub async fn of(&self, user: UserId) -> Result<LimitsView, StoreError> {
        if let Some(limits) = self.of_users.get(&user) {
            return Ok(limits);
        }
        let limits = self.current().per_user.with(&self.store.own_limits(user).await?);
        self.of_users.insert(user, limits);
        Ok(limits)
    }

    /// What this user uses now; streams and uploads of this coordinator.
    pub async fn usage(&self, user: UserId) -> Result<UsageView, StoreError> {
        let stored = self.store.user_usage(user).await?;
        Ok(UsageView {
            open_streams: self.streams.of(user),
            concurrent_uploads: self.uploads.of(user),
            ..stored
        })
    }

    pub async fn change(&self, patch: &AllLimitsPatch) -> Result<LimitsAnswer, StoreError> {
        let changed = self.store.change_limit_settings(patch).await?;
        self.set(changed);
        Ok(self.current())
    }

    /// What was known of a user's limits is old.
    pub fn forget(&self, user: UserId) {
        self.of_users.invalidate(&user);
    }

    fn set(&self, changed: AllLimitsPatch) {
        let mut current = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        if *current != changed {
            *current = changed;
            self.of_users.invalidate_all();
        }
    }

    /// Follows what other coordinators change, for ever.
    pub async fn follow(&self) {
        loop {
            match self.store.limit_settings().await {
                Ok(changed) => self.set(changed),
                Err(error) => tracing::debug!(%error, "the limits could not be read"),
            }
            tokio::time::sleep(REFRESH).await;
        }
    }

    /// Counts a stream or socket until the permit is dropped.
    pub async fn open_stream(&self, user: UserId) -> Result<Permit, Refused> {
        let mine = self.of(user).await?.open_streams;
        Ok(self.streams.take(user, mine, self.current().installation.open_streams)?)
    }

    /// Counts an upload until the permit is dropped.
    pub async fn begin_upload(&self, user: UserId) -> Result<Permit, Refused> {
        let mine = self.of(user).await?.concurrent_uploads;
        Ok(self.uploads.take(user, mine, self.current().installation.concurrent_uploads)?)
    }
}

/// Why something was not allowed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{}: at most {}, and {} in use", .0.name, .0.limit, .0.used)]
    Reached(ReachedLimit),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReachedLimit> for Refused {
    fn from(reached: ReachedLimit) -> Self {
        Self::Reached(reached)
    }
}

/// Things of each user that are open at one time.
pub struct Counter {
    name: &'static str,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    total: i64,
    by_user: HashMap<UserId, i64>,
}

/// One open thing; dropping it closes it.
pub struct Permit {
    user: UserId,
    open: Arc<Mutex<Open>>,
}

impl Counter {
    fn new(name: &'static str) -> Self {
        Self { name, open: Arc::default() }
    }

    pub fn of(&self, user: UserId) -> i64 {
        lock(&self.open).by_user.get(&user).copied().unwrap_or_default()
    }

    /// One more, unless the user or all together have as many as they may; 0 is no limit.
    fn take(&self, user: UserId, most: i64, most_of_all: i64) -> Result<Permit, ReachedLimit> {
        let mut open = lock(&self.open);
        let used = open.by_user.get(&user).copied().unwrap_or_default();
        let reached = |name: String, limit, used| Err(ReachedLimit { name, limit, used });
        if most > 0 && used >= most {
            return reached(self.name.to_owned(), most, used);
        }
        if most_of_all > 0 && open.total >= most_of_all {
            return reached(format!("installation.{}", self.name), most_of_all, open.total);
        }
        open.total += 1;
        *open.by_user.entry(user).or_default() += 1;
        Ok(Permit { user, open: self.open.clone() })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.total -= 1;
        if let Some(count) = open.by_user.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.by_user.remove(&self.user);
            }
        }
    }
}

fn lock(open: &Mutex<Open>) -> std::sync::MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_users_and_all_together() {
        let counter = Counter::new("open_streams");
        let (ada, bob) = (UserId(1), UserId(2));
        let first = counter.take(ada, 2, 3).unwrap();
        let _second = counter.take(ada, 2, 3).unwrap();
        let refused = counter.take(ada, 2, 3).err().unwrap();
        assert_eq!((refused.name.as_str(), refused.limit, refused.used), ("open_streams", 2, 2));
        let _third = counter.take(bob, 2, 3).unwrap();
        assert_eq!(counter.take(bob, 2, 3).err().unwrap().name, "installation.open_streams");
        drop(first);
        assert_eq!(counter.of(ada), 1);
        assert!(counter.take(bob, 2, 3).is_ok());
    }
}
