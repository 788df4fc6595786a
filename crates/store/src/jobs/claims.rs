//! Claims: the moment a job becomes an attempt. The raised attempt number is the fencing token that everything
//! said about the run must carry; here too is what ends an attempt whose worker stopped answering.

use std::collections::HashMap;

use engunity_protocol::{JobId, ProjectId, WorkerId, job::JobSpec, wire::Grant};
use tokio_postgres::{Row, types::Json};
use uuid::Uuid;

use crate::{
    JobChange, Result, Store,
    jobs::accept::{known_kind, project_id},
    workers::{LEASE_SECONDS, SILENCE_SECONDS},
};

/// A worker's request to run a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimKey {
    pub worker_id: WorkerId,
    pub job_id: JobId,
    /// The same in a repeated request, which then gets the same answer.
    pub claim_id: Uuid,
}

/// Attempts a job may lose with their workers before it is given up.
pub const MAX_LOSSES: i32 = 3;

/// A worker that can't do the job does not get it: the job goes back to the backlog for a second.
///
/// Without `state = 'queued'`, which says the same (the table's constraints see to it): the planner would take it as a
/// reason to go through the whole backlog's index instead of finding the few jobs by their ids.
const CLAIM: &str = "
    WITH asked AS (
        SELECT a.*, w.kinds, w.runtimes, coalesce(w.drain_requested, false) AS drained FROM unnest($1::uuid[], $2::uuid[], $3::varchar[]) AS a (job_id, claim_id, worker_id)
        LEFT JOIN workers w ON w.id = a.worker_id
    ), free AS (
        SELECT j.id, a.claim_id, a.worker_id,
               coalesce(j.kind = ANY(a.kinds), true) AND coalesce(j.runtime = ANY(a.runtimes), true) AND NOT a.drained AS able
        FROM asked a JOIN jobs j ON j.id = a.job_id
        WHERE j.lease_until IS NULL AND j.finished_at IS NULL ORDER BY j.id FOR UPDATE OF j
    ), granted AS (
        UPDATE jobs j SET
            state = 'running', attempt = j.attempt + 1, last_event = j.last_event + 1, last_seq = 0,
            claim_id = f.claim_id, worker_id = f.worker_id,
            lease_until = now() + make_interval(secs => $4), started_at = now()
        FROM free f WHERE f.able AND j.id = f.id AND j.lease_until IS NULL AND j.finished_at IS NULL
        RETURNING j.id, j.claim_id, j.worker_id, j.attempt, j.last_event, j.project_id, j.spec
    ), told AS (
        INSERT INTO job_events (job_id, number, attempt, event, data)
        SELECT id, last_event, attempt, 'state', jsonb_build_object('state', 'running', 'attempt', attempt, 'worker_id', worker_id)
        FROM granted
    ), put_off AS (
        UPDATE jobs j SET retry_at = now() + interval '1 second' FROM free f WHERE NOT f.able AND j.id = f.id
    ), unpublished AS (
        DELETE FROM dispatches d USING asked a WHERE d.job_id = a.job_id
    )
    SELECT id, claim_id, attempt, project_id, spec FROM granted";

/// Runs that their worker should have ended long ago, as it said that it does.
const END_OVERDUE: &str = "
    WITH overdue AS (
        SELECT j.id FROM jobs j WHERE j.state = 'running'
          AND j.started_at < now() - make_interval(secs => (j.spec #>> '{execute,limits,wall_s}')::float8 + $1)
        LIMIT 100 FOR UPDATE OF j SKIP LOCKED
    ), ended AS (
        UPDATE jobs j SET lease_until = NULL, last_event = j.last_event + 1, finished_at = now(),
            state = CASE WHEN j.cancel_requested THEN 'cancelled' ELSE 'timed_out' END,
            verdict = jsonb_build_object('reason', CASE WHEN j.cancel_requested THEN 'cancelled' ELSE 'wall' END,
                'evidence', format('worker %s did not end it within %s s after its limit', j.worker_id, $1))
        FROM overdue WHERE j.id = overdue.id
        RETURNING j.id, j.project_id, j.kind, j.attempt, j.leaves_objects
    ), gc AS (
        INSERT INTO dead_attempts (job_id, attempt) SELECT id, attempt FROM ended WHERE leaves_objects
    )
    SELECT id, project_id, kind, true AS ended FROM ended";

const CLAIMED_BEFORE: &str = "
    SELECT j.id, j.claim_id, j.attempt, j.project_id, j.spec
    FROM unnest($1::uuid[], $2::uuid[], $3::varchar[]) AS a (job_id, claim_id, worker_id)
    JOIN jobs j ON j.id = a.job_id AND j.claim_id = a.claim_id AND j.worker_id = a.worker_id AND j.lease_until IS NOT NULL";

/// A silent worker's lease ends it, and so does that of one that makes no progress (`deaf`). A worker that sends heartbeats but does not name the job may have reported its end in an
/// event that is not recorded yet: it gets longer.
const REAP: &str = "
    WITH dead AS (
        SELECT j.id, j.worker_id AS was_at FROM jobs j LEFT JOIN workers w ON w.id = j.worker_id
        WHERE j.state = 'running' AND j.lease_until < now() AND (
            w.id IS NULL OR w.last_seen < now() - make_interval(secs => $1) OR j.lease_until < now() - make_interval(secs => $2)
            OR (w.deaf AND j.lease_until < now() - make_interval(secs => $1 / 2)))
        LIMIT 1000 FOR UPDATE OF j SKIP LOCKED
    ), ended AS (
        UPDATE jobs j SET
            losses = j.losses + 1, lease_until = NULL, claim_id = NULL, last_event = j.last_event + 1,
            state = CASE WHEN j.cancel_requested THEN 'cancelled' WHEN j.losses + 1 >= $3 THEN 'lost' ELSE 'queued' END,
            worker_id = CASE WHEN j.cancel_requested OR j.losses + 1 >= $3 THEN j.worker_id END,
            finished_at = CASE WHEN j.cancel_requested OR j.losses + 1 >= $3 THEN now() END,
            verdict = CASE
                WHEN j.cancel_requested THEN jsonb_build_object('reason', 'cancelled',
                    'evidence', format('cancelled; worker %s stopped answering', j.worker_id))
                WHEN j.losses + 1 >= $3 THEN jsonb_build_object('reason', 'worker_lost',
                    'evidence', format('worker %s stopped answering (attempt %s, %s lost)', j.worker_id, j.attempt, j.losses + 1)) END
        FROM dead WHERE j.id = dead.id
        RETURNING j.id, j.project_id, j.attempt, j.last_event, j.state, j.finished_at, j.kind, j.leaves_objects, dead.was_at
    ), told AS (
        INSERT INTO job_events (job_id, number, attempt, event, data)
        SELECT id, last_event, attempt, 'state', jsonb_build_object('state', 'queued', 'attempt', attempt,
            'because', format('worker %s stopped answering', was_at))
        FROM ended WHERE finished_at IS NULL
    ), gc AS (
        INSERT INTO dead_attempts (job_id, attempt) SELECT id, attempt FROM ended WHERE leaves_objects
    )
    SELECT id, project_id, kind, finished_at IS NOT NULL AS ended FROM ended";

impl Store {
    /// Grants what may be granted; a repeated request gets its first answer again. What is missing from the
    /// result was refused: taken, ended, cancelled or unknown. Of two requests for one job in one batch
    /// only the first is considered.
    pub async fn claim(&self, asked: &[ClaimKey]) -> Result<HashMap<(JobId, Uuid), (Grant, JobChange)>> {
        let columns = ClaimColumns::of(asked);
        let connection = self.hot().await?;
        let statement = connection.prepare_cached(CLAIM).await?;
        let parameters = (&columns.jobs, &columns.claims, &columns.workers);
        let rows =
            connection.query(&statement, &[parameters.0, parameters.1, parameters.2, &LEASE_SECONDS]).await?;
        let mut granted: HashMap<_, _> = rows.iter().map(granted_row).collect::<Result<_>>()?;
        if granted.len() < columns.jobs.len() {
            // A new statement, so that it sees what another coordinator granted while this one waited.
            let statement = connection.prepare_cached(CLAIMED_BEFORE).await?;
            for row in connection.query(&statement, &[parameters.0, parameters.1, parameters.2]).await? {
                let (key, grant) = granted_row(&row)?;
                granted.entry(key).or_insert(grant);
            }
        }
        Ok(granted)
    }

    /// Ends runs that are more than `grace_seconds` beyond their own limit of time. Their workers hear of it by the answer to
    /// the next heartbeat.
    pub async fn end_overdue(&self, grace_seconds: f64) -> Result<Vec<JobChange>> {
        let connection = self.hot().await?;
        let statement = connection.prepare_cached(END_OVERDUE).await?;
        connection.query(&statement, &[&grace_seconds]).await?.iter().map(changed).collect()
    }

    /// Ends attempts whose lease ran out: back to the backlog, or to the end when too many were lost.
    pub async fn reap(&self) -> Result<Vec<JobChange>> {
        let connection = self.hot().await?;
        let statement = connection.prepare_cached(REAP).await?;
        let rows = connection.query(&statement, &[&LEASE_SECONDS, &SILENCE_SECONDS, &MAX_LOSSES]).await?;
        rows.iter().map(changed).collect()
    }
}

struct ClaimColumns<'a> {
    jobs: Vec<Uuid>,
    claims: Vec<Uuid>,
    workers: Vec<&'a str>,
}

impl<'a> ClaimColumns<'a> {
    fn of(asked: &'a [ClaimKey]) -> Self {
        let mut once: HashMap<Uuid, &ClaimKey> = HashMap::with_capacity(asked.len());
        for wish in asked {
            once.entry(wish.job_id.0).or_insert(wish);
        }
        let mut wishes: Vec<_> = once.into_values().collect();
        wishes.sort_by_key(|wish| wish.job_id);
        Self {
            jobs: wishes.iter().map(|wish| wish.job_id.0).collect(),
            claims: wishes.iter().map(|wish| wish.claim_id).collect(),
            workers: wishes.iter().map(|wish| wish.worker_id.0.as_str()).collect(),
        }
    }
}

type Granted = ((JobId, Uuid), (Grant, JobChange));

fn granted_row(row: &Row) -> Result<Granted> {
    let (job_id, project_id): (JobId, ProjectId) = (JobId(row.get("id")), project_id(row)?);
    let Json(spec): Json<JobSpec> = row.get("spec");
    let kind = Some(spec.kind());
    let grant = Grant { attempt: row.get("attempt"), project_id, spec };
    Ok((
        (job_id, row.get("claim_id")),
        (grant, JobChange { job_id, project_id, kind, state: true, ended: false }),
    ))
}

fn changed(row: &Row) -> Result<JobChange> {
    Ok(JobChange {
        job_id: JobId(row.get("id")),
        project_id: project_id(row)?,
        kind: known_kind(row),
        state: true,
        ended: row.get("ended"),
    })
}
