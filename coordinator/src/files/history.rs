//! The local history of files: reading it, and going back to a version.

use engunity_protocol::history::Version;
use engunity_protocol::path::ProjectPath;
use engunity_protocol::session::FileChangeKind;
use engunity_protocol::{ProjectId, UserId, VersionId};
use engunity_store::files::{StoredVersion, VersionCursor};

use super::{FileError, FileText, Files, Origin};

impl Files {
    /// A page of what the file at `path` has held, newest first.
    pub async fn history(
        &self,
        owner: UserId,
        project: ProjectId,
        path: &str,
        limit: i64,
        after: Option<VersionCursor>,
    ) -> Result<Vec<Version>, FileError> {
        self.store.history(owner, project, path, limit, after).await?.ok_or(FileError::NoProject)
    }

    /// One version, with its text where that is kept in the database.
    pub async fn version(
        &self,
        owner: UserId,
        project: ProjectId,
        id: VersionId,
    ) -> Result<StoredVersion, FileError> {
        self.store.version(owner, project, id).await?.ok_or(FileError::NoVersion)
    }

    /// Gives a file the content of a version again.
    pub async fn restore_version(
        &self,
        owner: UserId,
        project: ProjectId,
        id: VersionId,
        path: Option<ProjectPath>,
        origin: Origin,
    ) -> Result<FileText, FileError> {
        self.version(owner, project, id).await?;
        let language_of = |path: &str| self.catalog.language_id(path);
        let quota = self.limits.quota;
        let restored = self.store.restore_version(owner, project, id, path, &language_of, quota).await?;
        let kind = if restored.created { FileChangeKind::Created } else { FileChangeKind::Updated };
        self.notify_file(kind, &restored.file, origin);
        self.with_text(owner, self.find(owner, restored.file.id).await?).await
    }
}
