//! Files and folders, one at a time: list, read, create, change, move, delete.
//!
//! Every change goes through `begin`. What is overwritten or deleted becomes history by the triggers of
//! `migrations/V9__history.sql`: nothing here has to think of it.

use deadpool_postgres::Transaction;
use engunity_protocol::{
    FileId, ProjectId, UserId,
    file::{File, FileType},
    history::Cause,
    path::{ProjectPath, is_link_target},
};
use tokio_postgres::Row;

use crate::{
    Result, Store, StoreError,
    files::{
        begin::{begin, begin_in, one_at_a_time},
        change::ChangeError,
        quota::{ProjectQuota, Usage},
    },
};

/// The columns of a [`File`] without its content, in the order [`file`] reads them.
macro_rules! columns {
    () => {
        "f.id, f.project_id, f.path, f.name, f.type, f.language, f.parent_id, f.size, f.hash, f.is_binary, f.created_at, f.updated_at, CASE WHEN f.is_link THEN f.content END"
    };
}

/// What a file holds, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The text where it lies in the database; `None`: an object in storage named by `hash`.
    pub text: Option<String>,
    /// BLAKE3, hex.
    pub hash: String,
    pub size: i64,
    pub binary: bool,
}

/// A file or folder to create.
#[derive(Debug, Clone)]
pub struct Draft {
    pub path: ProjectPath,
    pub kind: FileType,
    pub language: Option<String>,
    /// `None` for folders.
    pub content: Option<Content>,
}

/// A change of one file or folder; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    pub name: Option<String>,
    /// `Some(None)` moves to the root.
    pub parent: Option<Option<FileId>>,
    pub content: Option<Content>,
    /// Refuse unless one of these is the current hash; `*` is any.
    pub if_match: Option<Vec<String>>,
    /// `Some(None)` clears it. A folder has none, whatever stands here.
    pub language: Option<Option<String>>,
}

/// What an edit came to.
#[derive(Debug, Clone)]
pub struct Edited {
    pub file: File,
    /// The path is another than before.
    pub moved: bool,
}

/// A file with where its bytes are.
#[derive(Debug, Clone)]
pub struct Stored {
    pub file: File,
    pub text: Option<String>,
}

impl Store {
    /// A page of a project's files and folders in the order of their paths; `None` where this user has no such project.
    pub async fn files(
        &self,
        owner: UserId,
        project: ProjectId,
        limit: i64,
        after: Option<&str>,
    ) -> Result<Option<Vec<File>>> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM code_files f JOIN code_projects p ON p.id = f.project_id
              WHERE f.project_id = $1 AND p.user_id = $2 AND f.path > $3 ORDER BY f.path LIMIT $4"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection
            .query(&statement, &[&project.to_string(), &owner.0, &after.unwrap_or(""), &limit])
            .await?;
        drop(connection);
        if rows.is_empty() && self.project(owner, project).await?.is_none() {
            return Ok(None);
        }
        rows.iter().map(file).collect::<Result<_>>().map(Some)
    }

    /// One file or folder with its text, where that lies in the database.
    pub async fn file(&self, owner: UserId, id: FileId) -> Result<Option<Stored>> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            ", f.content FROM code_files f JOIN code_projects p ON p.id = f.project_id WHERE f.id = $1 AND p.user_id = $2"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection.query_opt(&statement, &[&id.to_string(), &owner.0]).await?;
        row.map(|row| Ok(Stored { file: file(&row)?, text: row.get(13) })).transpose()
    }

    /// Creates a file or folder, and the folders above it that are missing.
    pub async fn create_file(
        &self,
        owner: UserId,
        project: ProjectId,
        draft: &Draft,
        quota: ProjectQuota,
    ) -> std::result::Result<File, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let revision = begin(&transaction, owner, project, Cause::Create).await?;
        let (parent, made) = ensure_folders(&transaction, project, &draft.path).await?;
        let created = insert(&transaction, project, parent, draft).await?;
        let change = Usage { files: made + 1, bytes: created.size };
        let usage = self.usage.after(&transaction, project, revision, change).await?;
        ChangeError::unless_allowed(quota, usage.files, usage.bytes)?;
        transaction.commit().await?;
        self.usage.remember(project, revision, usage);
        Ok(created)
    }

    /// Creates below a folder that is named by its id; the draft's path is then only a name.
    pub async fn folder_path(
        &self,
        owner: UserId,
        project: ProjectId,
        folder: FileId,
    ) -> Result<Option<String>> {
        let sql = "SELECT f.path FROM code_files f JOIN code_projects p ON p.id = f.project_id
            WHERE f.id = $1 AND f.project_id = $2 AND p.user_id = $3 AND f.type = 'folder'";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection
            .query_opt(&statement, &[&folder.to_string(), &project.to_string(), &owner.0])
            .await?
            .map(|row| row.get(0)))
    }

    /// Renames, moves and rewrites, all or nothing.
    pub async fn edit_file(
        &self,
        owner: UserId,
        id: FileId,
        edit: &Edit,
        quota: ProjectQuota,
    ) -> std::result::Result<Edited, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let (project, revision) =
            begin_in(&transaction, owner, id, Cause::Save).await?.ok_or(ChangeError::NotFound)?;
        let current = read(&transaction, id).await?.ok_or(ChangeError::NotFound)?;
        check_match(&current, edit)?;
        write_content(&transaction, &current, edit).await?;
        relocate(&transaction, project, &current, edit).await?;
        let growth = edit.content.as_ref().map_or(0, |content| content.size - current.size);
        let usage =
            self.usage.after(&transaction, project, revision, Usage { files: 0, bytes: growth }).await?;
        if growth > 0 {
            ChangeError::unless_allowed(quota, usage.files, usage.bytes)?;
        }
        let file = read(&transaction, id).await?.ok_or(ChangeError::NotFound)?;
        transaction.commit().await?;
        self.usage.remember(project, revision, usage);
        Ok(Edited { moved: file.path != current.path, file })
    }

    /// Puts a file, or a folder with all in it, into the trash; tells which project it was in.
    pub async fn delete_file(&self, owner: UserId, id: FileId) -> Result<Option<ProjectId>> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        one_at_a_time(&transaction, owner).await?;
        let Some((project, _)) = begin_in(&transaction, owner, id, Cause::Delete).await? else {
            return Ok(None);
        };
        let deleted = transaction.execute("DELETE FROM code_files WHERE id = $1", &[&id.to_string()]).await?;
        if deleted == 0 {
            return Ok(None);
        }
        transaction.commit().await?;
        Ok(Some(project))
    }
}

pub(crate) async fn read(transaction: &Transaction<'_>, id: FileId) -> Result<Option<File>> {
    let statement = transaction
        .prepare_cached(concat!("SELECT ", columns!(), " FROM code_files f WHERE f.id = $1"))
        .await?;
    transaction.query_opt(&statement, &[&id.to_string()]).await?.as_ref().map(file).transpose()
}

/// Makes the folders above `path` that are missing; returns the innermost, and how many were made.
pub(crate) async fn ensure_folders(
    transaction: &Transaction<'_>,
    project: ProjectId,
    path: &ProjectPath,
) -> std::result::Result<(Option<String>, i64), ChangeError> {
    let (mut parent, mut made) = (None, 0);
    for folder in path.ancestors() {
        let sql = "WITH made AS (
                INSERT INTO code_files (id, project_id, path, name, type, parent_id) VALUES ($1, $2, $3, $4, 'folder', $5)
                ON CONFLICT (project_id, path) DO NOTHING RETURNING id, type
            )
            SELECT id, type FROM made UNION ALL SELECT id, type FROM code_files WHERE project_id = $2 AND path = $3 LIMIT 1";
        let statement = transaction.prepare_cached(sql).await?;
        let id = FileId::new().to_string();
        let row = transaction
            .query_one(&statement, &[&id, &project.to_string(), &folder.as_str(), &folder.name(), &parent])
            .await?;
        if row.get::<_, &str>(1) != "folder" {
            return Err(ChangeError::NotAFolder(folder.to_string()));
        }
        let found: String = row.get(0);
        made += i64::from(found == id);
        parent = Some(found);
    }
    Ok((parent, made))
}

async fn insert(
    transaction: &Transaction<'_>,
    project: ProjectId,
    parent: Option<String>,
    draft: &Draft,
) -> std::result::Result<File, ChangeError> {
    let sql = concat!(
        "INSERT INTO code_files AS f (id, project_id, path, name, type, language, parent_id, content, hash, size, is_binary)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (project_id, path) DO NOTHING RETURNING ",
        columns!()
    );
    let statement = transaction.prepare_cached(sql).await?;
    let content = draft.content.as_ref();
    let row = transaction
        .query_opt(
            &statement,
            &[
                &FileId::new().to_string(),
                &project.to_string(),
                &draft.path.as_str(),
                &draft.path.name(),
                &draft.kind.as_str(),
                &draft.language,
                &parent,
                &content.and_then(|c| c.text.as_ref()),
                &content.map(|c| &c.hash),
                &content.map_or(0, |c| c.size),
                &content.is_some_and(|c| c.binary),
            ],
        )
        .await?;
    Ok(file(&row.ok_or_else(|| ChangeError::Taken(draft.path.to_string()))?)?)
}

/// A folder has no hash, so only `*` matches it.
fn check_match(current: &File, edit: &Edit) -> std::result::Result<(), ChangeError> {
    let matches = |tag: &String| tag == "*" || Some(tag) == current.etag.as_ref();
    match &edit.if_match {
        Some(wanted) if !wanted.iter().any(matches) => {
            Err(ChangeError::Stale { current: current.etag.clone() })
        }
        _ => Ok(()),
    }
}

async fn write_content(
    transaction: &Transaction<'_>,
    current: &File,
    edit: &Edit,
) -> std::result::Result<(), ChangeError> {
    let Some(content) = &edit.content else { return Ok(()) };
    if current.kind == FileType::Folder {
        return Err(ChangeError::IsAFolder(current.path.clone()));
    }
    let is_target = content.text.as_deref().is_some_and(is_link_target);
    if current.target.is_some() && !is_target {
        return Err(ChangeError::BadTarget(current.path.clone()));
    }
    let sql = "UPDATE code_files SET content = $2, hash = $3, size = $4, is_binary = $5, updated_at = now() WHERE id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    transaction
        .execute(
            &statement,
            &[&current.id.to_string(), &content.text, &content.hash, &content.size, &content.binary],
        )
        .await?;
    Ok(())
}

/// Gives the file its new place, and all that lies in it theirs.
async fn relocate(
    transaction: &Transaction<'_>,
    project: ProjectId,
    current: &File,
    edit: &Edit,
) -> std::result::Result<(), ChangeError> {
    let parent = edit.parent.unwrap_or(current.parent_id);
    let name = edit.name.as_deref().unwrap_or(&current.name);
    let language = match &edit.language {
        Some(language) if current.kind == FileType::File => language.clone(),
        _ => current.language.clone(),
    };
    let folder = match parent {
        Some(parent) if edit.parent.is_some() => {
            Some(target_folder(transaction, project, current, parent).await?)
        }
        _ => current.path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).filter(|_| parent.is_some()),
    };
    let path = folder.map_or_else(|| name.to_owned(), |folder| format!("{folder}/{name}"));
    if path != current.path {
        move_below(transaction, project, &current.path, &path).await?;
    } else if language == current.language {
        return Ok(());
    }
    let sql = "UPDATE code_files SET path = $2, name = $3, parent_id = $4, language = $5, updated_at = now() WHERE id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    let parent = parent.map(|id| id.to_string());
    let moved =
        transaction.execute(&statement, &[&current.id.to_string(), &path, &name, &parent, &language]).await;
    moved.map_err(StoreError::from).map_err(|error| ChangeError::taken(error, &path))?;
    Ok(())
}

/// The path of the folder to move into: of the same project, and not the moved folder or one in it.
async fn target_folder(
    transaction: &Transaction<'_>,
    project: ProjectId,
    current: &File,
    parent: FileId,
) -> std::result::Result<String, ChangeError> {
    let target = read(transaction, parent)
        .await?
        .filter(|target| target.project_id == project)
        .ok_or(ChangeError::NoSuchParent)?;
    if target.kind != FileType::Folder {
        return Err(ChangeError::NotAFolder(target.path));
    }
    if target.path == current.path
        || target.path.strip_prefix(&current.path).is_some_and(|rest| rest.starts_with('/'))
    {
        return Err(ChangeError::IntoItself);
    }
    Ok(target.path)
}

/// Rewrites the paths of all that lies below `old`.
async fn move_below(
    transaction: &Transaction<'_>,
    project: ProjectId,
    old: &str,
    new: &str,
) -> std::result::Result<(), ChangeError> {
    ProjectPath::parse(new).map_err(ChangeError::Path)?;
    let below = "project_id = $1 AND starts_with(path, $2::text || '/')";
    let sql = format!(
        "UPDATE code_files SET path = $3::text || substr(path, length($2::text) + 1), updated_at = now() WHERE {below} RETURNING octet_length(path), path"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let moved = transaction.query(&statement, &[&project.to_string(), &old, &new]).await;
    let moved = moved.map_err(StoreError::from).map_err(|error| ChangeError::taken(error, new))?;
    moved.iter().try_for_each(|row| ProjectPath::parse(row.get(1)).map(drop)).map_err(ChangeError::Path)
}

pub(crate) fn file(row: &Row) -> Result<File> {
    Ok(File {
        id: row.get::<_, &str>(0).parse()?,
        project_id: row.get::<_, &str>(1).parse()?,
        path: row.get(2),
        name: row.get(3),
        kind: if row.get::<_, &str>(4) == "folder" { FileType::Folder } else { FileType::File },
        content: None,
        language: row.get(5),
        parent_id: row.get::<_, Option<&str>>(6).map(str::parse).transpose()?,
        size: row.get(7),
        etag: row.get(8),
        binary: row.get(9),
        created_at: row.get(10),
        updated_at: row.get(11),
        target: row.get(12),
    })
}
