//! Jobs: accepting, reading, listing and cancelling them. Every query names the owner.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use engunity_protocol::{
    JobId, ProjectId, UserId, WorkerId,
    job::JobSpec,
    job::{Artifact, Job, JobClass, JobKind, JobState},
    limits::ReachedLimit,
};
use sea_query::{Expr, ExprTrait, Iden, Order, PostgresQueryBuilder, Query};
use sea_query_postgres::PostgresBinder;
use tokio_postgres::{
    Row,
    types::{Json, ToSql},
};

use crate::{
    Result, Store, StoreError,
    jobs::acceptance::{self, AcceptLimits},
};

/// A job to accept; everything about it is decided.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: JobId,
    pub user_id: UserId,
    pub project_id: ProjectId,
    pub class: JobClass,
    pub title: Option<String>,
    pub runtime: Option<String>,
    pub spec: JobSpec,
    pub idempotency: Option<Idempotency>,
    /// `None`: it does not count, as jobs that do nothing.
    pub limits: Option<AcceptLimits>,
}

/// The caller's key for "this request, once", and what the request was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    pub request_hash: Vec<u8>,
}

/// What became of a [`NewJob`].
#[derive(Debug, Clone)]
pub enum Accepted {
    New(Job),
    /// The same request came before; this is the job it made.
    Same(Job),
    /// The key came before with another request.
    Mismatch,
    /// The project is gone, or was never the user's.
    NoProject,
    /// A limit of the user or of the installation is reached.
    Limited(ReachedLimit),
}

/// Which of a user's jobs to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    pub project_id: Option<ProjectId>,
    pub state: Option<JobState>,
    pub kind: Option<JobKind>,
    /// The last id of the page before.
    pub before: Option<JobId>,
    pub limit: u64,
}

/// A job and where its events stand.
#[derive(Debug, Clone)]
pub struct JobHead {
    pub job: Job,
    pub user_id: UserId,
    /// The number of the newest event; for an ended job that is its `result`.
    pub last_event: i64,
}

/// What a cancellation did.
#[derive(Debug, Clone)]
pub struct Cancelled {
    pub job: Job,
    /// It was queued and has ended by this.
    pub ended: bool,
    /// The worker and attempt that run it: send them a cancellation.
    pub running_at: Option<(WorkerId, i32)>,
}

pub(crate) const JOB_COLUMNS: &str = "id, user_id, kind, class, project_id, state, attempt, worker_id, title, runtime, \
    verdict, usage, created_at, started_at, finished_at, last_event";

/// A conflict is a key that came before, or an unfinished job of an exclusive kind.
///
/// Locking the project's row is what a foreign key would do, once more for each job: there is none (see V5).
const INSERT: &str = "
    INSERT INTO jobs (id, user_id, project_id, kind, class, title, runtime, spec, idempotency_key, request_hash, leaves_objects, exclusive)
    SELECT n.id, n.user_id, n.project_id, n.kind, n.class, n.title, n.runtime, n.spec, n.key, n.request_hash, n.leaves_objects, n.exclusive
    FROM unnest($1::uuid[], $2::int[], $3::varchar[], $4::varchar[], $5::varchar[], $6::varchar[], $7::varchar[],
                $8::jsonb[], $9::varchar[], $10::bytea[], $11::bool[], $12::bool[])
      AS n (id, user_id, project_id, kind, class, title, runtime, spec, key, request_hash, leaves_objects, exclusive)
    JOIN code_projects p ON p.id = n.project_id AND p.user_id = n.user_id
    ORDER BY n.id
    FOR KEY SHARE OF p
    ON CONFLICT DO NOTHING
    RETURNING id, created_at";

/// Cancels the jobs that a query asks for, by their `id` and state (`was`), with their rows locked.
macro_rules! cancel {
    ($asked:literal) => {
        concat!(
            "WITH asked AS (",
            $asked,
            "), changed AS (
        UPDATE jobs j SET
            cancel_requested = true,
            state = CASE a.was WHEN 'queued' THEN 'cancelled' ELSE j.state END,
            last_event = j.last_event + CASE a.was WHEN 'queued' THEN 1 ELSE 0 END,
            finished_at = CASE a.was WHEN 'queued' THEN now() END,
            verdict = CASE a.was WHEN 'queued' THEN '{\"reason\":\"cancelled\",\"evidence\":\"cancelled before it started\"}'::jsonb END
        FROM asked a WHERE j.id = a.id
        RETURNING j.*
    ), unpublished AS (
        DELETE FROM dispatches WHERE job_id IN (SELECT id FROM asked)
    )
    SELECT * FROM changed"
        )
    };
}

const CANCEL: &str = cancel!(
    "SELECT id, state AS was FROM jobs WHERE id = $1 AND user_id = $2 AND finished_at IS NULL FOR UPDATE"
);

/// Jobs of deleted projects.
const CANCEL_DELETED: &str = cancel!(
    "SELECT j.id, j.state AS was FROM code_projects p JOIN jobs j ON j.project_id = p.id
     WHERE p.deleted_at IS NOT NULL AND j.finished_at IS NULL AND NOT j.cancel_requested
     LIMIT $1 FOR UPDATE OF j SKIP LOCKED"
);

impl Store {
    /// Accepts jobs in one statement; the answers come in the order of `jobs`.
    pub async fn insert_jobs(&self, jobs: &[NewJob]) -> Result<Vec<Accepted>> {
        let mut connection = self.hot().await?;
        if jobs.iter().any(|job| job.limits.is_some()) {
            let transaction = connection.transaction().await?;
            let refused = acceptance::refusals(&transaction, jobs).await?;
            let fit: Vec<&NewJob> = jobs.iter().filter(|job| !refused.contains_key(&job.id)).collect();
            let rows = insert(&transaction, &fit).await?;
            transaction.commit().await?;
            drop(connection);
            return self.answers(jobs, &rows, refused).await;
        }
        let jobs_to_insert: Vec<_> = jobs.iter().collect();
        let rows = connection.run(insert(&*connection, &jobs_to_insert)).await?;
        drop(connection);
        self.answers(jobs, &rows, HashMap::new()).await
    }

    /// What became of each job, from the rows that were inserted.
    async fn answers(
        &self,
        jobs: &[NewJob],
        rows: &[Row],
        mut refused: HashMap<JobId, ReachedLimit>,
    ) -> Result<Vec<Accepted>> {
        let inserted: HashMap<JobId, DateTime<Utc>> =
            rows.iter().map(|row| (JobId(row.get(0)), row.get(1))).collect();
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push(match inserted.get(&job.id) {
                Some(created_at) => Accepted::New(job.as_queued(*created_at)),
                None => match refused.remove(&job.id) {
                    Some(reached) => Accepted::Limited(reached),
                    None => self.accepted_before(job).await?,
                },
            });
        }
        Ok(answers)
    }

    /// Why a job was not inserted: its key is known, its kind allows one at a time, or its project is not known.
    async fn accepted_before(&self, job: &NewJob) -> Result<Accepted> {
        if job.spec.kind().is_exclusive()
            && let Some(unfinished) = self.unfinished_job(job).await?
        {
            return Ok(Accepted::Same(unfinished));
        }
        let Some(idempotency) = &job.idempotency else { return Ok(Accepted::NoProject) };
        Ok(self.job_by_key(job.user_id, idempotency).await?.unwrap_or(Accepted::NoProject))
    }

    /// The unfinished job of the same kind and project.
    async fn unfinished_job(&self, job: &NewJob) -> Result<Option<Job>> {
        let sql = format!(
            "SELECT {JOB_COLUMNS} FROM jobs WHERE project_id = $1 AND kind = $2 AND user_id = $3 AND exclusive AND finished_at IS NULL"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(&sql).await?;
        let (project, kind) = (job.project_id.to_string(), job.spec.kind().as_str());
        let row = connection.query_opt(&statement, &[&project, &kind, &job.user_id.0]).await?;
        row.map(|row| Ok(head(&row)?.job)).transpose()
    }

    /// The job that an earlier request with this key created: a repeated request inserts nothing.
    pub async fn job_by_key(&self, user_id: UserId, asked: &Idempotency) -> Result<Option<Accepted>> {
        let sql = format!(
            "SELECT {JOB_COLUMNS}, request_hash FROM jobs WHERE user_id = $1 AND idempotency_key = $2"
        );
        let connection = self.connection().await?;
        let Some(row) =
            connection.query_opt(&connection.prepare_cached(&sql).await?, &[&user_id.0, &asked.key]).await?
        else {
            return Ok(None);
        };
        let same =
            row.get::<_, Option<Vec<u8>>>("request_hash").as_deref() == Some(asked.request_hash.as_slice());
        Ok(Some(if same { Accepted::Same(head(&row)?.job) } else { Accepted::Mismatch }))
    }

    /// A user's job.
    pub async fn job(&self, user_id: UserId, id: JobId) -> Result<Option<JobHead>> {
        let sql = format!("SELECT {JOB_COLUMNS} FROM jobs WHERE id = $1 AND user_id = $2");
        let connection = self.connection().await?;
        let row = connection.query_opt(&connection.prepare_cached(&sql).await?, &[&id.0, &user_id.0]).await?;
        row.as_ref().map(head).transpose()
    }

    /// Jobs by id, of any owner: for notifying a project's session, never for answering a request.
    pub async fn jobs_by_id(&self, ids: &[JobId]) -> Result<Vec<JobHead>> {
        let sql = format!("SELECT {JOB_COLUMNS} FROM jobs WHERE id = ANY($1)");
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let connection = self.connection().await?;
        connection.query(&connection.prepare_cached(&sql).await?, &[&ids]).await?.iter().map(head).collect()
    }

    /// A page of a user's jobs, newest first; one more than `limit` when there is a next page.
    pub async fn jobs(&self, user_id: UserId, filter: &JobFilter) -> Result<Vec<Job>> {
        let (sql, values) = list_query(user_id, filter).build_postgres(PostgresQueryBuilder);
        let connection = self.connection().await?;
        let rows = connection.query(&connection.prepare_cached(&sql).await?, &values.as_params()).await?;
        rows.iter().map(|row| Ok(head(row)?.job)).collect()
    }

    /// The artifacts of a user's job; empty until it has ended.
    pub async fn artifacts(&self, user_id: UserId, id: JobId) -> Result<Option<(i32, Vec<Artifact>)>> {
        let connection = self.connection().await?;
        let sql = "SELECT attempt, artifacts FROM jobs WHERE id = $1 AND user_id = $2";
        let row = connection.query_opt(&connection.prepare_cached(sql).await?, &[&id.0, &user_id.0]).await?;
        Ok(row.map(|row| (row.get(0), row.get::<_, Json<Vec<Artifact>>>(1).0)))
    }

    /// Jobs of a user that were not asked to end yet, the oldest first.
    pub async fn unfinished_jobs(&self, user_id: UserId, limit: i64) -> Result<Vec<JobId>> {
        let sql = "SELECT id FROM jobs WHERE user_id = $1 AND state IN ('queued', 'running') AND NOT cancel_requested ORDER BY id LIMIT $2";
        let rows = self.connection().await?.query(sql, &[&user_id.0, &limit]).await?;
        Ok(rows.iter().map(|row| JobId(row.get(0))).collect())
    }

    /// Ends a queued job at once, marks a running one; `None` when there is no such unfinished job.
    pub async fn cancel_job(&self, user_id: UserId, id: JobId) -> Result<Option<Cancelled>> {
        let connection = self.connection().await?;
        let row =
            connection.query_opt(&connection.prepare_cached(CANCEL).await?, &[&id.0, &user_id.0]).await?;
        row.as_ref().map(cancelled).transpose()
    }

    /// Cancels up to `limit` jobs of deleted projects.
    pub async fn cancel_deleted(&self, limit: i64) -> Result<Vec<Cancelled>> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(CANCEL_DELETED).await?;
        connection.query(&statement, &[&limit]).await?.iter().map(cancelled).collect()
    }
}

fn cancelled(row: &Row) -> Result<Cancelled> {
    let job = head(row)?.job;
    let running_at =
        job.worker_id.clone().filter(|_| job.state == JobState::Running).map(|worker| (worker, job.attempt));
    Ok(Cancelled { ended: job.state.is_terminal(), running_at, job })
}

async fn insert<C: GenericClient>(connection: &C, jobs: &[&NewJob]) -> Result<Vec<Row>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let statement = connection.prepare_cached(INSERT).await?;
    Ok(connection.query(&statement, &InsertColumns::of(jobs).parameters()).await?)
}

impl NewJob {
    fn class_in_use(&self) -> JobClass {
        self.spec.kind().class_for(self.class)
    }

    fn as_queued(&self, created_at: DateTime<Utc>) -> Job {
        Job {
            id: self.id,
            kind: self.spec.kind(),
            class: self.class_in_use(),
            project_id: self.project_id,
            state: JobState::Queued,
            attempt: 0,
            worker_id: None,
            title: self.title.clone(),
            runtime: self.runtime.clone(),
            verdict: None,
            usage: None,
            waiting: None,
            created_at,
            started_at: None,
            finished_at: None,
        }
    }
}

/// The columns of a batch, as `unnest` takes them.
struct InsertColumns<'a> {
    ids: Vec<uuid::Uuid>,
    users: Vec<i32>,
    projects: Vec<String>,
    kinds: Vec<&'static str>,
    classes: Vec<&'static str>,
    titles: Vec<Option<&'a str>>,
    runtimes: Vec<Option<&'a str>>,
    specs: Vec<Json<&'a JobSpec>>,
    keys: Vec<Option<&'a str>>,
    hashes: Vec<Option<&'a [u8]>>,
    leaves_objects: Vec<bool>,
    exclusive: Vec<bool>,
}

impl<'a> InsertColumns<'a> {
    fn of(jobs: &[&'a NewJob]) -> Self {
        Self {
            ids: jobs.iter().map(|j| j.id.0).collect(),
            users: jobs.iter().map(|j| j.user_id.0).collect(),
            projects: jobs.iter().map(|j| j.project_id.to_string()).collect(),
            kinds: jobs.iter().map(|j| j.spec.kind().as_str()).collect(),
            classes: jobs.iter().map(|j| j.class_in_use().as_str()).collect(),
            titles: jobs.iter().map(|j| j.title.as_deref()).collect(),
            runtimes: jobs.iter().map(|j| j.runtime.as_deref()).collect(),
            specs: jobs.iter().map(|j| Json(&j.spec)).collect(),
            keys: jobs.iter().map(|j| j.idempotency.as_ref().map(|i| i.key.as_str())).collect(),
            hashes: jobs.iter().map(|j| j.idempotency.as_ref().map(|i| i.request_hash.as_slice())).collect(),
            leaves_objects: jobs.iter().map(|j| j.spec.kind().leaves_objects()).collect(),
            exclusive: jobs.iter().map(|j| j.spec.kind().is_exclusive()).collect(),
        }
    }

    /// As [`INSERT`] numbers them.
    fn parameters(&self) -> [&(dyn ToSql + Sync); 12] {
        [
            &self.ids,
            &self.users,
            &self.projects,
            &self.kinds,
            &self.classes,
            &self.titles,
            &self.runtimes,
            &self.specs,
            &self.keys,
            &self.hashes,
            &self.leaves_objects,
            &self.exclusive,
        ]
    }
}

#[derive(Iden)]
enum Jobs {
    Table,
    Id,
    UserId,
    ProjectId,
    State,
    Kind,
}

fn list_query(user_id: UserId, filter: &JobFilter) -> sea_query::SelectStatement {
    let mut query = Query::select();
    query.expr(Expr::cust(JOB_COLUMNS)).from(Jobs::Table).and_where(Expr::col(Jobs::UserId).eq(user_id.0));
    if let Some(project_id) = filter.project_id {
        query.and_where(Expr::col(Jobs::ProjectId).eq(project_id.to_string()));
    }
    if let Some(state) = filter.state {
        query.and_where(Expr::col(Jobs::State).eq(state.as_str()));
    }
    if let Some(kind) = filter.kind {
        query.and_where(Expr::col(Jobs::Kind).eq(kind.as_str()));
    }
    if let Some(before) = filter.before {
        query.and_where(Expr::col(Jobs::Id).lt(before.0));
    }
    query.order_by(Jobs::Id, Order::Desc).limit(filter.limit + 1).take()
}

/// Reads a row of [`JOB_COLUMNS`].
pub(crate) fn head(row: &Row) -> Result<JobHead> {
    let job = Job {
        id: JobId(row.get("id")),
        kind: word(row, "kind")?,
        class: word(row, "class")?,
        project_id: project_id(row)?,
        state: word(row, "state")?,
        attempt: row.get("attempt"),
        worker_id: row.get::<_, Option<String>>("worker_id").map(WorkerId),
        title: row.get("title"),
        runtime: row.get("runtime"),
        verdict: row.get::<_, Option<Json<_>>>("verdict").map(|json| json.0),
        usage: row.get::<_, Option<Json<_>>>("usage").map(|json| json.0),
        waiting: None,
        created_at: row.get("created_at"),
        started_at: row.get("started_at"),
        finished_at: row.get("finished_at"),
    };
    Ok(JobHead { job, user_id: UserId(row.get("user_id")), last_event: row.get("last_event") })
}

pub(crate) fn project_id(row: &Row) -> Result<ProjectId> {
    Ok(row.get::<_, &str>("project_id").parse()?)
}

/// The job's kind, where this version knows it.
pub(crate) fn known_kind(row: &Row) -> Option<JobKind> {
    row.get::<_, &str>("kind").parse().ok()
}

/// Reads a column that holds the name of an enum's value.
pub(crate) fn word<T: std::str::FromStr>(row: &Row, column: &str) -> Result<T> {
    let text: &str = row.get(column);
    text.parse().map_err(|_| StoreError::corrupt(format!("{column} is {text:?}")))
}
