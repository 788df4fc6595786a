//! Building: which indexes are due, what has changed, and the publication of what was built.

use engunity_protocol::{
    JobId, ProjectId, UserId, WorkerId,
    index::{IndexBundle, IndexCounts, IndexReport, IndexState, IndexStatus},
};
use tokio_postgres::{Row, types::Json};

use crate::{Result, Store, jobs::project_id};

/// A project whose index is to be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueIndex {
    pub owner: UserId,
    pub project: ProjectId,
}

/// What a build begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexBase {
    /// The project's revision: the changes that are read after this are at least as new.
    pub revision: i64,
    pub bundle: Option<IndexBundle>,
}

/// A path whose content is not what the index has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    pub path: String,
    /// `None`: there is no such file any more.
    pub now: Option<FileNow>,
}

/// A file as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNow {
    id: String,
    pub language: Option<String>,
    pub hash: String,
    pub size: i64,
    pub link: bool,
    /// Its text is in the database, else it is an object in storage.
    pub inline: bool,
}

/// The objects of a project's index, for deleting all others.
#[derive(Debug, Clone)]
pub struct IndexUse {
    pub project: ProjectId,
    pub revision: i64,
    pub objects: Vec<String>,
    /// An index job of the project has not ended.
    pub has_job: bool,
}

/// Builds that come to nothing are tried again twice as late each time, and no later than this.
const LONGEST_RETRY_SECONDS: f64 = 600.0;

/// Takes what is due, so that of several coordinators one gets it. The power is bounded, because a project that fails for
/// days would overflow it.
const TAKE_DUE: &str = "
    UPDATE indexes i SET tries = i.tries + 1, not_before = now() + make_interval(secs => least(2 ^ least(i.tries + 1, 20), $3::float8))
    FROM code_projects p
    WHERE p.id = i.project_id AND p.user_id IS NOT NULL AND i.project_id IN (
        SELECT d.project_id FROM indexes d
        WHERE d.changed_at < now() - make_interval(secs => $1::float8) AND (d.not_before IS NULL OR d.not_before < now())
          AND EXISTS (SELECT 1 FROM code_projects q WHERE q.id = d.project_id AND q.user_id IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.project_id = d.project_id AND j.exclusive AND j.finished_at IS NULL)
        ORDER BY d.changed_at LIMIT $2 FOR UPDATE OF d SKIP LOCKED)
    RETURNING p.id AS project_id, p.user_id";

/// The attempt's number is the fence, and an index never goes back to an older revision. Journal rows that someone is
/// changing at the moment are skipped: their change is newer.
const PUBLISH: &str = "
    WITH allowed AS (
        SELECT j.project_id FROM jobs j JOIN code_projects p ON p.id = j.project_id
        WHERE j.id = $1 AND j.attempt = $2 AND j.worker_id = $3 AND (j.finished_at IS NULL OR j.state = 'succeeded')
          AND NOT EXISTS (SELECT 1 FROM indexes i WHERE i.project_id = j.project_id AND i.revision > $4)
    ), seen AS (
        DELETE FROM index_changes WHERE (project_id, path) IN (
            SELECT c.project_id, c.path FROM index_changes c JOIN allowed a ON a.project_id = c.project_id
            WHERE c.revision <= $4 FOR UPDATE OF c SKIP LOCKED)
    )
    INSERT INTO indexes AS i (project_id, revision, bundle, counts, worker_id, indexed_at, changed_at)
    SELECT project_id, $4, $5, $6, $3, now(), CASE WHEN $7::bool THEN now() END FROM allowed
    ON CONFLICT (project_id) DO UPDATE SET
        revision = excluded.revision, bundle = excluded.bundle, counts = excluded.counts,
        worker_id = excluded.worker_id, indexed_at = excluded.indexed_at, tries = 0, not_before = NULL,
        changed_at = CASE WHEN $7 OR i.changed_revision > excluded.revision THEN now() END";

impl Store {
    /// Projects that have changed at least `quiet` seconds ago and that no job indexes; each is given out once, and again
    /// later if no index comes of it.
    pub async fn take_due_indexes(&self, quiet: f64, limit: i64) -> Result<Vec<DueIndex>> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(TAKE_DUE).await?;
        let rows = connection.query(&statement, &[&quiet, &limit, &LONGEST_RETRY_SECONDS]).await?;
        rows.iter()
            .map(|row| Ok(DueIndex { owner: UserId(row.get("user_id")), project: project_id(row)? }))
            .collect()
    }

    /// Where a build begins; `None` where this user has no such project.
    pub async fn index_base(&self, owner: UserId, project: ProjectId) -> Result<Option<IndexBase>> {
        let sql =
            "SELECT p.revision, i.bundle FROM code_projects p LEFT JOIN indexes i ON i.project_id = p.id
            WHERE p.id = $1 AND p.user_id = $2";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection.query_opt(&statement, &[&project.to_string(), &owner.0]).await?;
        Ok(row.map(|row| IndexBase {
            revision: row.get(0),
            bundle: row.get::<_, Option<Json<IndexBundle>>>(1).map(|json| json.0),
        }))
    }

    /// All paths that have changed since the index; with `all`, all files as well. For a caller who has read the base.
    pub async fn changed_files(&self, project: ProjectId, all: bool) -> Result<Vec<ChangedFile>> {
        let sql = "
            SELECT paths.path, f.id, f.language, f.hash, f.size, f.is_link, f.content IS NOT NULL AS inline
            FROM (SELECT path FROM index_changes WHERE project_id = $1
                  UNION SELECT path FROM code_files WHERE project_id = $1 AND type = 'file' AND $2) paths
            LEFT JOIN code_files f ON f.project_id = $1 AND f.path = paths.path AND f.type = 'file' ORDER BY paths.path";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection.query(&statement, &[&project.to_string(), &all]).await?;
        Ok(rows.iter().map(changed).collect())
    }

    /// The texts of some files, by their paths' order in `files`; `None` for what is not inline, or no more.
    pub async fn changed_texts(&self, files: &[&FileNow]) -> Result<Vec<Option<String>>> {
        let sql = "SELECT f.content FROM unnest($1::varchar[]) WITH ORDINALITY AS t(id, n)
            LEFT JOIN code_files f ON f.id = t.id ORDER BY n";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let ids: Vec<&str> = files.iter().map(|file| file.id.as_str()).collect();
        Ok(connection.query(&statement, &[&ids]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// Makes what an attempt built the project's index, and forgets the changes that are in it. False where the attempt
    /// is no longer the job's, or a newer index stands. Waits at most `patience` seconds for whoever writes files.
    pub async fn publish_index(
        &self,
        job: JobId,
        attempt: i32,
        worker: &WorkerId,
        report: &IndexReport,
        patience: f64,
    ) -> Result<bool> {
        let mut connection = self.connection().await?;
        let statement = connection.prepare_cached(PUBLISH).await?;
        let transaction = connection.transaction().await?;
        let milliseconds = (patience * 1000.0) as i64;
        transaction.batch_execute(&format!("SET LOCAL lock_timeout = {milliseconds}")).await?;
        let (bundle, counts) = (Json(&report.bundle), Json(&report.counts));
        let published = transaction
            .execute(
                &statement,
                &[&job.0, &attempt, &worker.0, &report.revision, &bundle, &counts, &report.unfinished],
            )
            .await?;
        transaction.commit().await?;
        Ok(published > 0)
    }

    /// Forgets an index that can't be used, so that the next job builds it from all files.
    pub async fn forget_index(&self, project: ProjectId, manifest: &str) -> Result<bool> {
        let sql = "UPDATE indexes SET bundle = NULL, counts = NULL, revision = NULL, indexed_at = NULL, changed_at = now()
            WHERE project_id = $1 AND bundle ->> 'manifest' = $2";
        let connection = self.connection().await?;
        Ok(connection.execute(sql, &[&project.to_string(), &manifest]).await? > 0)
    }

    /// The project of an attempt that still counts.
    pub async fn project_of_attempt(
        &self,
        job: JobId,
        attempt: i32,
        worker: &WorkerId,
    ) -> Result<Option<ProjectId>> {
        let sql = "SELECT project_id FROM jobs WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND finished_at IS NULL";
        let connection = self.connection().await?;
        let row = connection.query_opt(sql, &[&job.0, &attempt, &worker.0]).await?;
        row.as_ref().map(project_id).transpose()
    }

    /// The state of a project's index; `None` where this user has no such project.
    pub async fn index_status(&self, owner: UserId, project: ProjectId) -> Result<Option<IndexStatus>> {
        let sql = "
            SELECT i.counts, i.indexed_at, (SELECT count(*) FROM index_changes c WHERE c.project_id = p.id) AS pending,
                (SELECT j.id FROM jobs j WHERE j.project_id = p.id AND j.exclusive AND j.finished_at IS NULL LIMIT 1) AS job
            FROM code_projects p LEFT JOIN indexes i ON i.project_id = p.id WHERE p.id = $1 AND p.user_id = $2";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection.query_opt(&statement, &[&project.to_string(), &owner.0]).await?;
        Ok(row.as_ref().map(status))
    }

    /// Indexes that were published since their objects were last swept, some minutes ago, and once an hour those whose
    /// builds fail: each try leaves its changes in storage.
    pub async fn indexes_to_sweep(&self, minutes: f64, limit: i64) -> Result<Vec<IndexUse>> {
        let sql = "UPDATE indexes SET swept_at = now() WHERE project_id IN (
                SELECT project_id FROM indexes
                WHERE swept_at IS NULL OR tries > 0 AND swept_at < now() - interval '1 hour'
                  OR swept_at < now() - make_interval(secs => $1::float8 * 60) AND swept_at < indexed_at + make_interval(secs => $1::float8 * 60)
                LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING project_id, coalesce(revision, 0) AS revision, bundle, EXISTS (SELECT 1 FROM jobs j
                WHERE j.project_id = indexes.project_id AND j.exclusive AND j.finished_at IS NULL) AS has_job";
        let rows = self.connection().await?.query(sql, &[&minutes, &limit]).await?;
        rows.iter()
            .map(|row| {
                let bundle: Option<Json<IndexBundle>> = row.get("bundle");
                Ok(IndexUse {
                    project: project_id(row)?,
                    revision: row.get("revision"),
                    objects: bundle.map(|Json(bundle)| bundle.objects).unwrap_or_default(),
                    has_job: row.get("has_job"),
                })
            })
            .collect()
    }
}

fn changed(row: &Row) -> ChangedFile {
    let now = row.get::<_, Option<String>>("id").map(|id| FileNow {
        id,
        language: row.get("language"),
        hash: row.get::<_, Option<String>>("hash").unwrap_or_default(),
        size: row.get("size"),
        link: row.get("is_link"),
        inline: row.get("inline"),
    });
    ChangedFile { path: row.get("path"), now }
}

fn status(row: &Row) -> IndexStatus {
    let counts = row.get::<_, Option<Json<IndexCounts>>>("counts").map(|json| json.0);
    let job_id = row.get::<_, Option<uuid::Uuid>>("job").map(JobId);
    let state = match (&counts, &job_id) {
        (_, Some(_)) => IndexState::Building,
        (Some(_), None) => IndexState::Ready,
        (None, None) => IndexState::None,
    };
    let IndexCounts { files, chunks, embedded, segments, skipped, .. } = counts.unwrap_or_default();
    IndexStatus {
        state,
        files,
        chunks,
        embedded,
        skipped,
        segments,
        indexed_at: row.get("indexed_at"),
        pending: row.get::<_, i64>("pending") as u64,
        job_id,
    }
}
