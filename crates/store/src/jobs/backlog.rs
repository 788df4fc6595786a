//! The backlog: which queued jobs may go to the broker now, and what a queued job waits for.
//!
//! The backlog is every queued job without a row in `dispatches`. A release takes as many as the living fleet
//! has room for, and takes them in turn between users: a user's n-th job ranks by n plus what that user has
//! active already, so that whoever has least goes first, oldest first within a user; among equals whoever was
//! served longest ago (`turns`: with one slot everyone is equal whenever it is free). The rank needs the first few
//! jobs of each waiting user only: a loose index scan finds the users, a lateral join their oldest jobs.

use std::collections::HashMap;

use engunity_protocol::{
    JobId, UserId,
    job::{Job, JobClass, JobKind, JobState, Waiting},
};
use tokio_postgres::{Row, Statement, types::ToSql};

use crate::{
    Result, Store,
    batch::{Batch, Commit},
    jobs::{accept::word, fencing::MAX_SETBACKS, outbox::FIRST_RETRY_SECONDS},
    workers::LEASE_SECONDS,
};

/// A job that was given to the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    pub job_id: JobId,
    pub kind: JobKind,
    pub class: JobClass,
}

/// Which slots a release fills: no-op jobs have their own, and their own lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotPool {
    Runs,
    Noops,
}

/// What the fleet can take, as one look at the database says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetCapacity {
    /// Slots of workers that live, consume and do not drain.
    pub slots: i64,
    pub noop_slots: i64,
    /// Claimed or released, by lane.
    pub interactive: i64,
    pub bulk: i64,
    pub noop: i64,
}

impl FleetCapacity {
    /// How many interactive jobs may be released: the free slots, and a few ahead so that a worker that becomes
    /// free finds the next one waiting.
    pub fn for_interactive(&self) -> i64 {
        (self.slots + self.slots / 4 - self.interactive - self.bulk).max(0)
    }

    /// How many bulk jobs: they leave a quarter of the fleet to whoever is looking.
    pub fn for_bulk(&self) -> i64 {
        let share = if self.slots > 1 { self.slots - (self.slots + 3) / 4 } else { self.slots };
        (share - self.bulk).min(self.slots - self.interactive - self.bulk).max(0)
    }

    pub fn for_noops(&self) -> i64 {
        (self.noop_slots + self.noop_slots / 4 - self.noop).max(0)
    }

    /// Why a queued job is not running yet.
    fn because(&self, job: &Job, place: &Place) -> String {
        let Place { position, released, setbacks, retry_in } = *place;
        let slots = if job.kind == JobKind::Noop { self.noop_slots } else { self.slots };
        let busy = if job.kind == JobKind::Noop { self.noop } else { self.interactive + self.bulk };
        if let Some(seconds) = retry_in {
            format!("{setbacks} of {MAX_SETBACKS} tries failed on their workers; the next is in {seconds} s")
        } else if slots == 0 {
            "no worker is connected".to_owned()
        } else if released {
            "given to the fleet, a worker will take it".to_owned()
        } else if busy >= slots {
            format!("all {slots} slots are busy")
        } else if job.class == JobClass::Bulk && self.for_bulk() == 0 {
            "all slots for bulk runs are busy".to_owned()
        } else if position > 1 {
            "your earlier runs go first".to_owned()
        } else {
            "about to start".to_owned()
        }
    }
}

const ROOM: &str = "
    WITH able AS (
        SELECT id, slots, noop_slots FROM workers
        WHERE last_seen > now() - make_interval(secs => $1) AND NOT draining AND NOT deaf
    ), taken AS (
        SELECT lane FROM jobs WHERE state = 'running' AND worker_id IN (SELECT id FROM able)
        UNION ALL SELECT lane FROM dispatches
    )
    SELECT (SELECT coalesce(sum(slots), 0) FROM able)::bigint, (SELECT coalesce(sum(noop_slots), 0) FROM able)::bigint,
           count(*) FILTER (WHERE lane = 'interactive'), count(*) FILTER (WHERE lane = 'bulk'), count(*) FILTER (WHERE lane = 'noop')
    FROM taken";

const RELEASE: &str = "
    WITH RECURSIVE users AS (
        (SELECT user_id FROM jobs WHERE state = 'queued' AND lane = $1 ORDER BY user_id LIMIT 1)
        UNION ALL
        SELECT (SELECT j.user_id FROM jobs j WHERE j.state = 'queued' AND j.lane = $1 AND j.user_id > u.user_id ORDER BY j.user_id LIMIT 1)
        FROM users u WHERE u.user_id IS NOT NULL
    ), active AS MATERIALIZED (
        SELECT jsonb_object_agg(user_id, n) AS by_user FROM (
            SELECT user_id, count(*) AS n FROM (
                SELECT user_id FROM jobs WHERE state = 'running' UNION ALL SELECT user_id FROM dispatches
            ) a GROUP BY user_id
        ) counted
    ), ranked AS (
        SELECT b.id, u.user_id, b.kind, b.class,
               coalesce((SELECT (by_user ->> u.user_id::text)::bigint FROM active), 0)
                   + row_number() OVER (PARTITION BY u.user_id ORDER BY b.id) AS rank
        FROM users u CROSS JOIN LATERAL (
            SELECT j.id, j.kind, j.class FROM jobs j
            WHERE j.state = 'queued' AND j.lane = $1 AND j.user_id = u.user_id
              AND NOT EXISTS (SELECT 1 FROM dispatches d WHERE d.job_id = j.id)
              AND (j.retry_at IS NULL OR j.retry_at <= now())
            ORDER BY j.id LIMIT $2
        ) b
        WHERE u.user_id IS NOT NULL
    ), next AS (
        SELECT r.* FROM ranked r LEFT JOIN turns t USING (user_id) ORDER BY r.rank, t.released_at NULLS FIRST, r.id LIMIT $2
    ), taken AS (
        INSERT INTO turns (user_id, released_at) SELECT user_id, clock_timestamp() FROM (SELECT DISTINCT user_id FROM next) served
        ON CONFLICT (user_id) DO UPDATE SET released_at = excluded.released_at
    )
    INSERT INTO dispatches (job_id, user_id, kind, class, lane, publish_at)
    SELECT id, user_id, kind, class, $1, now() + make_interval(secs => $3) FROM next
    RETURNING job_id, kind, class";

const POSITIONS: &str = "
    SELECT id, position, EXISTS (SELECT 1 FROM dispatches d WHERE d.job_id = q.id) AS released, setbacks,
           CASE WHEN retry_at > now() THEN ceil(extract(epoch FROM retry_at - now()))::int END AS retry_in FROM (
        SELECT id, setbacks, retry_at, row_number() OVER (PARTITION BY lane ORDER BY id) AS position
        FROM jobs WHERE user_id = $1 AND state = 'queued' AND lane IN ('interactive', 'bulk', 'noop')
    ) q WHERE id = ANY($2)";

impl SlotPool {
    fn lock(self) -> i64 {
        match self {
            Self::Runs => 0x656e_6775_0001,
            Self::Noops => 0x656e_6775_0002,
        }
    }

    fn anything_queued(self) -> &'static str {
        match self {
            Self::Runs => {
                "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND lane IN ('interactive', 'bulk'))"
            }
            Self::Noops => "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND lane = 'noop')",
        }
    }

    /// The lanes it serves, in order of importance, with what may be released in each.
    fn lanes(self, room: &FleetCapacity) -> Vec<(&'static str, i64)> {
        match self {
            Self::Runs => vec![("interactive", room.for_interactive()), ("bulk", room.for_bulk())],
            Self::Noops => vec![("noop", room.for_noops())],
        }
    }
}

impl Store {
    /// Moves what the fleet has room for from the backlog to `dispatches`. Safe from several coordinators at once:
    /// an advisory lock lets them release one after the other, so that room is never counted twice.
    pub async fn release(&self, pool: SlotPool) -> Result<Vec<Released>> {
        let connection = self.hot().await?;
        let queued = connection.prepare_cached(pool.anything_queued()).await?;
        // Most wakes find nothing to do: no need for the lock then.
        if connection.query_one(&queued, &[]).await?.get(0) {
            release(Batch::on(connection), pool).await
        } else {
            Ok(Vec::new())
        }
    }

    pub async fn room(&self) -> Result<FleetCapacity> {
        let connection = self.connection().await?;
        Ok(room_of(&connection.query_one(&connection.prepare_cached(ROOM).await?, &[&LEASE_SECONDS]).await?))
    }

    /// Tells the queued ones among a user's jobs their place in line and what they wait for.
    pub async fn fill_waiting(&self, user_id: UserId, jobs: &mut [Job]) -> Result<()> {
        let queued: Vec<_> =
            jobs.iter().filter(|job| job.state == JobState::Queued).map(|job| job.id.0).collect();
        if queued.is_empty() {
            return Ok(());
        }
        let room = self.room().await?;
        let connection = self.connection().await?;
        let rows =
            connection.query(&connection.prepare_cached(POSITIONS).await?, &[&user_id, &queued]).await?;
        let places: HashMap<JobId, Place> = rows.iter().map(|row| (JobId(row.get(0)), place(row))).collect();
        for job in jobs.iter_mut() {
            job.waiting = places
                .get(&job.id)
                .map(|place| Waiting { position: place.position, because: room.because(job, place) });
        }
        Ok(())
    }
}

/// Where a queued job stands.
struct Place {
    position: u64,
    released: bool,
    setbacks: i32,
    /// Seconds until it may be tried again.
    retry_in: Option<i32>,
}

fn place(row: &Row) -> Place {
    Place {
        position: row.get::<_, i64>("position") as u64,
        released: row.get("released"),
        setbacks: row.get("setbacks"),
        retry_in: row.get("retry_in"),
    }
}

type Parameter<'a> = [&'a (dyn ToSql + Sync); 1];

async fn release(batch: Batch, pool: SlotPool) -> Result<Vec<Released>> {
    let lock = batch.prepare_cached("SELECT pg_advisory_xact_lock($1)").await?;
    let (room, release) = (batch.prepare_cached(ROOM).await?, batch.prepare_cached(RELEASE).await?);
    let turn = pool.lock();
    let (turn, lease): (Parameter<'_>, Parameter<'_>) = ([&turn], [&LEASE_SECONDS]);
    let looking = async {
        // The second sees what was committed before the first had the lock.
        let (locked, room) = futures::join!(batch.execute(&lock, &turn), batch.query_one(&room, &lease));
        locked?;
        room
    };
    let mut room = room_of(&batch.begin(Commit::Relaxed, looking).await?);
    let mut released = Vec::new();
    let lanes: Vec<_> = pool.lanes(&room).into_iter().map(|(lane, _)| lane).collect();
    let (last, before) = lanes.split_last().expect("a pool serves at least one lane");
    for lane in before {
        let rows = release_lane(&batch, &release, pool, &room, lane).await?;
        room.interactive += rows.len() as i64;
        released.extend(rows);
    }
    released.extend(batch.end(release_lane(&batch, &release, pool, &room, last)).await?);
    Ok(released)
}

/// Releases what `room` allows in one lane.
async fn release_lane(
    batch: &Batch,
    statement: &Statement,
    pool: SlotPool,
    room: &FleetCapacity,
    lane: &str,
) -> Result<Vec<Released>> {
    let allowed = pool.lanes(room).into_iter().find(|(of, _)| *of == lane).map_or(0, |(_, allowed)| allowed);
    if allowed == 0 {
        return Ok(Vec::new());
    }
    let rows = batch.query(statement, &[&lane, &allowed, &FIRST_RETRY_SECONDS]).await?;
    let released = |row: &Row| {
        Ok(Released {
            job_id: JobId(row.get("job_id")),
            kind: word(row, "kind")?,
            class: word(row, "class")?,
        })
    };
    rows.iter().map(released).collect()
}

fn room_of(row: &Row) -> FleetCapacity {
    FleetCapacity {
        slots: row.get(0),
        noop_slots: row.get(1),
        interactive: row.get(2),
        bulk: row.get(3),
        noop: row.get(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bulk_leaves_a_quarter_of_the_fleet() {
        let room = FleetCapacity { slots: 8, ..FleetCapacity::default() };
        assert_eq!((room.for_interactive(), room.for_bulk()), (10, 6));
        let full_of_bulk = FleetCapacity { slots: 8, bulk: 6, ..FleetCapacity::default() };
        assert_eq!((full_of_bulk.for_interactive(), full_of_bulk.for_bulk()), (4, 0));
    }

    #[test]
    fn a_fleet_of_one_slot_runs_bulk_too() {
        let room = FleetCapacity { slots: 1, ..FleetCapacity::default() };
        assert_eq!((room.for_interactive(), room.for_bulk()), (1, 1));
    }

    #[test]
    fn nothing_is_released_without_workers() {
        assert_eq!(
            FleetCapacity { interactive: 3, bulk: 9, ..FleetCapacity::default() }.for_interactive(),
            0
        );
        assert_eq!(FleetCapacity::default().for_bulk(), 0);
        assert_eq!(FleetCapacity::default().for_noops(), 0);
    }
}
