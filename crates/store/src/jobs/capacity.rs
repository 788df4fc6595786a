//! What the fleet can take: the slots of workers that can do the same, and what takes them already.
//!
//! A job needs a slot of its kind's pool, on a worker that offers its kind and its runtime. So there are three bounds
//! on a release: the pool's slots, those of workers that offer the kind, and those of workers that offer the runtime.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engunity_protocol::job::{JobClass, JobKind, Pool};
use tokio_postgres::{Row, Statement, types::ToSql};

use crate::{Connection, Result, Store, jobs::accept::word, workers::LEASE_SECONDS};

/// Slots of one pool on live workers that consume, do not drain, and have the same capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CapabilityGroup {
    pub pool: Pool,
    /// Names of kinds: a newer worker may have some that this version does not know.
    pub kinds: Vec<String>,
    /// `None`: not reported; the worker is assumed to have all.
    pub runtimes: Option<Vec<String>>,
    pub slots: i64,
}

/// Jobs that are claimed or released.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TakenKey {
    kind: JobKind,
    class: JobClass,
    runtime: Option<String>,
}

/// What the fleet can take at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetCapacity {
    groups: Vec<CapabilityGroup>,
    taken: HashMap<TakenKey, i64>,
}

/// Slots, and the jobs in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub slots: i64,
    pub taken: i64,
    /// Of these, bulk jobs.
    pub bulk: i64,
}

impl Load {
    /// How many jobs may be released: the free slots, and a few ahead so that a worker that becomes free finds the
    /// next one waiting.
    fn free_and_ahead(&self) -> i64 {
        (self.slots + self.slots / 4 - self.taken).max(0)
    }

    /// How many bulk jobs: they leave a quarter of the slots to interactive jobs.
    fn free_for_bulk(&self) -> i64 {
        let share = if self.slots > 1 { self.slots - (self.slots + 3) / 4 } else { self.slots };
        (share - self.bulk).min(self.slots - self.taken).max(0)
    }
}

/// Which runtimes a release may take, where not all workers have all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RuntimeLimits {
    /// `None`: any.
    pub open: Option<Vec<String>>,
    /// Of these, the ones that only some workers offer, and how many of their jobs may be released.
    pub capped: BTreeMap<String, i64>,
}

impl FleetCapacity {
    pub(crate) fn has_workers(&self) -> bool {
        !self.groups.is_empty()
    }

    pub(crate) fn offers(&self, kind: JobKind) -> bool {
        self.groups_of(kind, None).next().is_some()
    }

    pub(crate) fn offers_runtime(&self, kind: JobKind, runtime: &str) -> bool {
        self.groups_of(kind, Some(runtime)).next().is_some()
    }

    /// How many jobs of this kind and class may be released now.
    pub fn allowed(&self, kind: JobKind, class: JobClass) -> i64 {
        let reserves = class == JobClass::Bulk && !kind.pool().is_short();
        let loads = [self.pool_load(kind.pool()), self.kind_load(kind, None)];
        let allowed =
            loads.iter().map(|load| if reserves { load.free_for_bulk() } else { load.free_and_ahead() });
        allowed.min().unwrap_or(0)
    }

    /// How many jobs may be released now to users who have something in the pool already: they leave a share of the
    /// slots, at least one, to those who have nothing there.
    pub(crate) fn allowed_beyond_first(&self, kind: JobKind, class: JobClass, share: f64) -> i64 {
        let (allowed, load) = (self.allowed(kind, class), self.pool_load(kind.pool()));
        if share <= 0.0 || kind.pool().is_short() || load.slots < 2 {
            return allowed;
        }
        let reserved = ((load.slots as f64 * share).ceil() as i64).clamp(1, load.slots - 1);
        (load.slots - reserved - load.taken).clamp(0, allowed)
    }

    /// Slots of workers that offer this kind and runtime.
    pub(crate) fn slots(&self, kind: JobKind, runtime: Option<&str>) -> i64 {
        self.groups_of(kind, runtime).map(|group| group.slots).sum()
    }

    /// The load that bounds jobs of this kind and runtime most.
    pub(crate) fn tightest_load(&self, kind: JobKind, runtime: Option<&str>) -> Load {
        let loads = [self.pool_load(kind.pool()), self.kind_load(kind, None), self.kind_load(kind, runtime)];
        loads.into_iter().min_by_key(|load| load.slots - load.taken).unwrap_or_default()
    }

    pub(crate) fn runtime_limits(&self, kind: JobKind) -> RuntimeLimits {
        let Some(offered) = self.runtimes_of(kind) else { return RuntimeLimits::default() };
        let all = self.slots(kind, None);
        let loads = offered.into_iter().map(|runtime| (runtime, self.kind_load(kind, Some(runtime))));
        let open: Vec<_> = loads.filter(|(_, load)| load.slots == all || load.free_and_ahead() > 0).collect();
        let capped = open.iter().filter(|(_, load)| load.slots < all);
        RuntimeLimits {
            capped: capped.map(|(runtime, load)| ((*runtime).to_owned(), load.free_and_ahead())).collect(),
            open: Some(open.iter().map(|(runtime, _)| (*runtime).to_owned()).collect()),
        }
    }

    /// Counts a job that was released.
    pub(crate) fn take(&mut self, kind: JobKind, class: JobClass, runtime: Option<String>) {
        *self.taken.entry(TakenKey { kind, class, runtime }).or_default() += 1;
    }

    /// All runtimes that workers of this kind offer; `None` when some worker does not say.
    fn runtimes_of(&self, kind: JobKind) -> Option<BTreeSet<&str>> {
        let mut offered = BTreeSet::new();
        for group in self.groups_of(kind, None) {
            offered.extend(group.runtimes.as_ref()?.iter().map(String::as_str));
        }
        Some(offered)
    }

    fn groups_of(&self, kind: JobKind, runtime: Option<&str>) -> impl Iterator<Item = &CapabilityGroup> {
        self.groups.iter().filter(move |group| {
            let has = |runtime: &str| {
                group.runtimes.as_ref().is_none_or(|all| all.iter().any(|one| one == runtime))
            };
            group.pool == kind.pool()
                && group.kinds.iter().any(|name| name == kind.as_str())
                && runtime.is_none_or(has)
        })
    }

    fn pool_load(&self, pool: Pool) -> Load {
        let slots = self.groups.iter().filter(|group| group.pool == pool).map(|group| group.slots).sum();
        self.load(slots, |taken| taken.kind.pool() == pool)
    }

    fn kind_load(&self, kind: JobKind, runtime: Option<&str>) -> Load {
        self.load(self.slots(kind, runtime), |taken| {
            taken.kind == kind && runtime.is_none_or(|runtime| taken.runtime.as_deref() == Some(runtime))
        })
    }

    fn load(&self, slots: i64, counts: impl Fn(&TakenKey) -> bool) -> Load {
        let mut load = Load { slots, ..Load::default() };
        for (key, count) in self.taken.iter().filter(|(key, _)| counts(key)) {
            load.taken += count;
            load.bulk += if key.class == JobClass::Bulk { *count } else { 0 };
        }
        load
    }
}

const GROUPS: &str = "
    SELECT pool.key AS pool, w.kinds, w.runtimes, sum((pool.value ->> 'total')::bigint)::bigint AS slots
    FROM workers w CROSS JOIN LATERAL jsonb_each(w.capacity) AS pool (key, value)
    WHERE w.last_seen > now() - make_interval(secs => $1) AND NOT w.draining AND NOT w.drain_requested AND NOT w.deaf AND pool.key = ANY($2::varchar[])
    GROUP BY pool.key, w.kinds, w.runtimes";

const TAKEN: &str = "
    WITH able AS (
        SELECT id FROM workers WHERE last_seen > now() - make_interval(secs => $1) AND NOT draining AND NOT drain_requested AND NOT deaf
    )
    SELECT kind, class, runtime, count(*) AS n FROM (
        SELECT kind, class, runtime FROM jobs
        WHERE state = 'running' AND kind = ANY($2::varchar[]) AND worker_id IN (SELECT id FROM able)
        UNION ALL SELECT kind, class, runtime FROM dispatches WHERE kind = ANY($2::varchar[])
    ) taken GROUP BY kind, class, runtime";

type Parameters<'a> = [&'a (dyn ToSql + Sync); 2];

/// Reads the capacity of some pools.
pub(crate) struct CapacityQuery {
    groups: Statement,
    taken: Statement,
    pools: Vec<&'static str>,
    kinds: Vec<&'static str>,
}

impl CapacityQuery {
    pub async fn prepare(connection: &Connection, pools: &[Pool]) -> Result<Self> {
        Ok(Self {
            groups: connection.prepare_cached(GROUPS).await?,
            taken: connection.prepare_cached(TAKEN).await?,
            pools: pools.iter().map(|pool| pool.as_str()).collect(),
            kinds: pools.iter().flat_map(|pool| pool.kinds()).map(JobKind::as_str).collect(),
        })
    }

    /// Both statements in one round trip.
    pub async fn run(&self, connection: &Connection) -> Result<FleetCapacity> {
        let groups: Parameters<'_> = [&LEASE_SECONDS, &self.pools];
        let taken: Parameters<'_> = [&LEASE_SECONDS, &self.kinds];
        let (groups, taken) = futures::try_join!(
            connection.query(&self.groups, &groups),
            connection.query(&self.taken, &taken)
        )?;
        Ok(FleetCapacity {
            groups: groups.iter().map(group).collect::<Result<_>>()?,
            taken: taken.iter().map(taken_row).collect::<Result<_>>()?,
        })
    }
}

impl Store {
    /// What the whole fleet can take.
    pub async fn fleet_capacity(&self) -> Result<FleetCapacity> {
        let connection = self.connection().await?;
        CapacityQuery::prepare(&connection, Pool::ALL).await?.run(&connection).await
    }
}

fn group(row: &Row) -> Result<CapabilityGroup> {
    Ok(CapabilityGroup {
        pool: word(row, "pool")?,
        kinds: row.get::<_, Option<Vec<String>>>("kinds").unwrap_or_default(),
        runtimes: row.get("runtimes"),
        slots: row.get("slots"),
    })
}

fn taken_row(row: &Row) -> Result<(TakenKey, i64)> {
    let key = TakenKey { kind: word(row, "kind")?, class: word(row, "class")?, runtime: row.get("runtime") };
    Ok((key, row.get("n")))
}

#[cfg(test)]
#[path = "capacity_tests.rs"]
mod tests;
