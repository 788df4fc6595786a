//! Events of jobs: recording what workers say, reading it back in order.

use std::collections::HashMap;

use engunity_protocol::{
    JobId, ProjectId, UserId, WorkerId,
    event::{Progress, StateChange, Stream},
    job::{Artifact, Job, JobKind, JobState},
    verdict::{Usage, Verdict},
    wire::{EventBatch, EventBody},
};
use tokio_postgres::{
    Row, Statement,
    types::{Json, ToSql},
};
use uuid::Uuid;

use crate::{
    Result, Store, StoreError,
    batch::{Batch, Commit},
    jobs::{
        accept::{known_kind, project_id, word},
        fencing::{self, End, JobRow, JobUpdate, NumberedEvent, WritePlan},
    },
    kinds::is_counted,
};

/// A job about which there is something new to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobChange {
    pub job_id: JobId,
    pub project_id: ProjectId,
    /// `None`: a kind that only a newer version knows.
    pub kind: Option<JobKind>,
    /// Its state changed (not only output).
    pub state: bool,
    /// It has ended.
    pub ended: bool,
}

impl JobChange {
    /// The job's state has changed to what it is now.
    pub fn of(job: &Job) -> Self {
        let (job_id, project_id) = (job.id, job.project_id);
        Self { job_id, project_id, kind: Some(job.kind), state: true, ended: job.state.is_terminal() }
    }
}

/// What a batch of events did.
#[derive(Debug, Default)]
pub struct Recorded {
    pub changed: Vec<JobChange>,
    /// Events that did not count: stale, repeated or too late.
    pub dropped: usize,
    pub recorded: usize,
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    pub number: i64,
    pub attempt: i32,
    pub body: StoredBody,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StoredBody {
    State(StateChange),
    Progress(Progress),
    Output(Chunk),
}

/// Some bytes of a job's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub stream: Stream,
    /// Offset of the first byte within its stream.
    pub offset: u64,
    pub bytes: Vec<u8>,
}

const LOCK: &str = "
    SELECT id, project_id, kind, state, attempt, worker_id, cancel_requested, last_event, last_seq, setbacks
    FROM jobs WHERE id = ANY($1) ORDER BY id FOR UPDATE";

const INSERT_EVENTS: &str = "
    INSERT INTO job_events (job_id, number, attempt, seq, event, data, stream, byte_start, bytes)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::bigint[], $5::varchar[], $6::jsonb[], $7::varchar[], $8::bigint[], $9::bytea[])";

/// Updates of the counters alone touch no index, so they are kept apart from those that end an attempt.
const UPDATE_COUNTERS: &str = "
    UPDATE jobs j SET last_event = m.last_event, last_seq = m.last_seq
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS m (id, last_event, last_seq) WHERE j.id = m.id";

const END: &str = "
    WITH moves AS (
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::varchar[], $5::jsonb[], $6::jsonb[], $7::jsonb[], $8::bool[])
          AS m (id, last_event, last_seq, state, verdict, usage, artifacts, set_back)
    ), moved AS (
        UPDATE jobs j SET
            last_event = m.last_event, last_seq = m.last_seq, state = m.state, lease_until = NULL,
            verdict = m.verdict, usage = m.usage, artifacts = coalesce(m.artifacts, '[]'),
            worker_id = CASE m.state WHEN 'queued' THEN NULL ELSE j.worker_id END,
            claim_id = CASE m.state WHEN 'queued' THEN NULL ELSE j.claim_id END,
            finished_at = CASE m.state WHEN 'queued' THEN NULL ELSE now() END,
            setbacks = j.setbacks + m.set_back::int,
            retry_at = CASE WHEN m.set_back THEN now() + make_interval(secs => least(2 ^ j.setbacks, $9)) END
        FROM moves m WHERE j.id = m.id
        RETURNING j.id, j.attempt, j.state, j.leaves_objects
    )
    INSERT INTO dead_attempts (job_id, attempt) SELECT id, attempt FROM moved WHERE state = 'queued' AND leaves_objects";

/// A job that was set back waits twice as long each time, and no longer than this.
const LONGEST_RETRY_SECONDS: f64 = 120.0;

const EVENT_COLUMNS: &str = "number, attempt, event, data, stream, byte_start, bytes";

impl Store {
    /// Records batches of events in one transaction; a repeated batch changes nothing.
    pub async fn record(&self, batches: &[EventBatch]) -> Result<Recorded> {
        // On the heap: the state of a transaction is tens of kilobytes.
        Box::pin(self.record_in_transaction(batches)).await
    }

    async fn record_in_transaction(&self, batches: &[EventBatch]) -> Result<Recorded> {
        let mut ids: Vec<Uuid> =
            batches.iter().flat_map(|batch| &batch.events).map(|event| event.job_id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let batch = Batch::on(self.hot().await?);
        let statements = Statements::of(&batch).await?;
        let rows = batch.begin(Commit::Durable, batch.query(&statements.lock, &[&ids])).await?;
        let locked_rows: HashMap<JobId, JobRow> = rows.iter().map(locked).collect::<Result<_>>()?;
        let events =
            batches.iter().flat_map(|batch| batch.events.iter().map(move |event| (&batch.worker_id, event)));
        let plan = fencing::plan(&locked_rows, events);
        batch.end(Box::pin(write(&batch, &statements, &plan))).await?;
        Ok(Recorded { changed: changes(&plan), dropped: plan.dropped, recorded: plan.events.len() })
    }

    /// Events after `after`, in order, at most `limit`, but none of output before `output_from` (0 leaves out nothing);
    /// for a caller who has read the job as its owner.
    pub async fn events_after(
        &self,
        id: JobId,
        after: i64,
        output_from: i64,
        limit: i64,
    ) -> Result<Vec<StoredEvent>> {
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM job_events
             WHERE job_id = $1 AND number > $2 AND (number >= $3 OR stream IS NULL) ORDER BY number LIMIT $4"
        );
        let connection = self.connection().await?;
        connection
            .query(&connection.prepare_cached(&sql).await?, &[&id.0, &after, &output_from, &limit])
            .await?
            .iter()
            .map(stored)
            .collect()
    }

    /// The number of the event from which on the newest `bytes` of output follow, whole chunks and at least one; 0 when
    /// there is none after `after`. For a caller who has read the job as its owner.
    pub async fn output_tail(&self, id: JobId, after: i64, bytes: u64) -> Result<i64> {
        let sql = "
            SELECT coalesce(min(number), 0) FROM (
              SELECT number, sum(length(bytes)) OVER (ORDER BY number DESC) - length(bytes) AS newer
              FROM job_events WHERE job_id = $1 AND number > $2 AND stream IS NOT NULL) chunks
            WHERE newer < $3";
        let bytes = i64::try_from(bytes.max(1)).unwrap_or(i64::MAX);
        let connection = self.connection().await?;
        let row =
            connection.query_one(&connection.prepare_cached(sql).await?, &[&id.0, &after, &bytes]).await?;
        Ok(row.get(0))
    }

    /// Output of a user's job from a byte offset on, in order, at most `limit` chunks; the first is cut to begin there.
    pub async fn output_from(
        &self,
        user_id: UserId,
        id: JobId,
        attempt: i32,
        stream: Stream,
        offset: u64,
        limit: i64,
    ) -> Result<Vec<Chunk>> {
        let sql = "
            SELECT number, attempt, event, data, stream, byte_start, bytes FROM job_events
            WHERE job_id = $1 AND attempt = $2 AND stream = $3 AND byte_start + length(bytes) > $4
              AND byte_start >= coalesce((
                SELECT max(byte_start) FROM job_events WHERE job_id = $1 AND attempt = $2 AND stream = $3 AND byte_start <= $4), 0)
              AND EXISTS (SELECT 1 FROM jobs WHERE id = $1 AND user_id = $6)
            ORDER BY byte_start LIMIT $5";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection
            .query(&statement, &[&id.0, &attempt, &stream.as_str(), &(offset as i64), &limit, &user_id.0])
            .await?;
        rows.iter().map(|row| Ok(cut(chunk(row)?, offset))).collect()
    }

    /// Where a stream of an attempt ends so far; for a caller who has read the job as its owner.
    pub async fn output_end(&self, id: JobId, attempt: i32, stream: Stream) -> Result<u64> {
        let sql = "SELECT byte_start + length(bytes) FROM job_events
            WHERE job_id = $1 AND attempt = $2 AND stream = $3 ORDER BY byte_start DESC LIMIT 1";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection.query_opt(&statement, &[&id.0, &attempt, &stream.as_str()]).await?;
        Ok(row.map_or(0, |row| row.get::<_, i64>(0) as u64))
    }

    /// Deletes the output of up to `limit` jobs that ended more than `days` ago; returns how many jobs that were.
    pub async fn expire_output(&self, days: f64, limit: i64) -> Result<u64> {
        let counted = is_counted("kind");
        let sql = format!(
            "WITH old AS (
                SELECT id FROM jobs WHERE finished_at < now() - make_interval(secs => $1::float8 * 86400)
                  AND NOT output_expired AND {counted} ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM job_events e USING old WHERE e.job_id = old.id AND e.stream IS NOT NULL
            )
            UPDATE jobs j SET output_expired = true FROM old WHERE j.id = old.id"
        );
        self.connection().await?.execute(&sql, &[&days, &limit]).await
    }
}

fn locked(row: &Row) -> Result<(JobId, JobRow)> {
    let job = JobRow {
        project_id: project_id(row)?,
        kind: known_kind(row),
        state: word(row, "state")?,
        attempt: row.get("attempt"),
        worker_id: row.get::<_, Option<String>>("worker_id").map(WorkerId),
        cancel_requested: row.get("cancel_requested"),
        last_event: row.get("last_event"),
        last_seq: row.get("last_seq"),
        setbacks: row.get("setbacks"),
    };
    Ok((JobId(row.get("id")), job))
}

/// Prepared before the transaction begins.
struct Statements {
    lock: Statement,
    insert: Statement,
    update_counters: Statement,
    end: Statement,
}

impl Statements {
    async fn of(batch: &Batch) -> Result<Self> {
        Ok(Self {
            lock: batch.prepare_cached(LOCK).await?,
            insert: batch.prepare_cached(INSERT_EVENTS).await?,
            update_counters: batch.prepare_cached(UPDATE_COUNTERS).await?,
            end: batch.prepare_cached(END).await?,
        })
    }
}

async fn write(batch: &Batch, statements: &Statements, plan: &WritePlan<'_>) -> Result<()> {
    let (ended, counted): (Vec<_>, Vec<_>) =
        plan.updates.iter().partition(|(_, update)| update.end.is_some());
    let inserts = async {
        if plan.events.is_empty() { Ok(()) } else { insert(batch, &statements.insert, &plan.events).await }
    };
    let counts = async {
        if counted.is_empty() {
            Ok(())
        } else {
            update_counters(batch, &statements.update_counters, &counted).await
        }
    };
    let ends = async { if ended.is_empty() { Ok(()) } else { end(batch, &statements.end, &ended).await } };
    // Pipelined: one round trip for all three.
    futures::try_join!(inserts, counts, ends)?;
    Ok(())
}

async fn insert(batch: &Batch, statement: &Statement, events: &[NumberedEvent<'_>]) -> Result<()> {
    let rows: Vec<RowParts<'_>> = events.iter().map(row_parts).collect();
    let jobs: Vec<Uuid> = events.iter().map(|numbered| numbered.event.job_id.0).collect();
    let numbers: Vec<i64> = events.iter().map(|numbered| numbered.number).collect();
    let attempts: Vec<i32> = events.iter().map(|numbered| numbered.event.attempt).collect();
    let seqs: Vec<i64> = events.iter().map(|numbered| numbered.event.seq).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.event).collect();
    let data: Vec<Option<&serde_json::Value>> = rows.iter().map(|row| row.data.as_ref()).collect();
    let streams: Vec<Option<&str>> =
        rows.iter().map(|row| row.output.map(|(stream, ..)| stream.as_str())).collect();
    let starts: Vec<Option<i64>> =
        rows.iter().map(|row| row.output.map(|(_, offset, _)| offset as i64)).collect();
    let bytes: Vec<Option<&[u8]>> = rows.iter().map(|row| row.output.map(|(.., bytes)| bytes)).collect();
    batch
        .execute(statement, &[&jobs, &numbers, &attempts, &seqs, &names, &data, &streams, &starts, &bytes])
        .await?;
    Ok(())
}

/// The columns of `job_events` that depend on what the event is.
struct RowParts<'a> {
    event: &'static str,
    data: Option<serde_json::Value>,
    output: Option<(Stream, u64, &'a [u8])>,
}

fn row_parts<'a>(numbered: &NumberedEvent<'a>) -> RowParts<'a> {
    let attempt = numbered.event.attempt;
    match &numbered.event.body {
        EventBody::Output { stream, offset, data } => {
            RowParts { event: "output", data: None, output: Some((*stream, *offset, data)) }
        }
        EventBody::Progress(progress) => {
            RowParts { event: "progress", data: Some(serde_json::json!(progress)), output: None }
        }
        EventBody::Started => progress("the program has started".to_owned()),
        EventBody::Indexed(report) => {
            let counts = &report.counts;
            progress(format!(
                "{} files can be searched, {} of {} chunks by meaning",
                counts.files, counts.embedded, counts.chunks
            ))
        }
        EventBody::IndexUnusable { why, .. } => progress(format!("the index must be built anew: {why}")),
        EventBody::Unable { because } => {
            requeued(attempt, format!("its worker was unable to run it: {because}"))
        }
        EventBody::HandedBack | EventBody::Finished(_) => {
            requeued(attempt, "its worker shuts down".to_owned())
        }
    }
}

fn progress<'a>(message: String) -> RowParts<'a> {
    let progress = Progress { message, fraction: None, remark: false };
    RowParts { event: "progress", data: Some(serde_json::json!(progress)), output: None }
}

fn requeued<'a>(attempt: i32, because: String) -> RowParts<'a> {
    let change = StateChange { state: JobState::Queued, attempt, worker_id: None, because: Some(because) };
    RowParts { event: "state", data: Some(serde_json::json!(change)), output: None }
}

async fn update_counters(
    batch: &Batch,
    statement: &Statement,
    updates: &[(&JobId, &JobUpdate)],
) -> Result<()> {
    let (ids, events, seqs) = counters(updates);
    batch.execute(statement, &[&ids, &events, &seqs]).await?;
    Ok(())
}

fn counters(updates: &[(&JobId, &JobUpdate)]) -> (Vec<Uuid>, Vec<i64>, Vec<i64>) {
    let ids = updates.iter().map(|(id, _)| id.0).collect();
    let events = updates.iter().map(|(_, update)| update.last_event).collect();
    (ids, events, updates.iter().map(|(_, update)| update.last_seq).collect())
}

async fn end(batch: &Batch, statement: &Statement, updates: &[(&JobId, &JobUpdate)]) -> Result<()> {
    let (ids, events, seqs) = counters(updates);
    let ends: Vec<&End> = updates.iter().filter_map(|(_, update)| update.end.as_ref()).collect();
    let outcomes: Vec<_> = ends
        .iter()
        .map(|end| match end {
            End::Finished(outcome) => Some(outcome),
            End::HandedBack | End::SetBack => None,
        })
        .collect();
    let states: Vec<&str> = ends.iter().map(|end| end.state().as_str()).collect();
    let verdicts: Vec<Option<Json<&Verdict>>> =
        outcomes.iter().map(|o| o.map(|o| Json(&o.verdict))).collect();
    let usages: Vec<Option<Json<&Usage>>> = outcomes.iter().map(|o| o.map(|o| Json(&o.usage))).collect();
    let artifacts: Vec<Option<Json<&Vec<Artifact>>>> =
        outcomes.iter().map(|o| o.map(|o| Json(&o.artifacts))).collect();
    let set_back: Vec<bool> = ends.iter().map(|end| matches!(end, End::SetBack)).collect();
    let columns: [&(dyn ToSql + Sync); 9] =
        [&ids, &events, &seqs, &states, &verdicts, &usages, &artifacts, &set_back, &LONGEST_RETRY_SECONDS];
    batch.execute(statement, &columns).await?;
    Ok(())
}

fn changes(plan: &WritePlan<'_>) -> Vec<JobChange> {
    let change = |(job_id, update): (&JobId, &JobUpdate)| JobChange {
        job_id: *job_id,
        project_id: update.project_id,
        kind: update.kind,
        state: update.end.is_some(),
        ended: matches!(update.end, Some(End::Finished(_))),
    };
    plan.updates.iter().map(change).collect()
}

fn stored(row: &Row) -> Result<StoredEvent> {
    let body = match row.get::<_, &str>("event") {
        "state" => StoredBody::State(row.get::<_, Json<_>>("data").0),
        "progress" => StoredBody::Progress(row.get::<_, Json<_>>("data").0),
        "output" => StoredBody::Output(chunk(row)?),
        other => return Err(StoreError::corrupt(format!("event is {other:?}"))),
    };
    Ok(StoredEvent { number: row.get("number"), attempt: row.get("attempt"), body })
}

fn chunk(row: &Row) -> Result<Chunk> {
    let stream = match row.get::<_, &str>("stream") {
        "stderr" => Stream::Stderr,
        _ => Stream::Stdout,
    };
    Ok(Chunk { stream, offset: row.get::<_, i64>("byte_start") as u64, bytes: row.get("bytes") })
}

/// Takes off what lies before `offset`.
fn cut(mut chunk: Chunk, offset: u64) -> Chunk {
    let before = offset.saturating_sub(chunk.offset) as usize;
    chunk.bytes.drain(..before.min(chunk.bytes.len()));
    chunk.offset += before as u64;
    chunk
}
