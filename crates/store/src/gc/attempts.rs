//! Attempts whose objects in storage nothing needs any more. The coordinator deletes the objects, then the row.

use engunity_protocol::JobId;

use crate::{Result, Store};

/// Objects of an attempt that was lost, or of a whole job that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadAttempt {
    pub job_id: JobId,
    /// `None`: all attempts.
    pub attempt: Option<i32>,
}

impl Store {
    /// Dead attempts, ten minutes after their end: their workers have stopped writing by then.
    pub async fn attempts_for_gc(&self, limit: i64) -> Result<Vec<DeadAttempt>> {
        let sql = "SELECT DISTINCT job_id, attempt FROM dead_attempts WHERE died_at < now() - interval '10 minutes' LIMIT $1";
        let rows = self.connection().await?.query(sql, &[&limit]).await?;
        Ok(rows.iter().map(|row| DeadAttempt { job_id: JobId(row.get(0)), attempt: row.get(1) }).collect())
    }

    /// Deletes up to `limit` jobs that ended more than `days` ago, with their events; returns how many that were. Their
    /// objects follow as dead attempts.
    pub async fn expire_jobs(&self, days: f64, limit: i64) -> Result<u64> {
        let sql = "DELETE FROM jobs WHERE id IN (
            SELECT id FROM jobs WHERE finished_at < now() - make_interval(secs => $1::float8 * 86400)
            ORDER BY finished_at LIMIT $2)";
        self.connection().await?.execute(sql, &[&days, &limit]).await
    }

    /// The objects of this attempt are deleted.
    pub async fn attempt_collected(&self, dead: DeadAttempt) -> Result<()> {
        let sql = "DELETE FROM dead_attempts WHERE job_id = $1 AND attempt IS NOT DISTINCT FROM $2";
        self.connection().await?.execute(sql, &[&dead.job_id.0, &dead.attempt]).await?;
        Ok(())
    }
}
