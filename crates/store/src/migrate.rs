//! Brings the schema up to date. Several coordinators may start at once: an advisory lock lets one work
//! while the others wait, and each migration commits together with its entry in `schema_migrations`. A wait for a lock has
//! a short deadline, because whoever queues behind a migration waits with it: a caller tries again.

use crate::{Result, Store, StoreError};

/// Any number, as long as all coordinators use the same.
const LOCK: i64 = 0x656e_6775_6e69_7479;

/// (version, name, SQL), in order. Add new ones at the end; never change one that was released.
pub const MIGRATIONS: &[(i32, &str, &str)] = &[
    (1, "accounts_projects_files", include_str!("../../../migrations/V1__accounts_projects_files.sql")),
    (2, "jobs_workers_sessions", include_str!("../../../migrations/V2__jobs_workers_sessions.sql")),
    (3, "turns", include_str!("../../../migrations/V3__turns.sql")),
    (4, "setbacks_retention", include_str!("../../../migrations/V4__setbacks_retention.sql")),
    (5, "jobs_without_foreign_key", include_str!("../../../migrations/V5__jobs_without_foreign_key.sql")),
    (6, "output_compression", include_str!("../../../migrations/V6__output_compression.sql")),
    (7, "kinds_and_capacity", include_str!("../../../migrations/V7__kinds_and_capacity.sql")),
    (8, "symbolic_links", include_str!("../../../migrations/V8__symbolic_links.sql")),
    (9, "history", include_str!("../../../migrations/V9__history.sql")),
    (10, "accounts_limits", include_str!("../../../migrations/V10__accounts_limits.sql")),
    (11, "version_index", include_str!("../../../migrations/V11__version_index.sql")),
    (12, "deleted_projects", include_str!("../../../migrations/V12__deleted_projects.sql")),
    (
        13,
        "history_of_deleted_projects",
        include_str!("../../../migrations/V13__history_of_deleted_projects.sql"),
    ),
    (14, "indexes", include_str!("../../../migrations/V14__indexes.sql")),
    (15, "ages", include_str!("../../../migrations/V15__ages.sql")),
    (16, "refresh_keys", include_str!("../../../migrations/V16__refresh_keys.sql")),
];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())";

impl Store {
    /// Applies what is missing; returns how many migrations that were.
    pub async fn migrate(&self) -> Result<usize> {
        self.migrate_to(i32::MAX).await
    }

    /// Applies what is missing up to `last` (tests go through each version).
    pub async fn migrate_to(&self, last: i32) -> Result<usize> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.batch_execute(&self.deadlines.of_migrations().set_local()).await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
        transaction.batch_execute(LEDGER).await?;
        let applied: i32 = transaction
            .query_one("SELECT coalesce(max(version), 0) FROM schema_migrations", &[])
            .await?
            .get(0);
        let missing = MIGRATIONS.iter().filter(|(version, ..)| (applied + 1..=last).contains(version));
        let mut count = 0;
        for (version, name, sql) in missing {
            let failed = |source| StoreError::Migration { name: (*name).to_owned(), source };
            transaction.batch_execute(sql).await.map_err(failed)?;
            transaction
                .execute("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", &[version, name])
                .await?;
            count += 1;
        }
        transaction.commit().await?;
        Ok(count)
    }
}
