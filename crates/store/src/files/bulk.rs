//! Many files at once, in one transaction: unpacked archives and committed syncs.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use deadpool_postgres::Transaction;
use engunity_protocol::{FileId, ProjectId, UserId, file::FileType, history::Cause, path::ProjectPath};

use crate::{
    Result, Store, StoreError,
    files::{
        begin::begin_many,
        change::ChangeError,
        plan::{Arrival, ExistingFile, NewFolder, Plan, Write, plan},
        quota::ProjectQuota,
    },
};

/// Reads the texts of some arrivals, by their numbers; runs on a thread that may block.
pub type Texts = Arc<dyn Fn(&[usize]) -> io::Result<Vec<String>> + Send + Sync>;

/// One statement carries at most so many rows, and about so many bytes of text.
const BATCH_ROWS: usize = 2000;
const BATCH_BYTES: i64 = 4 << 20;

impl Store {
    /// Writes unpacked files over what the project has, and notes the archive they came from.
    pub async fn put_files(
        &self,
        owner: UserId,
        project: ProjectId,
        arrivals: &[Arrival],
        texts: Texts,
        storage_path: &str,
        quota: ProjectQuota,
    ) -> std::result::Result<(), ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        begin_many(&transaction, owner, project, Cause::Upload).await?;
        let plan = plan(known(&transaction, project).await?, arrivals, true, quota)?;
        insert_folders(&transaction, project, &plan.folders).await?;
        for batch in batches(&plan.inserts, arrivals) {
            insert_texts(&transaction, project, batch, arrivals, &texts).await?;
        }
        for batch in batches(&plan.updates, arrivals) {
            update_texts(&transaction, batch, arrivals, &texts).await?;
        }
        note_archive(&transaction, project, storage_path).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Makes the project what the arrivals say, with content that is already stored somewhere of this user's.
    pub async fn commit_files(
        &self,
        owner: UserId,
        project: ProjectId,
        arrivals: &[Arrival],
        keep: bool,
        quota: ProjectQuota,
    ) -> std::result::Result<Plan, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        begin_many(&transaction, owner, project, Cause::Sync).await?;
        let plan = plan(known(&transaction, project).await?, arrivals, keep, quota)?;
        let writes: Vec<Write> = plan.inserts.iter().chain(&plan.updates).cloned().collect();
        let hashes: Vec<&str> = writes.iter().map(|w| arrivals[w.arrival].hash.as_str()).collect();
        let sizes: Vec<i64> = writes.iter().map(|w| arrivals[w.arrival].size).collect();
        hold_sources(&transaction, owner, &hashes, &sizes).await?;
        remove(&transaction, &plan.removed).await?;
        insert_folders(&transaction, project, &plan.folders).await?;
        for batch in batches(&writes, arrivals) {
            write_from_sources(&transaction, owner, project, batch, arrivals).await?;
        }
        crate::files::blobs::unstage(&transaction, owner, &hashes).await?;
        transaction.execute("DELETE FROM syncs WHERE project_id = $1", &[&project.to_string()]).await?;
        transaction.commit().await?;
        Ok(plan)
    }

    /// What a commit of `arrivals` would do; `None` where this user has no such project.
    pub async fn plan_files(
        &self,
        owner: UserId,
        project: ProjectId,
        arrivals: &[Arrival],
        keep: bool,
        quota: ProjectQuota,
    ) -> std::result::Result<Plan, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let sql = "SELECT 1 FROM code_projects WHERE id = $1 AND user_id = $2";
        if transaction.query_opt(sql, &[&project.to_string(), &owner.0]).await?.is_none() {
            return Err(ChangeError::NotFound);
        }
        plan(known(&transaction, project).await?, arrivals, keep, quota)
    }
}

async fn known(transaction: &Transaction<'_>, project: ProjectId) -> Result<HashMap<String, ExistingFile>> {
    let sql = "SELECT path, id, type, hash, size, executable, is_link FROM code_files WHERE project_id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&project.to_string()]).await?;
    let known = rows.iter().map(|row| {
        let kind = if row.get::<_, &str>(2) == "folder" { FileType::Folder } else { FileType::File };
        let id = row.get::<_, &str>(1).parse()?;
        let known = ExistingFile {
            id,
            kind,
            hash: row.get(3),
            size: row.get(4),
            executable: row.get(5),
            link: row.get(6),
        };
        Ok((row.get(0), known))
    });
    known.collect()
}

/// Cuts what is to be written into statements of a bearable size.
fn batches<'a>(writes: &'a [Write], arrivals: &'a [Arrival]) -> impl Iterator<Item = &'a [Write]> {
    let mut rest = writes;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |write: &&Write| {
            let before = bytes;
            bytes += if arrivals[write.arrival].inline { arrivals[write.arrival].size } else { 0 };
            before == 0 || bytes <= BATCH_BYTES
        };
        let count = rest.iter().take(BATCH_ROWS).take_while(fits).count();
        let (batch, left) = rest.split_at(count);
        rest = left;
        (count > 0).then_some(batch)
    })
}

pub(crate) async fn insert_folders(
    transaction: &Transaction<'_>,
    project: ProjectId,
    folders: &[NewFolder],
) -> Result<()> {
    let sql = "INSERT INTO code_files (id, project_id, path, name, type, parent_id)
        SELECT id, $1::varchar, path, substring(path from '[^/]*$'), 'folder', parent FROM unnest($2::varchar[], $3::varchar[], $4::varchar[]) AS t(id, path, parent)";
    let statement = transaction.prepare_cached(sql).await?;
    for batch in folders.chunks(BATCH_ROWS) {
        let ids: Vec<String> = batch.iter().map(|f| f.id.to_string()).collect();
        let paths: Vec<&str> = batch.iter().map(|f| f.path.as_str()).collect();
        let parents: Vec<Option<String>> = batch.iter().map(|f| f.parent.map(|id| id.to_string())).collect();
        transaction.execute(&statement, &[&project.to_string(), &ids, &paths, &parents]).await?;
    }
    Ok(())
}

/// The columns of a batch, one array each: what `unnest` takes.
struct Columns<'a> {
    ids: Vec<String>,
    parents: Vec<Option<String>>,
    paths: Vec<&'a str>,
    names: Vec<&'a str>,
    languages: Vec<Option<&'a str>>,
    hashes: Vec<&'a str>,
    sizes: Vec<i64>,
    binary: Vec<bool>,
    executable: Vec<bool>,
    links: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn new(batch: &'a [Write], arrivals: &'a [Arrival]) -> Self {
        let of = |write: &Write| &arrivals[write.arrival];
        Self {
            ids: batch.iter().map(|w| w.id.to_string()).collect(),
            parents: batch.iter().map(|w| w.parent.map(|id| id.to_string())).collect(),
            paths: batch.iter().map(|w| of(w).path.as_str()).collect(),
            names: batch.iter().map(|w| ProjectPath::name(&of(w).path)).collect(),
            languages: batch.iter().map(|w| of(w).language.as_deref()).collect(),
            hashes: batch.iter().map(|w| of(w).hash.as_str()).collect(),
            sizes: batch.iter().map(|w| of(w).size).collect(),
            binary: batch.iter().map(|w| of(w).binary).collect(),
            executable: batch.iter().map(|w| of(w).executable).collect(),
            links: batch.iter().map(|w| of(w).link).collect(),
        }
    }
}

/// The texts of a batch, `None` for what is an object in storage.
async fn read_texts(batch: &[Write], arrivals: &[Arrival], texts: &Texts) -> Result<Vec<Option<String>>> {
    let inline: Vec<usize> = batch.iter().map(|w| w.arrival).filter(|n| arrivals[*n].inline).collect();
    let texts = texts.clone();
    let read = tokio::task::spawn_blocking(move || texts(&inline)).await;
    let failed = |error: &dyn std::fmt::Display| {
        StoreError::corrupt(format!("an unpacked file can't be read again: {error}"))
    };
    let mut read = read.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?.into_iter();
    Ok(batch.iter().map(|w| if arrivals[w.arrival].inline { read.next() } else { None }).collect())
}

async fn insert_texts(
    transaction: &Transaction<'_>,
    project: ProjectId,
    batch: &[Write],
    arrivals: &[Arrival],
    texts: &Texts,
) -> Result<()> {
    let sql = "INSERT INTO code_files (id, project_id, path, name, type, language, parent_id, content, hash, size, is_binary, executable, is_link)
        SELECT id, $1::varchar, path, name, 'file', language, parent, content, hash, size, is_binary, executable, is_link
        FROM unnest($2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[], $6::varchar[], $7::text[], $8::varchar[], $9::bigint[], $10::bool[], $11::bool[], $12::bool[])
            AS t(id, path, name, language, parent, content, hash, size, is_binary, executable, is_link)";
    let statement = transaction.prepare_cached(sql).await?;
    let contents = read_texts(batch, arrivals, texts).await?;
    let c = Columns::new(batch, arrivals);
    let project = project.to_string();
    transaction
        .execute(
            &statement,
            &[
                &project,
                &c.ids,
                &c.paths,
                &c.names,
                &c.languages,
                &c.parents,
                &contents,
                &c.hashes,
                &c.sizes,
                &c.binary,
                &c.executable,
                &c.links,
            ],
        )
        .await?;
    Ok(())
}

async fn update_texts(
    transaction: &Transaction<'_>,
    batch: &[Write],
    arrivals: &[Arrival],
    texts: &Texts,
) -> Result<()> {
    let sql = "UPDATE code_files f SET content = t.content, hash = t.hash, size = t.size, is_binary = t.is_binary,
            executable = t.executable, is_link = t.is_link, updated_at = now()
        FROM unnest($1::varchar[], $2::text[], $3::varchar[], $4::bigint[], $5::bool[], $6::bool[], $7::bool[])
            AS t(id, content, hash, size, is_binary, executable, is_link)
        WHERE f.id = t.id";
    let statement = transaction.prepare_cached(sql).await?;
    let contents = read_texts(batch, arrivals, texts).await?;
    let c = Columns::new(batch, arrivals);
    transaction
        .execute(&statement, &[&c.ids, &contents, &c.hashes, &c.sizes, &c.binary, &c.executable, &c.links])
        .await?;
    Ok(())
}

/// The newest archive becomes the project's; the one before is thrown away.
async fn note_archive(transaction: &Transaction<'_>, project: ProjectId, storage_path: &str) -> Result<()> {
    let project = project.to_string();
    let sql = "INSERT INTO trash (key) SELECT storage_path FROM code_projects WHERE id = $1 AND storage_path IS NOT NULL";
    transaction.execute(sql, &[&project]).await?;
    transaction
        .execute("UPDATE code_projects SET storage_path = $2 WHERE id = $1", &[&project, &storage_path])
        .await?;
    Ok(())
}

/// Outer folders come first: the trash has what lay in them as one entry.
async fn remove(transaction: &Transaction<'_>, ids: &[FileId]) -> Result<()> {
    for batch in ids.chunks(BATCH_ROWS) {
        let batch: Vec<String> = batch.iter().map(FileId::to_string).collect();
        transaction.execute("DELETE FROM code_files WHERE id = ANY($1)", &[&batch]).await?;
    }
    Ok(())
}

/// Makes every content that a commit needs a blob that stays until its end, whatever the commit removes or overwrites,
/// and whatever happens to another project that has it; refuses where one is missing, or has another size than was said
/// (the quota check used the announced sizes).
pub(crate) async fn hold_sources(
    transaction: &Transaction<'_>,
    owner: UserId,
    hashes: &[&str],
    sizes: &[i64],
) -> std::result::Result<(), ChangeError> {
    crate::files::blobs::touch(transaction, owner, hashes).await?;
    crate::files::blobs::stage_from_files(transaction, owner, hashes).await?;
    let missing = crate::files::blobs::missing(transaction, owner, hashes).await?;
    if !missing.is_empty() {
        return Err(ChangeError::Missing(missing));
    }
    let wrong = crate::files::blobs::of_other_size(transaction, owner, hashes, sizes).await?;
    if wrong.is_empty() { Ok(()) } else { Err(ChangeError::WrongSize(wrong)) }
}

/// What a manifest calls a link but whose content is no text becomes a file.
async fn write_from_sources(
    transaction: &Transaction<'_>,
    owner: UserId,
    project: ProjectId,
    batch: &[Write],
    arrivals: &[Arrival],
) -> Result<()> {
    let sql = "INSERT INTO code_files (id, project_id, path, name, type, language, parent_id, content, hash, size, is_binary, executable, is_link)
        SELECT t.id, $2::varchar, t.path, t.name, 'file', t.language, t.parent, s.content, s.hash, s.size, s.is_binary, t.executable,
            t.is_link AND coalesce(s.content, '') <> ''
        FROM unnest($3::varchar[], $4::varchar[], $5::varchar[], $6::varchar[], $7::varchar[], $8::varchar[], $9::bool[], $10::bool[])
            AS t(id, path, name, language, parent, hash, executable, is_link)
            JOIN blobs s ON s.user_id = $1 AND s.hash = t.hash AND s.stored
        ON CONFLICT (id) DO UPDATE SET content = excluded.content, hash = excluded.hash, size = excluded.size,
            is_binary = excluded.is_binary, executable = excluded.executable, is_link = excluded.is_link, updated_at = now()";
    let statement = transaction.prepare_cached(sql).await?;
    let c = Columns::new(batch, arrivals);
    let project = project.to_string();
    let written = transaction
        .execute(
            &statement,
            &[
                &owner.0,
                &project,
                &c.ids,
                &c.paths,
                &c.names,
                &c.languages,
                &c.parents,
                &c.hashes,
                &c.executable,
                &c.links,
            ],
        )
        .await?;
    if written == batch.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::corrupt(format!("a commit found {written} of {} contents", batch.len())))
    }
}
