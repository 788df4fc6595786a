//! The backlog: which queued jobs may go to the broker now.
//!
//! The backlog is every queued job without a row in `dispatches`. A release takes as many as the living fleet
//! can take ([`FleetCapacity`]), and takes them in turn between users: a user's n-th job ranks by n plus what that user
//! has active already. So the user with the fewest active jobs goes first, with the oldest job first; among equals the user
//! whose last release is the oldest (`turns`: with one slot all are equal whenever it is free). The rank needs the first few
//! jobs of each waiting user only: a loose index scan finds the users, a lateral join their oldest jobs.

use std::sync::LazyLock;

use engunity_protocol::{
    JobId,
    job::{JobClass, JobKind, Pool},
};
use tokio_postgres::{Row, Statement, types::ToSql};

use crate::{
    Result, Store,
    batch::{Batch, Commit},
    jobs::{
        accept::word,
        capacity::{CapacityQuery, FleetCapacity},
        outbox::FIRST_RETRY_SECONDS,
    },
};

/// A job that was released to the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    pub job_id: JobId,
    pub kind: JobKind,
    pub class: JobClass,
}

/// What one user may take of the fleet.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReleasePolicy {
    /// Jobs of one user that run at one time, where the account says nothing else; 0 is no limit.
    pub running_jobs: i64,
    /// The share of a pool's slots, at least one, that is kept for users who have nothing there yet, as long as there is
    /// more than one account; 0 keeps none.
    pub reserved_share: f64,
}

/// Jobs that are released together: of one kind, for one queue.
type Lane = (JobKind, JobClass);

/// Advisory locks of releases: this and the pool's number.
const LOCK: i64 = 0x656e_6775_0000;

/// Which lanes have something queued. One row of each is enough, so the planner may not join.
const QUEUED: &str = "
    SELECT l.kind, l.class FROM unnest($1::varchar[], $2::varchar[]) WITH ORDINALITY AS l (kind, class, nth)
    CROSS JOIN LATERAL (SELECT FROM jobs j WHERE j.state = 'queued' AND j.kind = l.kind AND j.class = l.class LIMIT 1) one
    ORDER BY l.nth";

/// The statement that releases jobs of one lane, and the one for a lane some of whose runtimes only some workers offer.
static RELEASE: LazyLock<String> = LazyLock::new(|| release_sql("ranked r", "TRUE"));
static RELEASE_CAPPED: LazyLock<String> = LazyLock::new(|| {
    let numbered =
        "(SELECT *, row_number() OVER (PARTITION BY runtime ORDER BY rank, id) AS nth FROM ranked) r
        LEFT JOIN unnest($9::varchar[], $10::bigint[]) AS c (runtime, cap) ON c.runtime = r.runtime";
    release_sql(numbered, "(c.cap IS NULL OR r.nth <= c.cap)")
});

fn release_sql(candidates: &str, fits: &str) -> String {
    format!(
        "WITH RECURSIVE waiting AS (
            (SELECT user_id FROM jobs WHERE state = 'queued' AND kind = $1 AND class = $2 ORDER BY user_id LIMIT 1)
            UNION ALL
            SELECT (SELECT j.user_id FROM jobs j
                WHERE j.state = 'queued' AND j.kind = $1 AND j.class = $2 AND j.user_id > u.user_id ORDER BY j.user_id LIMIT 1)
            FROM waiting u WHERE u.user_id IS NOT NULL
        ), active AS MATERIALIZED (
            SELECT jsonb_object_agg(user_id, n) AS by_user FROM (
                SELECT user_id, ARRAY[count(*), count(*) FILTER (WHERE kind = ANY($6::varchar[]))] AS n FROM (
                    SELECT user_id, kind FROM jobs WHERE state = 'running' UNION ALL SELECT user_id, kind FROM dispatches
                ) a GROUP BY user_id
            ) counted
        ), others AS MATERIALIZED (
            SELECT count(*) > 1 AS come FROM (SELECT FROM users WHERE disabled_at IS NULL AND deleted_at IS NULL LIMIT 2) some_users
        ), ranked AS (
            SELECT b.id, u.user_id, b.runtime,
                   coalesce((SELECT (by_user -> u.user_id::text ->> 0)::bigint FROM active), 0)
                       + row_number() OVER (PARTITION BY u.user_id ORDER BY b.id) AS rank,
                   coalesce((SELECT (by_user -> u.user_id::text ->> 1)::bigint FROM active), 0)
                       + row_number() OVER (PARTITION BY u.user_id ORDER BY b.id) AS place,
                   (SELECT coalesce((a.limits ->> 'running_jobs')::bigint, $8::bigint) FROM users a WHERE a.id = u.user_id) AS most
            FROM waiting u CROSS JOIN LATERAL (
                SELECT j.id, j.runtime FROM jobs j
                WHERE j.state = 'queued' AND j.kind = $1 AND j.class = $2 AND j.user_id = u.user_id
                  AND NOT EXISTS (SELECT 1 FROM dispatches d WHERE d.job_id = j.id)
                  AND (j.retry_at IS NULL OR j.retry_at <= now())
                  AND ($5::varchar[] IS NULL OR j.runtime IS NULL OR j.runtime = ANY($5))
                ORDER BY j.id LIMIT $3
            ) b
            WHERE u.user_id IS NOT NULL
        ), ordered AS (
            SELECT r.id, r.user_id, r.runtime, r.place, row_number() OVER (ORDER BY r.rank, t.released_at NULLS FIRST, r.id) AS turn
            FROM {candidates} LEFT JOIN turns t ON t.user_id = r.user_id
            WHERE {fits} AND (coalesce(r.most, 0) = 0 OR r.place <= r.most)
        ), next AS (
            SELECT id, user_id, runtime FROM ordered
            WHERE place = 1 OR turn <= $7::bigint OR NOT (SELECT come FROM others) ORDER BY turn LIMIT $3
        ), taken AS (
            INSERT INTO turns (user_id, released_at) SELECT user_id, clock_timestamp() FROM (SELECT DISTINCT user_id FROM next) served
            ON CONFLICT (user_id) DO UPDATE SET released_at = excluded.released_at
        )
        INSERT INTO dispatches (job_id, user_id, kind, class, runtime, publish_at)
        SELECT id, user_id, $1, $2, runtime, now() + make_interval(secs => $4) FROM next
        RETURNING job_id, runtime"
    )
}

impl Store {
    /// Moves what the fleet can take from the backlog to `dispatches`. Safe from several coordinators at once:
    /// an advisory lock lets them release one after the other, so that no slot is counted twice.
    pub async fn release(&self, pool: Pool, policy: &ReleasePolicy) -> Result<Vec<Released>> {
        let connection = self.hot().await?;
        let lanes = lanes(pool);
        let kinds: Vec<_> = lanes.iter().map(|(kind, _)| kind.as_str()).collect();
        let classes: Vec<_> = lanes.iter().map(|(_, class)| class.as_str()).collect();
        let statement = connection.prepare_cached(QUEUED).await?;
        let rows = connection.query(&statement, &[&kinds, &classes]).await?;
        let queued: Vec<Lane> = rows.iter().map(lane).collect::<Result<_>>()?;
        // Most wakes find nothing to do: no need for the lock then.
        if queued.is_empty() {
            Ok(Vec::new())
        } else {
            Box::pin(release(Batch::on(connection), pool, &queued, policy)).await
        }
    }
}

/// The lanes of a pool in the order in which they are served: interactive jobs first, then by the kind's priority.
fn lanes(pool: Pool) -> Vec<Lane> {
    let of = |class: JobClass| {
        pool.kinds()
            .into_iter()
            .filter(move |kind| kind.classes().contains(&class))
            .map(move |kind| (kind, class))
    };
    JobClass::ALL.iter().copied().flat_map(of).collect()
}

fn lane(row: &Row) -> Result<Lane> {
    Ok((word(row, "kind")?, word(row, "class")?))
}

type Parameter<'a> = [&'a (dyn ToSql + Sync); 1];

async fn release(batch: Batch, pool: Pool, lanes: &[Lane], policy: &ReleasePolicy) -> Result<Vec<Released>> {
    let lock = batch.prepare_cached("SELECT pg_advisory_xact_lock($1)").await?;
    let statements = Statements::prepare(&batch).await?;
    let capacity = CapacityQuery::prepare(&batch, &[pool]).await?;
    let number = LOCK + pool as i64;
    let number: Parameter<'_> = [&number];
    let look = async {
        // The second sees what was committed before the first had the lock.
        let (locked, capacity) = futures::join!(batch.execute(&lock, &number), capacity.run(&batch));
        locked?;
        capacity
    };
    let mut capacity = batch.begin(Commit::Relaxed, Box::pin(look)).await?;
    let mut released = Vec::new();
    let (last, before) = lanes.split_last().expect("a release serves at least one lane");
    for lane in before {
        released.extend(release_lane(&batch, &statements, &mut capacity, *lane, policy).await?);
    }
    released.extend(batch.end(release_lane(&batch, &statements, &mut capacity, *last, policy)).await?);
    Ok(released)
}

/// Both prepared before the transaction begins: its last statement must be sent before the commit.
struct Statements {
    plain: Statement,
    capped: Statement,
}

impl Statements {
    async fn prepare(batch: &Batch) -> Result<Self> {
        Ok(Self {
            plain: batch.prepare_cached(&RELEASE).await?,
            capped: batch.prepare_cached(&RELEASE_CAPPED).await?,
        })
    }
}

/// Releases what `capacity` allows in one lane, and counts it there.
async fn release_lane(
    batch: &Batch,
    statements: &Statements,
    capacity: &mut FleetCapacity,
    lane: Lane,
    policy: &ReleasePolicy,
) -> Result<Vec<Released>> {
    let (kind, class) = lane;
    let allowed = capacity.allowed(kind, class);
    if allowed == 0 {
        return Ok(Vec::new());
    }
    let limits = capacity.runtime_limits(kind);
    let (runtimes, most): (Vec<_>, Vec<_>) = limits.capped.into_iter().unzip();
    let (kind_name, class_name) = (kind.as_str(), class.as_str());
    let of_pool: Vec<_> = kind.pool().kinds().into_iter().map(JobKind::as_str).collect();
    let beyond_first = capacity.allowed_beyond_first(kind, class, policy.reserved_share);
    let running_jobs = if kind.pool().is_short() { 0 } else { policy.running_jobs };
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![
        &kind_name,
        &class_name,
        &allowed,
        &FIRST_RETRY_SECONDS,
        &limits.open,
        &of_pool,
        &beyond_first,
        &running_jobs,
    ];
    let statement = if runtimes.is_empty() { &statements.plain } else { &statements.capped };
    if !runtimes.is_empty() {
        parameters.extend([&runtimes as &(dyn ToSql + Sync), &most]);
    }
    let rows = batch.query(statement, &parameters).await?;
    let release = |row: &Row| {
        capacity.take(kind, class, row.get("runtime"));
        Released { job_id: JobId(row.get("job_id")), kind, class }
    };
    Ok(rows.iter().map(release).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interactive_jobs_of_all_kinds_come_before_bulk_ones() {
        let lanes = lanes(Pool::Sandbox);
        assert_eq!(lanes.first(), Some(&(JobKind::Execute, JobClass::Interactive)));
        assert!(lanes.is_sorted_by_key(|(_, class)| *class == JobClass::Bulk));
    }
}
