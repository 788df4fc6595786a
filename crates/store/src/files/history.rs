//! The local history of files: what each has held, and going back to it. The triggers of `migrations/V9__history.sql`
//! record it; the present content and a deletion that lies in the trash are entries too, and read from where they are.

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use engunity_protocol::{
    FileId, ProjectId, UserId, VersionId,
    file::{File, FileType},
    history::{Cause, Version},
    path::ProjectPath,
};
use tokio_postgres::Row;

use crate::{
    Result, Store, StoreError,
    files::{
        begin::begin_many,
        bulk::hold_sources,
        change::ChangeError,
        entries::{ensure_folders, read},
        quota::{ProjectQuota, Usage},
        trash::person,
    },
};

/// Where a page of a history begins: after this entry.
pub type VersionCursor = (DateTime<Utc>, VersionId);

/// A content of a file, as it is stored.
#[derive(Debug, Clone)]
pub struct StoredVersion {
    pub file_id: FileId,
    pub path: String,
    pub hash: String,
    pub size: i64,
    pub executable: bool,
    pub link: bool,
    /// The text where it lies in the database; `None`: an object in storage named by `hash`.
    pub text: Option<String>,
}

/// A file whose content is that of a version again.
#[derive(Debug, Clone)]
pub struct RestoredVersion {
    pub file: File,
    /// There was none at its path.
    pub created: bool,
}

/// What a file is called by its path: its language.
pub type LanguageOf<'a> = &'a (dyn Fn(&str) -> Option<String> + Send + Sync);

/// The version `$2` of the project `$1`, wherever it is kept.
const ONE: &str = "SELECT v.file_id, v.path, v.hash, v.size, v.executable, v.is_link, coalesce(b.content, f.content)
    FROM (
        SELECT file_id, path, hash, size, executable, is_link, user_id FROM file_versions WHERE id = $2 AND project_id = $1
        UNION ALL
        SELECT file_id, path, hash, size, executable, is_link, user_id FROM deleted_files
            WHERE id = $2 AND project_id = $1 AND hash IS NOT NULL
        UNION ALL
        SELECT f.id, f.path, f.hash, f.size, f.executable, f.is_link, p.user_id FROM code_files f
            JOIN code_projects p ON p.id = f.project_id
            WHERE f.version_id = $2 AND f.project_id = $1 AND f.hash IS NOT NULL
        UNION ALL
        SELECT f.id, f.path, f.hash, f.size, f.executable, f.is_link, p.user_id FROM code_files f
            JOIN code_projects p ON p.id = f.project_id
            WHERE f.id = $2::uuid::text AND f.version_id IS NULL AND f.project_id = $1 AND f.hash IS NOT NULL
    ) v
    LEFT JOIN blobs b ON b.user_id = v.user_id AND b.hash = v.hash AND b.stored
    LEFT JOIN code_files f ON f.id = v.file_id AND f.hash = v.hash
    WHERE v.user_id = $3 LIMIT 1";

impl Store {
    /// A page of the history of what is or was at `path`, newest first; `None` where this user has no such project.
    pub async fn history(
        &self,
        owner: UserId,
        project: ProjectId,
        path: &str,
        limit: i64,
        after: Option<VersionCursor>,
    ) -> Result<Option<Vec<Version>>> {
        if self.project(owner, project).await?.is_none() {
            return Ok(None);
        }
        let sql = "WITH ids AS (
                SELECT id FROM code_files WHERE project_id = $1 AND path = $2
                UNION SELECT file_id FROM deleted_files WHERE project_id = $1 AND path = $2
            ), past AS (
                SELECT * FROM file_versions WHERE project_id = $1 AND path = $2
                UNION SELECT * FROM file_versions WHERE file_id IN (SELECT id FROM ids) AND project_id = $1
            ), entries AS (
                SELECT coalesce(version_id, id::uuid) AS id, path, hash, size, coalesce(content_at, updated_at) AS created_at,
                    content_by AS author, coalesce(content_cause, 'create') AS cause, true AS current
                FROM code_files WHERE project_id = $1 AND path = $2 AND hash IS NOT NULL
                UNION ALL SELECT id, path, hash, size, deleted_at, deleted_by, cause, false
                FROM deleted_files WHERE project_id = $1 AND path = $2 AND hash IS NOT NULL
                UNION ALL SELECT id, path, hash, size, created_at, author, cause, false FROM past
            )
            SELECT e.id, e.path, e.hash, e.size, e.created_at, e.author, coalesce(nullif(u.name, ''), u.email), e.cause, e.current
            FROM entries e LEFT JOIN users u ON u.id = e.author
            WHERE $4::timestamptz IS NULL OR (e.created_at, e.id) < ($4, $5)
            ORDER BY e.created_at DESC, e.id DESC LIMIT $3";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let (at, id) = after.map(|(at, id)| (at, id.0)).unzip();
        let rows = connection.query(&statement, &[&project.to_string(), &path, &limit, &at, &id]).await?;
        rows.iter().map(version).collect::<Result<_>>().map(Some)
    }

    /// One version, past or present.
    pub async fn version(
        &self,
        owner: UserId,
        project: ProjectId,
        id: VersionId,
    ) -> Result<Option<StoredVersion>> {
        if self.project(owner, project).await?.is_none() {
            return Ok(None);
        }
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(ONE).await?;
        let row = connection.query_opt(&statement, &[&project.to_string(), &id.0, &owner.0]).await?;
        row.as_ref().map(stored).transpose()
    }

    /// Gives a file the content of a version again: the file that had it, or the one at `path`, which is made if it is missing.
    /// `language_of` says what a new file is written in.
    pub async fn restore_version(
        &self,
        owner: UserId,
        project: ProjectId,
        id: VersionId,
        path: Option<ProjectPath>,
        language_of: LanguageOf<'_>,
        quota: ProjectQuota,
    ) -> std::result::Result<RestoredVersion, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let revision = begin_many(&transaction, owner, project, Cause::Restore).await?;
        let row = transaction.query_opt(ONE, &[&project.to_string(), &id.0, &owner.0]).await?;
        let version = stored(&row.ok_or(ChangeError::NotFound)?)?;
        hold_sources(&transaction, owner, &[&version.hash], &[version.size]).await?;
        let path = target(&transaction, project, &version, path).await?;
        let present = at_path(&transaction, project, &path).await?;
        let (file, change) = match &present {
            Some(present) if present.kind == FileType::Folder => {
                return Err(ChangeError::IsAFolder(path.to_string()));
            }
            Some(present) => {
                overwrite(&transaction, owner, present.id, &version).await?;
                (present.id, Usage { files: 0, bytes: version.size - present.size })
            }
            None => create(&transaction, owner, project, &path, &version, language_of).await?,
        };
        let usage = self.usage.after(&transaction, project, revision, change).await?;
        if change.files > 0 || change.bytes > 0 {
            ChangeError::unless_allowed(quota, usage.files, usage.bytes)?;
        }
        let file = read(&transaction, file).await?.ok_or(ChangeError::NotFound)?;
        transaction.commit().await?;
        self.usage.remember(project, revision, usage);
        Ok(RestoredVersion { file, created: present.is_none() })
    }
}

/// Where the content goes: to `path`, or to the file that had it, or to where that was.
async fn target(
    transaction: &Transaction<'_>,
    project: ProjectId,
    version: &StoredVersion,
    path: Option<ProjectPath>,
) -> std::result::Result<ProjectPath, ChangeError> {
    if let Some(path) = path {
        return Ok(path);
    }
    let own = read(transaction, version.file_id).await?.filter(|file| file.project_id == project);
    let path = own.map_or_else(|| version.path.clone(), |file| file.path);
    ProjectPath::parse(&path).map_err(ChangeError::Path)
}

async fn at_path(
    transaction: &Transaction<'_>,
    project: ProjectId,
    path: &ProjectPath,
) -> Result<Option<File>> {
    let sql = "SELECT id FROM code_files WHERE project_id = $1 AND path = $2";
    let statement = transaction.prepare_cached(sql).await?;
    match transaction.query_opt(&statement, &[&project.to_string(), &path.as_str()]).await? {
        Some(row) => read(transaction, row.get::<_, &str>(0).parse()?).await,
        None => Ok(None),
    }
}

async fn overwrite(
    transaction: &Transaction<'_>,
    owner: UserId,
    file: FileId,
    version: &StoredVersion,
) -> Result<()> {
    let sql =
        "UPDATE code_files f SET content = b.content, hash = b.hash, size = b.size, is_binary = b.is_binary,
            executable = $4, is_link = $5, updated_at = now()
        FROM blobs b WHERE f.id = $1 AND b.user_id = $2 AND b.hash = $3 AND b.stored";
    let statement = transaction.prepare_cached(sql).await?;
    let (executable, link) = (&version.executable, &version.link);
    let written = transaction
        .execute(&statement, &[&file.to_string(), &owner.0, &version.hash, executable, link])
        .await?;
    found(written, version)
}

async fn create(
    transaction: &Transaction<'_>,
    owner: UserId,
    project: ProjectId,
    path: &ProjectPath,
    version: &StoredVersion,
    language_of: LanguageOf<'_>,
) -> std::result::Result<(FileId, Usage), ChangeError> {
    let sql = "INSERT INTO code_files (id, project_id, path, name, type, language, parent_id, content, hash, size, is_binary, executable, is_link)
        SELECT $1::varchar, $2::varchar, $3::varchar, $4::varchar, 'file', $5::varchar, $6::varchar, b.content, b.hash, b.size, b.is_binary,
            $7::bool, $8::bool
        FROM blobs b WHERE b.user_id = $9 AND b.hash = $10 AND b.stored";
    let (parent, made) = ensure_folders(transaction, project, path).await?;
    let statement = transaction.prepare_cached(sql).await?;
    let (id, (executable, link)) = (FileId::new(), (&version.executable, &version.link));
    let (key, project) = (id.to_string(), project.to_string());
    let language = language_of(path.as_str()).filter(|_| !version.link);
    let (path, name) = (path.as_str(), path.name());
    let written = transaction
        .execute(
            &statement,
            &[&key, &project, &path, &name, &language, &parent, executable, link, &owner.0, &version.hash],
        )
        .await?;
    found(written, version)?;
    Ok((id, Usage { files: made + 1, bytes: version.size }))
}

fn found(written: u64, version: &StoredVersion) -> Result<()> {
    if written == 1 {
        Ok(())
    } else {
        Err(StoreError::corrupt(format!("the content {} is gone", version.hash)))
    }
}

fn version(row: &Row) -> Result<Version> {
    let cause: &str = row.get(7);
    Ok(Version {
        id: VersionId(row.get(0)),
        path: row.get(1),
        hash: row.get(2),
        size: row.get(3),
        created_at: row.get(4),
        author: person(row, 5),
        cause: Cause::named(cause).ok_or_else(|| StoreError::corrupt(format!("the cause {cause}")))?,
        current: row.get(8),
    })
}

fn stored(row: &Row) -> Result<StoredVersion> {
    Ok(StoredVersion {
        file_id: row.get::<_, &str>(0).parse()?,
        path: row.get(1),
        hash: row.get(2),
        size: row.get(3),
        executable: row.get(4),
        link: row.get(5),
        text: row.get(6),
    })
}
