//! The trash: what was deleted, until it is restored, deleted for good, or has expired. The triggers of
//! `migrations/V9__history.sql` fill it.

use chrono::{DateTime, Duration, Utc};
use deadpool_postgres::Transaction;
use engunity_protocol::{
    DeletionId, ProjectId, TrashId, UserId,
    bulk::{BulkFailure, OnConflict, TrashRestored},
    file::FileType,
    history::{Cause, Person, TrashEntry},
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    Result, Store, StoreError,
    files::{
        begin::{because, begin_many},
        blobs::touch,
        bulk::insert_folders,
        change::ChangeError,
        quota::ProjectQuota,
        rearrange::{delete, failure, read_tree},
        restoration::{Deleted, RestoredRow, by_entry, missing, not_in_trash, restore},
        tree::Entry,
    },
};

/// Where a page of the trash begins: after this entry.
pub type TrashCursor = (DateTime<Utc>, TrashId);

/// Which rows of `deleted_files b` lie at or below those of `r`, in a form that an index serves.
macro_rules! at_or_below {
    () => {
        "b.deletion_id = r.deletion_id AND b.path >= r.path AND b.path < r.path || '0'
            AND (b.path = r.path OR starts_with(b.path, r.path || '/'))"
    };
}

/// What to restore.
#[derive(Debug, Clone)]
pub enum Wanted {
    Entries(Vec<TrashId>),
    /// All that one change deleted.
    Deletion(DeletionId),
}

impl Store {
    /// A page of a project's trash, newest first; `None` where this user has no such project. Entries expire after
    /// `days`; 0 is never.
    pub async fn trash(
        &self,
        owner: UserId,
        project: ProjectId,
        limit: i64,
        after: Option<TrashCursor>,
        days: f64,
    ) -> Result<Option<Vec<TrashEntry>>> {
        let sql = concat!(
            "SELECT r.id, r.deletion_id, r.path, r.type = 'folder', c.files, c.size, r.deleted_at, r.deleted_by,
                coalesce(nullif(u.name, ''), u.email)
            FROM deleted_files r LEFT JOIN users u ON u.id = r.deleted_by CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE b.type = 'file') AS files, coalesce(sum(b.size), 0)::bigint AS size
                FROM deleted_files b WHERE ",
            at_or_below!(),
            ") c
            WHERE r.project_id = $1 AND r.user_id = $2 AND r.root
                AND ($4::timestamptz IS NULL OR (r.deleted_at, r.id) < ($4, $5))
            ORDER BY r.deleted_at DESC, r.id DESC LIMIT $3"
        );
        // A deleted project has no owner, though its trash still goes.
        if self.project(owner, project).await?.is_none() {
            return Ok(None);
        }
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let (at, id) = after.map(|(at, id)| (at, id.0)).unzip();
        let rows = connection.query(&statement, &[&project.to_string(), &owner.0, &limit, &at, &id]).await?;
        Ok(Some(rows.iter().map(|row| entry(row, days)).collect()))
    }

    /// Restores entries of the trash, each with all in it, and the folders above them that are missing.
    pub async fn restore_trash(
        &self,
        owner: UserId,
        project: ProjectId,
        wanted: &Wanted,
        on_conflict: OnConflict,
        quota: ProjectQuota,
    ) -> std::result::Result<TrashRestored, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        begin_many(&transaction, owner, project, Cause::Replace).await?;
        let entries = read_entries(&transaction, project, wanted).await?;
        let failed = absent(wanted, &entries);
        let mut tree = read_tree(&transaction, project, quota).await?;
        let mut plan = restore(&mut tree, entries, on_conflict);
        plan.outcome.failed.extend(failed);
        if plan.rows.is_empty() {
            return Ok(plan.outcome);
        }
        plan.hashes.sort_unstable();
        plan.hashes.dedup();
        touch(&transaction, owner, &plan.hashes.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        delete(&transaction, plan.replaced.iter().copied()).await?;
        because(&transaction, Cause::Restore).await?;
        insert_folders(&transaction, project, &plan.folders).await?;
        insert_rows(&transaction, &plan.rows).await?;
        leave_trash(&transaction, &plan.rows).await?;
        transaction.commit().await?;
        Ok(plan.outcome)
    }

    /// Deletes an entry of the trash for good, with the history of its files; false where there is none.
    pub async fn purge(&self, owner: UserId, project: ProjectId, id: TrashId) -> Result<bool> {
        let sql = concat!(
            "WITH purged AS (DELETE FROM deleted_files b USING deleted_files r
                WHERE r.id = $3 AND r.root AND r.project_id = $1 AND r.user_id = $2 AND ",
            at_or_below!(),
            " RETURNING b.file_id),
            forgotten AS (DELETE FROM file_versions v USING purged p WHERE v.file_id = p.file_id)
            SELECT count(*) FROM purged"
        );
        self.purge_by(owner, project, sql, Some(id)).await.map(|purged| purged.is_some_and(|rows| rows > 0))
    }

    /// Empties a project's trash for good; false where this user has no such project.
    pub async fn empty_trash(&self, owner: UserId, project: ProjectId) -> Result<bool> {
        let sql = "WITH purged AS (DELETE FROM deleted_files b
                WHERE b.project_id = $1 AND b.user_id = $2 AND ($3::uuid IS NULL OR b.id = $3) RETURNING b.file_id),
            forgotten AS (DELETE FROM file_versions v USING purged p WHERE v.file_id = p.file_id)
            SELECT count(*) FROM purged";
        self.purge_by(owner, project, sql, None).await.map(|purged| purged.is_some())
    }

    /// Under the project's lock, so that nothing is restored and purged at once; `None`: no such project.
    async fn purge_by(
        &self,
        owner: UserId,
        project: ProjectId,
        sql: &str,
        id: Option<TrashId>,
    ) -> Result<Option<i64>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let key = project.to_string();
        let lock = "SELECT 1 FROM code_projects WHERE id = $1 AND user_id = $2 FOR UPDATE";
        if transaction.query_opt(lock, &[&key, &owner.0]).await?.is_none() {
            return Ok(None);
        }
        let id = id.map(|id| id.0);
        let purged = transaction.query_one(sql, &[&key, &owner.0, &id]).await?.get(0);
        transaction.commit().await?;
        Ok(Some(purged))
    }
}

fn absent(wanted: &Wanted, entries: &[Vec<Deleted>]) -> Vec<BulkFailure> {
    match wanted {
        Wanted::Deletion(id) if entries.is_empty() => vec![failure(&id.to_string(), not_in_trash())],
        Wanted::Deletion(_) => Vec::new(),
        Wanted::Entries(ids) => {
            missing(ids, entries).iter().map(|id| failure(&id.to_string(), not_in_trash())).collect()
        }
    }
}

/// The wanted entries, each with all in it; they are locked, so that none expires meanwhile.
async fn read_entries(
    transaction: &Transaction<'_>,
    project: ProjectId,
    wanted: &Wanted,
) -> Result<Vec<Vec<Deleted>>> {
    let sql = concat!(
        "SELECT r.id, b.id, b.path, b.hash, b.file_id, b.type = 'folder', b.size FROM deleted_files r JOIN deleted_files b ON ",
        at_or_below!(),
        " WHERE r.root AND r.project_id = $1 AND (r.id = ANY($2) OR r.deletion_id = $3) FOR UPDATE OF r"
    );
    let (ids, deletion) = match wanted {
        Wanted::Entries(ids) => (ids.iter().map(|id| id.0).collect(), None),
        Wanted::Deletion(id) => (Vec::new(), Some(id.0)),
    };
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&project.to_string(), &ids, &deletion]).await?;
    let read: Result<Vec<_>> = rows.iter().map(|row| Ok((row.get(0), deleted(row)?))).collect();
    Ok(by_entry(read?.into_iter()))
}

fn deleted(row: &Row) -> Result<Deleted> {
    let kind = if row.get(5) { FileType::Folder } else { FileType::File };
    let entry = Entry { id: row.get::<_, &str>(4).parse()?, kind, size: row.get(6) };
    Ok(Deleted { id: row.get(1), path: row.get(2), hash: row.get(3), entry })
}

/// Makes files of rows of the trash: with their ids, times, modes and contents.
async fn insert_rows(transaction: &Transaction<'_>, rows: &[RestoredRow]) -> Result<()> {
    let sql = "INSERT INTO code_files (id, project_id, path, name, type, language, parent_id, content, hash, size, is_binary,
            executable, is_link, created_at, updated_at, version_id, content_at)
        SELECT d.file_id, d.project_id, t.path, substring(t.path from '[^/]*$'), d.type, d.language,
            CASE WHEN t.root THEN t.parent ELSE d.parent_id END, b.content, d.hash, d.size, d.is_binary,
            d.executable, d.is_link, d.created_at, d.updated_at, gen_random_uuid(), clock_timestamp()
        FROM unnest($1::uuid[], $2::varchar[], $3::varchar[], $4::bool[]) AS t(id, path, parent, root)
            JOIN deleted_files d ON d.id = t.id LEFT JOIN blobs b ON b.user_id = d.user_id AND b.hash = d.hash AND b.stored
        WHERE d.hash IS NULL OR b.hash IS NOT NULL";
    let statement = transaction.prepare_cached(sql).await?;
    let parent = |row: &RestoredRow| row.parent.flatten().map(|id| id.to_string());
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    let parents: Vec<Option<String>> = rows.iter().map(parent).collect();
    let roots: Vec<bool> = rows.iter().map(|row| row.parent.is_some()).collect();
    let restored = transaction.execute(&statement, &[&ids, &paths, &parents, &roots]).await?;
    if restored == rows.len() as u64 {
        return Ok(());
    }
    Err(StoreError::corrupt(format!("the trash has the content of {restored} of {} files", rows.len())))
}

/// Takes restored rows out of the trash; that they were deleted becomes part of their files' history.
async fn leave_trash(transaction: &Transaction<'_>, rows: &[RestoredRow]) -> Result<()> {
    let sql = "WITH gone AS (DELETE FROM deleted_files WHERE id = ANY($1) RETURNING *)
        INSERT INTO file_versions (id, project_id, user_id, file_id, path, hash, size, is_binary, executable, is_link, cause, author, created_at)
        SELECT id, project_id, user_id, file_id, path, hash, size, is_binary, executable, is_link, cause, deleted_by, deleted_at
        FROM gone WHERE hash IS NOT NULL";
    let statement = transaction.prepare_cached(sql).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    transaction.execute(&statement, &[&ids]).await?;
    Ok(())
}

fn entry(row: &Row, days: f64) -> TrashEntry {
    let deleted_at: DateTime<Utc> = row.get(6);
    TrashEntry {
        id: TrashId(row.get(0)),
        deletion_id: DeletionId(row.get(1)),
        path: row.get(2),
        kind: if row.get(3) { FileType::Folder } else { FileType::File },
        files: row.get(4),
        size: row.get(5),
        deleted_at,
        deleted_by: person(row, 7),
        expires_at: expiry(deleted_at, days),
    }
}

fn expiry(deleted_at: DateTime<Utc>, days: f64) -> Option<DateTime<Utc>> {
    let kept = Duration::try_milliseconds((days * 86_400_000.0) as i64).filter(|_| days > 0.0)?;
    deleted_at.checked_add_signed(kept)
}

/// A user's number and name from two columns; `None` where no one is known, or the account is gone.
pub(crate) fn person(row: &Row, column: usize) -> Option<Person> {
    let name: Option<String> = row.get(column + 1);
    Some(Person { id: UserId(row.get::<_, Option<i32>>(column)?), name: name? })
}
