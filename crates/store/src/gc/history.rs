//! Bounds of history and trash: by age, by number of versions of one file, and by a share of the project's storage. The
//! blobs that this frees are collected like any others.

use crate::{Result, Store};

/// What the history of a project may hold.
#[derive(Debug, Clone, Copy)]
pub struct HistoryLimits {
    /// 0 is for ever.
    pub days: f64,
    /// Past versions of one file.
    pub versions: i64,
    /// Bytes of the past versions, and of the trash, of one project.
    pub bytes: i64,
}

/// Counted for each entry beside its content, so that empty files are bounded too.
const ENTRY_BYTES: i64 = 1024;
/// Only what changed since then is looked at for the bounds of number and bytes: several times the interval of the clock.
const RECENT: &str = "interval '20 minutes'";

/// Deletes the roots `r` with all below them. Someone who restores one has locked it: it is left alone.
const DELETE_BELOW: &str = "DELETE FROM deleted_files b USING r WHERE b.deletion_id = r.deletion_id
    AND b.path >= r.path AND b.path < r.path || '0' AND (b.path = r.path OR starts_with(b.path, r.path || '/'))";

impl Store {
    /// Deletes up to `limit` versions that have been past for longer than `days`.
    pub async fn expire_versions(&self, days: f64, limit: i64) -> Result<u64> {
        let sql = "DELETE FROM file_versions WHERE id IN (
            SELECT id FROM file_versions WHERE recorded_at < now() - make_interval(secs => $1::float8 * 86400) LIMIT $2)";
        self.connection().await?.execute(sql, &[&days, &limit]).await
    }

    /// Deletes up to `limit` entries of the trash, each with all in it, that are older than `days`.
    pub async fn expire_trash(&self, days: f64, limit: i64) -> Result<u64> {
        let sql = format!(
            "WITH r AS (SELECT deletion_id, path FROM deleted_files
                WHERE root AND deleted_at < now() - make_interval(secs => $1::float8 * 86400) LIMIT $2 FOR UPDATE SKIP LOCKED)
            {DELETE_BELOW}"
        );
        self.connection().await?.execute(&sql, &[&days, &limit]).await
    }

    /// Deletes the oldest versions of files that have more than `most`.
    pub async fn prune_versions(&self, most: i64) -> Result<u64> {
        let sql = format!(
            "DELETE FROM file_versions WHERE id IN (
                SELECT id FROM (
                    SELECT id, row_number() OVER (PARTITION BY file_id ORDER BY recorded_at DESC, created_at DESC, id) AS place
                    FROM file_versions WHERE file_id IN (SELECT file_id FROM file_versions WHERE recorded_at > now() - {RECENT})
                ) ranked WHERE place > $1)"
        );
        self.connection().await?.execute(&sql, &[&most]).await
    }

    /// Deletes the oldest versions of projects where those that are newer take more than `bytes`. A content counts once.
    pub async fn prune_history(&self, bytes: i64) -> Result<u64> {
        let sql = format!(
            "WITH weighed AS (
                SELECT id, project_id, recorded_at, {ENTRY_BYTES} + CASE WHEN 1 = row_number() OVER (
                    PARTITION BY project_id, hash ORDER BY recorded_at DESC, id) THEN size ELSE 0 END AS bytes
                FROM file_versions
                WHERE project_id IN (SELECT project_id FROM file_versions WHERE recorded_at > now() - {RECENT})
            ), newer AS (
                SELECT id, sum(bytes) OVER (PARTITION BY project_id ORDER BY recorded_at DESC, id) - bytes AS bytes FROM weighed
            )
            DELETE FROM file_versions WHERE id IN (SELECT id FROM newer WHERE bytes > $1::bigint)"
        );
        self.connection().await?.execute(&sql, &[&bytes]).await
    }

    /// Deletes the oldest deletions from the trash of projects where those that are newer take more than `bytes`. The newest
    /// one always stays, however large.
    pub async fn prune_trash(&self, bytes: i64) -> Result<u64> {
        let sql = format!(
            "WITH weighed AS (
                SELECT project_id, deletion_id, max(deleted_at) AS at, sum(size + {ENTRY_BYTES}) AS bytes FROM deleted_files
                WHERE project_id IN (SELECT project_id FROM deleted_files WHERE deleted_at > now() - {RECENT})
                GROUP BY project_id, deletion_id
            ), newer AS (
                SELECT deletion_id, sum(bytes) OVER (PARTITION BY project_id ORDER BY at DESC, deletion_id) - bytes AS bytes FROM weighed
            ), r AS (
                SELECT deletion_id, path FROM deleted_files
                WHERE root AND deletion_id IN (SELECT deletion_id FROM newer WHERE bytes > $1::bigint) FOR UPDATE SKIP LOCKED
            ) {DELETE_BELOW}"
        );
        self.connection().await?.execute(&sql, &[&bytes]).await
    }
}
