//! What one project may hold, and what it does hold.
//!
//! Counting a project's rows under its lock would make each save cost more the more files there are. So the usage is
//! remembered with the revision it belongs to: a change that follows that very revision adds its own difference, any other
//! (a bulk change, another coordinator's) counts once. A revision never means two contents, so the figures are exact.

use deadpool_postgres::Transaction;
use engunity_protocol::ProjectId;
use moka::sync::Cache;

use crate::Result;

/// Projects whose usage is remembered.
const REMEMBERED: u64 = 10_000;

/// The most that one project may hold.
#[derive(Debug, Clone, Copy)]
pub struct ProjectQuota {
    pub files: i64,
    pub bytes: i64,
}

impl ProjectQuota {
    pub(crate) fn allows(&self, files: i64, bytes: i64) -> bool {
        files <= self.files && bytes <= self.bytes
    }
}

/// What a project holds, or by how much that changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub files: i64,
    pub bytes: i64,
}

impl Usage {
    pub fn plus(self, change: Self) -> Self {
        Self { files: self.files + change.files, bytes: self.bytes.saturating_add(change.bytes) }
    }
}

/// The usage of recently changed projects, each at one revision.
#[derive(Clone)]
pub(crate) struct UsageCache(Cache<ProjectId, (i64, Usage)>);

impl UsageCache {
    pub fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// What the project holds after `change`, which made `revision` in this transaction.
    pub async fn after(
        &self,
        transaction: &Transaction<'_>,
        project: ProjectId,
        revision: i64,
        change: Usage,
    ) -> Result<Usage> {
        match self.0.get(&project) {
            Some((before, usage)) if before + 1 == revision => Ok(usage.plus(change)),
            _ => count(transaction, project).await,
        }
    }

    /// To be called once `revision` is committed.
    pub fn remember(&self, project: ProjectId, revision: i64, usage: Usage) {
        self.0.insert(project, (revision, usage));
    }
}

async fn count(transaction: &Transaction<'_>, project: ProjectId) -> Result<Usage> {
    let sql = "SELECT count(*), coalesce(sum(size), 0)::bigint FROM code_files WHERE project_id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction.query_one(&statement, &[&project.to_string()]).await?;
    Ok(Usage { files: row.get(0), bytes: row.get(1) })
}
