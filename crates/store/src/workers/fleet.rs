//! The fleet: records the heartbeats of workers and renews the leases of what they run.

use std::collections::HashSet;

use engunity_protocol::{
    JobId, WorkerId,
    fleet::{Worker, WorkerState},
    wire::{Heartbeat, Offers, Running},
};
use tokio_postgres::{Statement, types::Json};
use uuid::Uuid;

use crate::{
    Result, Store,
    batch::{Batch, Commit},
};

/// How long a claim holds without a heartbeat, and a worker counts as alive without one.
pub const LEASE_SECONDS: f64 = 6.0;
/// How long the heartbeats of a worker may omit a job that it holds before the lease ends.
pub const SILENCE_SECONDS: f64 = 30.0;

/// What workers must stop, as a batch of heartbeats shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HeartbeatOutcome {
    /// Runs without a lease: the worker must stop them and report nothing.
    pub abandon: Vec<(WorkerId, Running)>,
    /// Runs that were cancelled: the first message may have been lost.
    pub cancel: Vec<(WorkerId, Running)>,
}

const UPSERT: &str = "
    INSERT INTO workers (id, name, version, slots, noop_slots, busy, draining, deaf, started_at, capacity, memory_mb, gpus,
        kinds, runtimes, last_seen)
    SELECT DISTINCT ON (id) id, name, version, slots, noop_slots, busy, draining, deaf, started_at, capacity, memory_mb, gpus,
        ARRAY(SELECT jsonb_array_elements_text(kinds)),
        CASE WHEN runtimes IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(runtimes)) END, now()
    FROM unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::int[], $5::int[], $6::int[], $7::bool[], $8::bool[],
            $9::timestamptz[], $10::jsonb[], $11::bigint[], $12::int[], $13::jsonb[], $14::jsonb[])
        AS h (id, name, version, slots, noop_slots, busy, draining, deaf, started_at, capacity, memory_mb, gpus, kinds, runtimes)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET slots = excluded.slots, noop_slots = excluded.noop_slots, busy = excluded.busy,
        draining = excluded.draining, deaf = excluded.deaf, capacity = excluded.capacity, memory_mb = excluded.memory_mb,
        gpus = excluded.gpus, kinds = excluded.kinds, runtimes = excluded.runtimes, last_seen = excluded.last_seen";

/// Leases that are still long are left alone: a heartbeat a second need not be a write a second. A row that someone else
/// has locked is left alone too: it would hold up the leases of all others, and the next heartbeat comes.
const RENEW: &str = "
    WITH held AS (
        SELECT j.id, j.attempt, j.worker_id, j.cancel_requested, j.lease_until FROM jobs j
        JOIN unnest($1::uuid[], $2::int[], $3::varchar[]) AS r (id, attempt, worker_id)
          ON j.id = r.id AND j.attempt = r.attempt AND j.worker_id = r.worker_id
        WHERE j.lease_until IS NOT NULL
    ), due AS (
        SELECT j.id FROM jobs j JOIN held h ON h.id = j.id AND h.attempt = j.attempt
        WHERE h.lease_until < now() + make_interval(secs => $4::float8 - 2) AND j.lease_until IS NOT NULL
        ORDER BY j.id FOR UPDATE OF j SKIP LOCKED
    ), renewed AS (
        UPDATE jobs j SET lease_until = now() + make_interval(secs => $4::float8) FROM due WHERE j.id = due.id
    )
    SELECT id, attempt, worker_id, cancel_requested FROM held";

impl Store {
    /// Takes in a batch of heartbeats, each with whether its worker is stalled: updates the fleet, renews leases and
    /// returns what contradicts the truth about jobs.
    pub async fn beat(&self, beats: &[(Heartbeat, bool)]) -> Result<HeartbeatOutcome> {
        let batch = Batch::on(self.hot().await?);
        let (put, renew) = (batch.prepare_cached(UPSERT).await?, batch.prepare_cached(RENEW).await?);
        batch.begin(Commit::Relaxed, upsert(&batch, &put, beats)).await?;
        let claims: Vec<(&WorkerId, Running)> = beats
            .iter()
            .flat_map(|(beat, _)| beat.running.iter().map(move |running| (&beat.worker_id, *running)))
            .collect();
        let jobs: Vec<Uuid> = claims.iter().map(|(_, running)| running.job_id.0).collect();
        let attempts: Vec<i32> = claims.iter().map(|(_, running)| running.attempt).collect();
        let workers: Vec<&str> = claims.iter().map(|(worker, _)| worker.0.as_str()).collect();
        let rows = batch.end(batch.query(&renew, &[&jobs, &attempts, &workers, &LEASE_SECONDS])).await?;
        drop(batch);
        let key = |row: &tokio_postgres::Row| {
            let running = Running { job_id: JobId(row.get("id")), attempt: row.get("attempt") };
            (WorkerId(row.get("worker_id")), running)
        };
        let held: HashSet<_> = rows.iter().map(key).collect();
        Ok(HeartbeatOutcome {
            abandon: claims
                .into_iter()
                .map(|(worker, run)| (worker.clone(), run))
                .filter(|claim| !held.contains(claim))
                .collect(),
            cancel: rows.iter().filter(|row| row.get("cancel_requested")).map(key).collect(),
        })
    }

    /// The fleet, living workers first.
    pub async fn workers(&self) -> Result<Vec<Worker>> {
        let sql = "SELECT *, last_seen < now() - make_interval(secs => $1) AS gone FROM workers ORDER BY gone, name, started_at";
        let connection = self.connection().await?;
        let rows = connection.query(&connection.prepare_cached(sql).await?, &[&LEASE_SECONDS]).await?;
        Ok(rows.iter().map(worker).collect())
    }

    /// Notes whether a worker is to take no more jobs; `None` where there is no such worker.
    pub async fn set_drain(&self, id: &WorkerId, drain: bool) -> Result<Option<Worker>> {
        let sql = "UPDATE workers SET drain_requested = $2 WHERE id = $1
            RETURNING *, last_seen < now() - make_interval(secs => $3) AS gone";
        let row = self.connection().await?.query_opt(sql, &[&id.0, &drain, &LEASE_SECONDS]).await?;
        Ok(row.as_ref().map(worker))
    }

    /// Workers that are to take no more jobs.
    pub async fn drain_requests(&self) -> Result<HashSet<WorkerId>> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached("SELECT id FROM workers WHERE drain_requested").await?;
        let rows = connection.query(&statement, &[]).await?;
        Ok(rows.iter().map(|row| WorkerId(row.get(0))).collect())
    }

    /// Deletes workers that sent no heartbeat for ten minutes.
    pub async fn forget_workers(&self) -> Result<u64> {
        let sql = "DELETE FROM workers WHERE last_seen < now() - interval '10 minutes'";
        self.connection().await?.execute(sql, &[]).await
    }
}

async fn upsert(batch: &Batch, statement: &Statement, beats: &[(Heartbeat, bool)]) -> Result<()> {
    let texts = |of: fn(&Heartbeat) -> &str| beats.iter().map(|(beat, _)| of(beat)).collect::<Vec<_>>();
    let counts =
        |of: fn(&Heartbeat) -> u32| beats.iter().map(|(beat, _)| of(beat) as i32).collect::<Vec<_>>();
    let draining: Vec<bool> = beats.iter().map(|(beat, _)| beat.draining).collect();
    let deaf: Vec<bool> = beats.iter().map(|(_, deaf)| *deaf).collect();
    let started: Vec<_> = beats.iter().map(|(beat, _)| beat.started_at).collect();
    let offers = |of: fn(&Offers) -> i64| -> Vec<Option<i64>> {
        beats.iter().map(|(beat, _)| beat.offers.as_ref().map(of)).collect()
    };
    let memory = offers(|offers| offers.memory_mb as i64);
    let gpus: Vec<Option<i32>> = offers(|offers| i64::from(offers.gpus))
        .into_iter()
        .map(|gpus| gpus.map(|gpus| gpus as i32))
        .collect();
    let capacity: Vec<_> = beats.iter().map(|(beat, _)| Json(beat.pools())).collect();
    let kinds: Vec<_> = beats.iter().map(|(beat, _)| Json(beat.kinds())).collect();
    let runtimes: Vec<_> = beats
        .iter()
        .map(|(beat, _)| beat.offers.as_ref().and_then(|offers| offers.runtimes.as_ref()).map(Json))
        .collect();
    batch
        .execute(
            statement,
            &[
                &texts(|beat| &beat.worker_id.0),
                &texts(|beat| &beat.name),
                &texts(|beat| &beat.version),
                &counts(|beat| beat.slots),
                &counts(|beat| beat.noop_slots),
                &counts(|beat| beat.busy),
                &draining,
                &deaf,
                &started,
                &capacity,
                &memory,
                &gpus,
                &kinds,
                &runtimes,
            ],
        )
        .await?;
    Ok(())
}

fn worker(row: &tokio_postgres::Row) -> Worker {
    let state = match (row.get("gone"), row.get("deaf"), row.get("draining") || row.get("drain_requested")) {
        (true, ..) => WorkerState::Gone,
        (_, true, _) => WorkerState::Stalled,
        (.., true) => WorkerState::Draining,
        _ => WorkerState::Ready,
    };
    Worker {
        id: WorkerId(row.get("id")),
        name: row.get("name"),
        version: row.get("version"),
        slots: row.get::<_, i32>("slots") as u32,
        busy: row.get::<_, i32>("busy") as u32,
        state,
        started_at: row.get("started_at"),
        last_seen: row.get("last_seen"),
    }
}
