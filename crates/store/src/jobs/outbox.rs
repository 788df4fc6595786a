//! The outbox: released jobs whose message must reach a worker. A row goes with the claim, not with the broker's
//! confirmation, so that a message that was confirmed and lost later is published again as well.

use engunity_protocol::JobId;

use crate::{Released, Result, Store, jobs::accept::word};

/// How long a released job may stay unclaimed before its message is published again; doubled each time.
pub(crate) const FIRST_RETRY_SECONDS: f64 = 5.0;
const LONGEST_RETRY_SECONDS: f64 = 300.0;

const DUE: &str = "
    UPDATE dispatches SET tries = tries + 1, publish_at = now() + make_interval(secs => least($2 * 2 ^ tries, $3))
    WHERE job_id IN (
        SELECT job_id FROM dispatches WHERE publish_at < now() ORDER BY publish_at LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    RETURNING job_id, kind, class";

impl Store {
    /// Takes up to `limit` jobs whose message is due again.
    pub async fn due_dispatches(&self, limit: i64) -> Result<Vec<Released>> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(DUE).await?;
        let rows =
            connection.query(&statement, &[&limit, &FIRST_RETRY_SECONDS, &LONGEST_RETRY_SECONDS]).await?;
        let released = |row: &tokio_postgres::Row| {
            Ok(Released {
                job_id: JobId(row.get("job_id")),
                kind: word(row, "kind")?,
                class: word(row, "class")?,
            })
        };
        rows.iter().map(released).collect()
    }

    /// The broker did not confirm these: they are due again in a second.
    pub async fn dispatches_failed(&self, jobs: &[JobId]) -> Result<()> {
        let ids: Vec<_> = jobs.iter().map(|id| id.0).collect();
        let sql = "UPDATE dispatches SET tries = 1, publish_at = now() + interval '1 second' WHERE job_id = ANY($1)";
        self.connection().await?.execute(sql, &[&ids]).await?;
        Ok(())
    }

    /// Makes every message due: the coordinator that released these may have died before publishing.
    pub async fn expedite_dispatches(&self) -> Result<u64> {
        let sql = "UPDATE dispatches SET tries = 1, publish_at = now() WHERE publish_at > now()";
        self.connection().await?.execute(sql, &[]).await
    }
}
