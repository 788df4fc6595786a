//! What users and the installation may use: the configured limits, what administrators changed, and each user's own. Counts
//! here what only this process knows: open streams and uploads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use engunity_protocol::UserId;
use engunity_protocol::admin::{AllLimitsPatch, InstallationLimits, LimitsAnswer};
use engunity_protocol::limits::{LimitsView, ReachedLimit, UsageView};
use engunity_store::{AcceptLimits, ReleasePolicy, Store, StoreError};
use moka::sync::Cache;

/// How long a change by another coordinator may take until it counts here.
const REFRESH: Duration = Duration::from_secs(2);
/// How old the figure of stored bytes may be: it is a sum over all files of a user.
const STORED_REFRESH: Duration = Duration::from_secs(10);
const REMEMBERED_USERS: u64 = 100_000;

pub struct Limits {
    store: Store,
    configured: LimitsAnswer,
    changed: RwLock<AllLimitsPatch>,
    of_users: Cache<UserId, LimitsView>,
    /// Bytes of a user's files; `None`: of all.
    stored: Cache<Option<UserId>, i64>,
    reserved_share: f64,
    pub streams: Counter,
    pub uploads: Counter,
}

impl Limits {
    pub fn new(
        store: Store,
        per_user: LimitsView,
        installation: InstallationLimits,
        reserved_share: f64,
    ) -> Self {
        Self {
            store,
            configured: LimitsAnswer { per_user, installation },
            changed: RwLock::default(),
            of_users: Cache::builder().max_capacity(REMEMBERED_USERS).time_to_live(REFRESH).build(),
            stored: Cache::builder().max_capacity(REMEMBERED_USERS).time_to_live(STORED_REFRESH).build(),
            reserved_share,
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

    /// What the dispatcher heeds.
    pub fn release_policy(&self) -> ReleasePolicy {
        ReleasePolicy {
            running_jobs: self.current().per_user.running_jobs,
            reserved_share: self.reserved_share,
        }
    }

    /// What may stop a user's next job.
    pub async fn of_jobs(&self, user: UserId) -> Result<AcceptLimits, StoreError> {
        let limits = self.of(user).await?;
        Ok(AcceptLimits {
            queued_jobs: limits.queued_jobs,
            cpu_seconds_per_day: limits.cpu_seconds_per_day,
            output_bytes_per_day: limits.output_bytes_per_day,
            artifact_bytes_per_day: limits.artifact_bytes_per_day,
            all_queued_jobs: self.current().installation.queued_jobs,
        })
    }

    /// Whether a user may have one more project.
    pub async fn check_projects(&self, user: UserId) -> Result<(), Refused> {
        let limit = self.of(user).await?.projects;
        if limit == 0 {
            return Ok(());
        }
        let used = self.store.count_projects(user, limit).await?;
        within("projects", limit, used)
    }

    /// Whether a user may store more. The figure is some seconds old: a user can pass the limit by what is stored
    /// meanwhile, once.
    pub async fn check_stored(&self, user: UserId) -> Result<(), Refused> {
        let (mine, all) = (self.of(user).await?.stored_bytes, self.current().installation.stored_bytes);
        if mine > 0 {
            within("stored_bytes", mine, self.stored(Some(user)).await?)?;
        }
        if all > 0 {
            within("installation.stored_bytes", all, self.stored(None).await?)?;
        }
        Ok(())
    }

    async fn stored(&self, user: Option<UserId>) -> Result<i64, StoreError> {
        if let Some(bytes) = self.stored.get(&user) {
            return Ok(bytes);
        }
        let bytes = self.store.stored_bytes(user).await?;
        self.stored.insert(user, bytes);
        Ok(bytes)
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

fn within(name: &str, limit: i64, used: i64) -> Result<(), Refused> {
    if used < limit { Ok(()) } else { Err(ReachedLimit { name: name.to_owned(), limit, used }.into()) }
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
