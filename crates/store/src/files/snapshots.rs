//! A project's files as they were at one moment, read in pieces, and the register of snapshots made of them.

use chrono::{DateTime, Utc};
use engunity_protocol::{ProjectId, UserId, spec::Snapshot};

use crate::{Connection, Result, Store};

/// One file of a snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotFile {
    id: String,
    pub path: String,
    pub folder: bool,
    /// BLAKE3, hex; `None` for folders.
    pub hash: Option<String>,
    pub size: i64,
    pub executable: bool,
    /// A symbolic link: its text is its target.
    pub link: bool,
    /// When it last changed.
    pub modified: DateTime<Utc>,
    /// Its text is in the database, else it is an object in storage.
    pub inline: bool,
}

impl SnapshotFile {
    /// One that no database has seen.
    #[doc(hidden)]
    pub fn for_tests(path: &str, size: i64, inline: bool, folder: bool) -> Self {
        Self {
            id: String::new(),
            path: path.to_owned(),
            folder,
            hash: None,
            size,
            executable: false,
            link: false,
            modified: DateTime::UNIX_EPOCH,
            inline,
        }
    }
}

/// A transaction that sees the project as it was when it began. It holds a connection: use it up quickly.
pub struct Reader {
    /// Taken out of the pool when the reader is dropped in the middle: its transaction is still open then.
    connection: Option<Connection>,
    pub revision: i64,
    pub name: String,
    pub files: Vec<SnapshotFile>,
}

impl Store {
    /// Begins to read a project; `None` where this user has none of that id.
    pub async fn read_project(&self, owner: UserId, project: ProjectId) -> Result<Option<Reader>> {
        let connection = self.connection().await?;
        let mut reader =
            Reader { connection: Some(connection), revision: 0, name: String::new(), files: Vec::new() };
        reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        if !reader.begin(owner, project).await? {
            reader.finish().await?;
            return Ok(None);
        }
        Ok(Some(reader))
    }

    /// The project's revision, and the snapshot of it, if there is one.
    pub async fn snapshot(
        &self,
        owner: UserId,
        project: ProjectId,
    ) -> Result<Option<(i64, Option<Snapshot>)>> {
        let sql = "SELECT p.revision, s.files, s.unpacked_bytes, s.object_key FROM code_projects p
            LEFT JOIN snapshots s ON s.project_id = p.id AND s.revision = p.revision WHERE p.id = $1 AND p.user_id = $2";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection.query_opt(&statement, &[&project.to_string(), &owner.0]).await?;
        Ok(row.map(|row| {
            let snapshot = row.get::<_, Option<i64>>(1).map(|files| Snapshot {
                key: row.get(3),
                unpacked_bytes: row.get::<_, i64>(2) as u64,
                files: files as u64,
            });
            (row.get(0), snapshot)
        }))
    }

    /// Registers a snapshot that was written.
    pub async fn add_snapshot(&self, project: ProjectId, revision: i64, snapshot: &Snapshot) -> Result<()> {
        let sql = "INSERT INTO snapshots (project_id, revision, object_key, unpacked_bytes, files) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (project_id, revision) DO NOTHING";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let (bytes, files) = (snapshot.unpacked_bytes as i64, snapshot.files as i64);
        connection
            .execute(&statement, &[&project.to_string(), &revision, &snapshot.key, &bytes, &files])
            .await?;
        Ok(())
    }

    /// Drops snapshots of revisions that are past, a day old, and needed by no job that could still run.
    pub async fn retire_snapshots(&self) -> Result<u64> {
        let sql = "WITH old AS (
                DELETE FROM snapshots s USING code_projects p WHERE p.id = s.project_id AND s.revision < p.revision
                AND s.created_at < now() - interval '24 hours' AND NOT EXISTS (
                    SELECT 1 FROM jobs j WHERE j.project_id = s.project_id AND j.state IN ('queued', 'running'))
                RETURNING s.object_key
            )
            INSERT INTO trash (key) SELECT object_key FROM old WHERE object_key IS NOT NULL";
        self.connection().await?.execute(sql, &[]).await
    }
}

impl Reader {
    async fn begin(&mut self, owner: UserId, project: ProjectId) -> Result<bool> {
        let Some(connection) = &self.connection else { return Ok(false) };
        let project = project.to_string();
        let sql = "SELECT revision, name FROM code_projects WHERE id = $1 AND user_id = $2";
        let Some(row) = connection.query_opt(sql, &[&project, &owner.0]).await? else { return Ok(false) };
        (self.revision, self.name) = (row.get(0), row.get(1));
        let sql = "SELECT id, path, type = 'folder', hash, size, executable, content IS NOT NULL, is_link, updated_at FROM code_files WHERE project_id = $1 ORDER BY path";
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection.query(&statement, &[&project]).await?;
        self.files = rows
            .iter()
            .map(|row| SnapshotFile {
                id: row.get(0),
                path: row.get(1),
                folder: row.get(2),
                hash: row.get(3),
                size: row.get(4),
                executable: row.get(5),
                inline: row.get(6),
                link: row.get(7),
                modified: row.get(8),
            })
            .collect();
        Ok(true)
    }

    /// The texts of some files, in the same order; empty for what is not inline.
    pub async fn texts(&self, files: &[SnapshotFile]) -> Result<Vec<String>> {
        let Some(connection) = &self.connection else { return Ok(Vec::new()) };
        let sql = "SELECT coalesce(f.content, '') FROM unnest($1::varchar[]) WITH ORDINALITY AS t(id, n) JOIN code_files f ON f.id = t.id ORDER BY n";
        let statement = connection.prepare_cached(sql).await?;
        let ids: Vec<&str> = files.iter().map(|file| file.id.as_str()).collect();
        Ok(connection.query(&statement, &[&ids]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// Gives the connection back.
    pub async fn finish(mut self) -> Result<()> {
        self.run("COMMIT").await?;
        drop(self.connection.take());
        Ok(())
    }

    async fn run(&self, sql: &str) -> Result<()> {
        if let Some(connection) = &self.connection {
            connection.batch_execute(sql).await?;
        }
        Ok(())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.discard();
        }
    }
}
