//! Searching: what a question needs to know of a project, as of one moment, and what its hits are called.

use std::collections::HashMap;

use engunity_protocol::{
    FileId, ProjectId, UserId, WorkerId,
    index::{IndexBundle, IndexCounts},
    job::Pool,
};
use tokio_postgres::{Row, types::Json};

use crate::{Result, Store, workers::LEASE_SECONDS};

/// A project as a search sees it.
#[derive(Debug, Clone)]
pub struct SearchView {
    pub revision: i64,
    pub index: Option<PublishedIndex>,
    pub overlay: Overlay,
}

/// The index that stands.
#[derive(Debug, Clone)]
pub struct PublishedIndex {
    pub bundle: IndexBundle,
    pub counts: IndexCounts,
    /// Who built it, and has it at hand.
    pub worker: Option<WorkerId>,
}

/// Files that have changed since the index, the newest first.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    pub files: Vec<OverlayFile>,
    /// Changed files that are not among them, because they would be too many.
    pub left_out: u64,
}

#[derive(Debug, Clone)]
pub struct OverlayFile {
    pub path: String,
    pub language: Option<String>,
    /// `None`: there is no such file any more, or it is none that is searched.
    pub text: Option<String>,
}

/// What an overlay may hold.
#[derive(Debug, Clone, Copy)]
pub struct OverlayLimits {
    pub files: i64,
    pub bytes: i64,
}

/// Paths that are gone cost nothing, so that many of them fit.
const MAX_GONE: i64 = 10_000;

impl Store {
    /// What a search of a project begins with; `None` where this user has no such project. The changes are read before
    /// the index: what an index takes over in between is then in both, never in neither.
    pub async fn search_view(
        &self,
        owner: UserId,
        project: ProjectId,
        limits: OverlayLimits,
    ) -> Result<Option<SearchView>> {
        let sql = "SELECT p.revision, i.bundle, i.counts, i.worker_id,
                (SELECT count(*) FROM index_changes c WHERE c.project_id = p.id) AS changes
            FROM code_projects p LEFT JOIN indexes i ON i.project_id = p.id WHERE p.id = $1 AND p.user_id = $2";
        let overlay = self.overlay(owner, project, limits).await?;
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection.query_opt(&statement, &[&project.to_string(), &owner.0]).await?;
        Ok(row.map(|row| view(&row, overlay)))
    }

    async fn overlay(
        &self,
        owner: UserId,
        project: ProjectId,
        limits: OverlayLimits,
    ) -> Result<Vec<OverlayFile>> {
        let sql = "
            WITH changed AS (
                SELECT c.path, c.revision, f.id, f.language, f.size, f.content IS NOT NULL AND NOT f.is_link AS readable
                FROM index_changes c JOIN code_projects p ON p.id = c.project_id AND p.user_id = $2
                LEFT JOIN code_files f ON f.project_id = c.project_id AND f.path = c.path AND f.type = 'file'
                WHERE c.project_id = $1
            ), texts AS (
                SELECT path, id, sum(size) OVER newest AS bytes, row_number() OVER newest AS files FROM changed
                WHERE readable WINDOW newest AS (ORDER BY revision DESC, path)
                LIMIT $3::bigint
            )
            SELECT t.path, f.language, f.content FROM texts t JOIN code_files f ON f.id = t.id WHERE t.bytes <= $4::bigint
            UNION ALL
            (SELECT path, NULL, NULL FROM changed WHERE readable IS NOT TRUE ORDER BY revision DESC LIMIT $5::bigint)";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let project = project.to_string();
        let rows = connection
            .query(&statement, &[&project, &owner.0, &limits.files, &limits.bytes, &MAX_GONE])
            .await?;
        let file = |row: &Row| OverlayFile { path: row.get(0), language: row.get(1), text: row.get(2) };
        Ok(rows.iter().map(file).collect())
    }

    /// The ids and languages of a project's files at these paths; for a caller who has seen the project as its owner.
    pub async fn files_at(
        &self,
        project: ProjectId,
        paths: &[&str],
    ) -> Result<HashMap<String, (FileId, Option<String>)>> {
        let sql = "SELECT path, id, language FROM code_files WHERE project_id = $1 AND path = ANY($2) AND type = 'file'";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection.query(&statement, &[&project.to_string(), &paths]).await?;
        rows.iter().map(|row| Ok((row.get(0), (row.get::<_, &str>(1).parse()?, row.get(2))))).collect()
    }

    /// The texts of a user's files, as far as they are in the database.
    pub async fn texts_of(&self, owner: UserId, files: &[FileId]) -> Result<HashMap<FileId, String>> {
        let sql = "SELECT f.id, f.content FROM code_files f JOIN code_projects p ON p.id = f.project_id AND p.user_id = $1
            WHERE f.id = ANY($2) AND f.content IS NOT NULL";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let ids: Vec<String> = files.iter().map(FileId::to_string).collect();
        let rows = connection.query(&statement, &[&owner.0, &ids]).await?;
        rows.iter().map(|row| Ok((row.get::<_, &str>(0).parse()?, row.get(1)))).collect()
    }

    /// How many files a project has.
    pub async fn count_files(&self, project: ProjectId) -> Result<u64> {
        let sql = "SELECT count(*) FROM code_files WHERE project_id = $1 AND type = 'file'";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection.query_one(&statement, &[&project.to_string()]).await?;
        Ok(row.get::<_, i64>(0) as u64)
    }

    /// Living workers that take jobs of this pool.
    pub async fn workers_of(&self, pool: Pool) -> Result<Vec<WorkerId>> {
        let sql = "SELECT id FROM workers WHERE last_seen > now() - make_interval(secs => $1) AND NOT deaf AND NOT draining
            AND NOT drain_requested AND kinds && $2 ORDER BY id";
        let kinds: Vec<String> = pool.kinds().iter().map(ToString::to_string).collect();
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection.query(&statement, &[&LEASE_SECONDS, &kinds]).await?;
        Ok(rows.iter().map(|row| WorkerId(row.get(0))).collect())
    }
}

fn view(row: &Row, files: Vec<OverlayFile>) -> SearchView {
    let bundle = row.get::<_, Option<Json<IndexBundle>>>("bundle").map(|json| json.0);
    let index = bundle.map(|bundle| PublishedIndex {
        bundle,
        counts: row.get::<_, Option<Json<IndexCounts>>>("counts").map(|json| json.0).unwrap_or_default(),
        worker: row.get::<_, Option<String>>("worker_id").map(WorkerId),
    });
    let changes = row.get::<_, i64>("changes") as u64;
    let left_out = changes.saturating_sub(files.len() as u64);
    SearchView { revision: row.get("revision"), index, overlay: Overlay { files, left_out } }
}
