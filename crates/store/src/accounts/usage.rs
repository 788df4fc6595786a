//! What users use, and the settings that limit it.

use engunity_protocol::{UserId, admin::AllLimitsPatch, limits::UsageView};
use tokio_postgres::types::Json;

use crate::{Result, Store, kinds::is_counted};

/// Jobs, by indexes of the unfinished ones; the day's row; projects with their counters.
const USAGE: &str = "
    SELECT (SELECT count(*) FROM jobs WHERE user_id = $1 AND state = 'running' AND {counted}) AS running,
           (SELECT count(*) FROM jobs WHERE user_id = $1 AND state = 'queued' AND {counted}) AS queued,
           coalesce(d.cpu_ms, 0) AS cpu_ms, coalesce(d.output_bytes, 0) AS output_bytes,
           coalesce(d.artifact_bytes, 0) AS artifact_bytes,
           (SELECT count(*) FROM code_projects WHERE user_id = $1) AS projects,
           (SELECT coalesce(sum(f.size), 0)::bigint FROM code_projects p JOIN code_files f ON f.project_id = p.id
            WHERE p.user_id = $1) AS stored_bytes
    FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS today) t
    LEFT JOIN usage_days d ON d.user_id = $1 AND d.day = t.today";

impl Store {
    /// What a user uses now. Open streams and uploads are not known here.
    pub async fn user_usage(&self, id: UserId) -> Result<UsageView> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(&USAGE.replace("{counted}", &is_counted("kind"))).await?;
        let row = connection.query_one(&statement, &[&id.0]).await?;
        let count = |name: &str| row.get::<_, i64>(name);
        Ok(UsageView {
            running_jobs: count("running"),
            queued_jobs: count("queued") + count("running"),
            cpu_seconds_per_day: count("cpu_ms") / 1000,
            output_bytes_per_day: count("output_bytes"),
            artifact_bytes_per_day: count("artifact_bytes"),
            projects: count("projects"),
            stored_bytes: count("stored_bytes"),
            ..UsageView::default()
        })
    }

    /// How many projects a user has, counted up to `most`.
    pub async fn count_projects(&self, id: UserId, most: i64) -> Result<i64> {
        let sql = "SELECT count(*) FROM (SELECT FROM code_projects WHERE user_id = $1 LIMIT $2) counted";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query_one(&statement, &[&id.0, &most]).await?.get(0))
    }

    /// Bytes of all files of a user, or of everybody.
    pub async fn stored_bytes(&self, id: Option<UserId>) -> Result<i64> {
        let sql = "SELECT coalesce(sum(f.size), 0)::bigint FROM code_projects p JOIN code_files f ON f.project_id = p.id
            WHERE $1::int IS NULL OR p.user_id = $1";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query_one(&statement, &[&id.map(|id| id.0)]).await?.get(0))
    }

    /// The limits that administrators changed.
    pub async fn limit_settings(&self) -> Result<AllLimitsPatch> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached("SELECT value FROM settings WHERE name = 'limits'").await?;
        let row = connection.query_opt(&statement, &[]).await?;
        Ok(row.map(|row| row.get::<_, Json<_>>(0).0).unwrap_or_default())
    }

    /// Applies a change to the limits; of two at once none is lost.
    pub async fn change_limit_settings(&self, patch: &AllLimitsPatch) -> Result<AllLimitsPatch> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let make = "INSERT INTO settings (name, value) VALUES ('limits', '{}') ON CONFLICT DO NOTHING";
        transaction.execute(make, &[]).await?;
        let read = "SELECT value FROM settings WHERE name = 'limits' FOR UPDATE";
        let before: Json<AllLimitsPatch> = transaction.query_one(read, &[]).await?.get(0);
        let after = before.0.then(patch);
        let write = "UPDATE settings SET value = $1, updated_at = now() WHERE name = 'limits'";
        transaction.execute(write, &[&Json(&after)]).await?;
        transaction.commit().await?;
        Ok(after)
    }
}
