//! Contents by hash: the register of a user's objects in storage, texts that a sync sent ahead, and the manifests
//! that will name them.

use deadpool_postgres::Transaction;
use engunity_protocol::{ProjectId, UserId, sync::Manifest};
use tokio_postgres::types::Json;

use crate::{Result, Store};

/// A short text that a sync sent.
#[derive(Debug, Clone)]
pub struct Text {
    pub hash: String,
    pub content: String,
}

/// Blobs and manifests that no one came back for.
const OLD: &str = "interval '24 hours'";
/// Blobs that one sweep takes.
const COLLECTED: i64 = 500;

impl Store {
    /// Announces an object before it is written; true where it is stored already. Makes the row young, so that
    /// the collector leaves it alone.
    pub async fn announce_blob(&self, owner: UserId, hash: &str, size: i64, binary: bool) -> Result<bool> {
        let sql = "INSERT INTO blobs (user_id, hash, size, is_binary) VALUES ($1, $2, $3, $4)
            ON CONFLICT (user_id, hash) DO UPDATE SET created_at = now() RETURNING stored";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query_one(&statement, &[&owner.0, &hash, &size, &binary]).await?.get(0))
    }

    /// The announced object is written.
    pub async fn blob_stored(&self, owner: UserId, hash: &str) -> Result<()> {
        let connection = self.connection().await?;
        let statement = connection
            .prepare_cached("UPDATE blobs SET stored = true WHERE user_id = $1 AND hash = $2")
            .await?;
        connection.execute(&statement, &[&owner.0, &hash]).await?;
        Ok(())
    }

    /// Keeps short texts until a commit takes them.
    pub async fn stage_texts(&self, owner: UserId, texts: &[Text]) -> Result<()> {
        let sql = "INSERT INTO blobs (user_id, hash, size, content, stored)
            SELECT $1::integer, hash, octet_length(content), content, true FROM unnest($2::varchar[], $3::text[]) AS t(hash, content)
            ON CONFLICT (user_id, hash) DO UPDATE SET created_at = now()";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let hashes: Vec<&str> = texts.iter().map(|t| t.hash.as_str()).collect();
        let contents: Vec<&str> = texts.iter().map(|t| t.content.as_str()).collect();
        connection.execute(&statement, &[&owner.0, &hashes, &contents]).await?;
        Ok(())
    }

    /// Which of `hashes` this user has nowhere. What is there stays for a while, even if nothing refers to it.
    pub async fn missing_hashes(&self, owner: UserId, hashes: &[&str]) -> Result<Vec<String>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        touch(&transaction, owner, hashes).await?;
        let missing = missing(&transaction, owner, hashes).await?;
        transaction.commit().await?;
        Ok(missing)
    }

    /// Keeps a manifest until it is committed; false where this user has no such project.
    pub async fn keep_manifest(
        &self,
        owner: UserId,
        project: ProjectId,
        manifest: &Manifest,
    ) -> Result<bool> {
        let sql = "INSERT INTO syncs (project_id, manifest) SELECT id, $3::jsonb FROM code_projects WHERE id = $1 AND user_id = $2
            ON CONFLICT (project_id) DO UPDATE SET manifest = excluded.manifest, created_at = now()";
        let kept =
            self.connection().await?.execute(sql, &[&project.to_string(), &owner.0, &Json(manifest)]).await?;
        Ok(kept > 0)
    }

    /// The manifest that was last kept for a project of this user.
    pub async fn kept_manifest(&self, owner: UserId, project: ProjectId) -> Result<Option<Manifest>> {
        let sql = "SELECT s.manifest FROM syncs s JOIN code_projects p ON p.id = s.project_id WHERE p.id = $1 AND p.user_id = $2";
        let row = self.connection().await?.query_opt(sql, &[&project.to_string(), &owner.0]).await?;
        Ok(row.map(|row| row.get::<_, Json<Manifest>>(0).0))
    }

    /// Deletes blobs that nothing has referred to for a day: no file, no version, nothing in the trash. `delete` removes the objects, while the rows are locked:
    /// someone who wants to store the same content waits, and then finds it missing.
    pub async fn collect_blobs<F>(&self, delete: impl FnOnce(Vec<(UserId, String)>) -> F) -> Result<u64>
    where
        F: Future<Output = bool>,
    {
        let sql = format!(
            "DELETE FROM blobs WHERE (user_id, hash) IN (
                SELECT b.user_id, b.hash FROM blobs b WHERE b.created_at < now() - {OLD} AND NOT EXISTS (
                    SELECT 1 FROM code_files f JOIN code_projects p ON p.id = f.project_id WHERE f.hash = b.hash AND p.user_id = b.user_id)
                    AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.user_id = b.user_id AND v.hash = b.hash)
                    AND NOT EXISTS (SELECT 1 FROM deleted_files d WHERE d.user_id = b.user_id AND d.hash = b.hash)
                LIMIT {COLLECTED} FOR UPDATE OF b SKIP LOCKED
            ) RETURNING user_id, hash, content IS NULL"
        );
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let rows = transaction.query(&sql, &[]).await?;
        let objects =
            rows.iter().filter(|row| row.get(2)).map(|row| (UserId(row.get(0)), row.get(1))).collect();
        if !delete(objects).await {
            return Ok(0);
        }
        transaction.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Forgets manifests that no one committed.
    pub async fn forget_old_syncs(&self) -> Result<u64> {
        self.connection()
            .await?
            .execute(&format!("DELETE FROM syncs WHERE created_at < now() - {OLD}"), &[])
            .await
    }
}

/// Makes the rows of `hashes` young, in the order that keeps two of us from waiting for each other.
pub(crate) async fn touch(transaction: &Transaction<'_>, owner: UserId, hashes: &[&str]) -> Result<()> {
    let sql = "UPDATE blobs SET created_at = now() WHERE (user_id, hash) IN
        (SELECT user_id, hash FROM blobs WHERE user_id = $1 AND hash = ANY($2) ORDER BY hash FOR UPDATE)";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&owner.0, &hashes]).await?;
    Ok(())
}

/// Copies texts that only stand in this user's files to where staged ones are.
pub(crate) async fn stage_from_files(
    transaction: &Transaction<'_>,
    owner: UserId,
    hashes: &[&str],
) -> Result<()> {
    let sql = "INSERT INTO blobs (user_id, hash, size, content, is_binary, stored)
        SELECT DISTINCT ON (f.hash) $1::integer, f.hash, f.size, f.content, f.is_binary, true
        FROM code_files f JOIN code_projects p ON p.id = f.project_id
        WHERE p.user_id = $1 AND f.hash = ANY($2) AND f.content IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.user_id = $1 AND b.hash = f.hash AND b.stored)
        ORDER BY f.hash
        ON CONFLICT (user_id, hash) DO UPDATE SET content = excluded.content, stored = true, created_at = now()";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&owner.0, &hashes]).await?;
    Ok(())
}

/// Forgets staged texts once files have them.
pub(crate) async fn unstage(transaction: &Transaction<'_>, owner: UserId, hashes: &[&str]) -> Result<()> {
    let sql = "DELETE FROM blobs WHERE user_id = $1 AND hash = ANY($2) AND content IS NOT NULL";
    transaction.execute(sql, &[&owner.0, &hashes]).await?;
    Ok(())
}

/// Those of `hashes` whose stored content has another size than `sizes` says at the same place.
pub(crate) async fn of_other_size(
    transaction: &Transaction<'_>,
    owner: UserId,
    hashes: &[&str],
    sizes: &[i64],
) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT t.hash FROM unnest($2::varchar[], $3::bigint[]) AS t(hash, size)
        JOIN blobs b ON b.user_id = $1 AND b.hash = t.hash AND b.stored WHERE b.size <> t.size ORDER BY t.hash";
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction
        .query(&statement, &[&owner.0, &hashes, &sizes])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect())
}

pub(crate) async fn missing(
    transaction: &Transaction<'_>,
    owner: UserId,
    hashes: &[&str],
) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT h FROM unnest($2::varchar[]) h
        WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.user_id = $1 AND b.hash = h AND b.stored)
        AND NOT EXISTS (SELECT 1 FROM code_files f JOIN code_projects p ON p.id = f.project_id
            WHERE f.hash = h AND p.user_id = $1 AND f.content IS NOT NULL)
        ORDER BY h";
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.query(&statement, &[&owner.0, &hashes]).await?.iter().map(|row| row.get(0)).collect())
}
