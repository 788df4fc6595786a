//! Keys of objects in storage that nothing refers to any more, until the coordinator has deleted the objects.

use crate::{Result, Store};

impl Store {
    /// Whether this caller does a piece of periodic work for the next `seconds`; of many coordinators one does.
    pub async fn take_periodic_work(&self, name: &str, seconds: f64) -> Result<bool> {
        let sql =
            "INSERT INTO periodic_work AS w (name, until) VALUES ($1, now() + make_interval(secs => $2))
            ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE w.until <= now()";
        Ok(self.connection().await?.execute(sql, &[&name, &seconds]).await? > 0)
    }

    /// Schedules the deletion of a key, or of a prefix that ends in a slash.
    pub async fn schedule_gc(&self, key: &str) -> Result<()> {
        self.connection().await?.execute("INSERT INTO trash (key) VALUES ($1)", &[&key]).await?;
        Ok(())
    }

    /// The oldest scheduled deletions, as (number, key).
    pub async fn objects_for_gc(&self, most: i64) -> Result<Vec<(i64, String)>> {
        let rows = self
            .connection()
            .await?
            .query("SELECT id, key FROM trash ORDER BY id LIMIT $1", &[&most])
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Removes scheduled deletions that are done.
    pub async fn objects_collected(&self, ids: &[i64]) -> Result<()> {
        self.connection().await?.execute("DELETE FROM trash WHERE id = ANY($1)", &[&ids]).await?;
        Ok(())
    }
}
