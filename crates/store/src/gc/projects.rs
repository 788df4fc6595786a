//! What belongs to deleted projects: deleted in small batches, so that no lock is held for long. Their jobs have ended before
//! that ([`Store::cancel_deleted`]).

use engunity_protocol::ProjectId;

use crate::{Result, Store};

/// Readers of ended jobs have so long to see the end.
const GRACE_SECONDS: f64 = 10.0;

const DELETED: &str = "SELECT id FROM code_projects WHERE deleted_at < now() - make_interval(secs => $1) ORDER BY deleted_at LIMIT $2";

const EVENTS: &str = "
    DELETE FROM job_events WHERE ctid = ANY (ARRAY(
        SELECT e.ctid FROM jobs j JOIN job_events e ON e.job_id = j.id
        WHERE j.project_id = $1 AND j.finished_at IS NOT NULL LIMIT $2))";

const JOBS: &str = "
    DELETE FROM jobs WHERE id IN (
        SELECT j.id FROM jobs j WHERE j.project_id = $1 AND j.finished_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM job_events e WHERE e.job_id = j.id) LIMIT $2)";

/// The rest, files with their history, has no lock that anyone else waits for.
const PROJECT: &str = "
    DELETE FROM code_projects p WHERE p.id = $1 AND p.deleted_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM jobs j WHERE j.project_id = p.id)";

impl Store {
    /// Projects that were marked as deleted a while ago, the oldest first.
    pub async fn deleted_projects(&self, limit: i64) -> Result<Vec<ProjectId>> {
        let connection = self.connection().await?;
        let rows = connection.query(DELETED, &[&GRACE_SECONDS, &limit]).await?;
        rows.iter().map(|row| Ok(row.get::<_, &str>(0).parse()?)).collect()
    }

    /// Deletes up to `limit` rows of what belongs to a deleted project, and at last the project; returns how many that
    /// were. 0: the project is gone, or one of its jobs has not ended.
    pub async fn purge_project(&self, id: ProjectId, limit: i64) -> Result<u64> {
        let connection = self.connection().await?;
        let id = id.to_string();
        for sql in [EVENTS, JOBS] {
            let deleted = connection.execute(&connection.prepare_cached(sql).await?, &[&id, &limit]).await?;
            if deleted > 0 {
                return Ok(deleted);
            }
        }
        drop(connection);
        self.delete_rest(&id).await
    }

    /// In one statement that may take longer than others.
    async fn delete_rest(&self, id: &str) -> Result<u64> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.batch_execute(&self.deadlines.of_migrations().set_local()).await?;
        let deleted = transaction.execute(PROJECT, &[&id]).await?;
        transaction.commit().await?;
        Ok(deleted)
    }
}
