//! Many files at once: deleted, moved, copied, restored from the trash. However many they are, sessions get one
//! notification.

use engunity_protocol::bulk::{BulkOutcome, OnConflict, TrashRestored};
use engunity_protocol::history::TrashEntry;
use engunity_protocol::path::ProjectPath;
use engunity_protocol::{ProjectId, TrashId, UserId};
use engunity_store::files::{Rearrangement, TrashCursor, Wanted};

use super::{FileError, Files, Origin};

impl Files {
    /// Puts files and folders into the trash, each with all in it.
    pub async fn delete_many(
        &self,
        owner: UserId,
        project: ProjectId,
        paths: &[ProjectPath],
        origin: Origin,
    ) -> Result<BulkOutcome, FileError> {
        let outcome = self.store.delete_files(owner, project, paths).await?;
        if !outcome.done.is_empty() {
            self.notify_bulk(project, origin);
        }
        Ok(outcome)
    }

    /// Moves or copies files and folders into a folder.
    pub async fn rearrange(
        &self,
        owner: UserId,
        project: ProjectId,
        wanted: &Rearrangement,
        origin: Origin,
    ) -> Result<BulkOutcome, FileError> {
        let outcome = self.store.rearrange_files(owner, project, wanted, self.limits.quota).await?;
        if !outcome.done.is_empty() {
            self.notify_bulk(project, origin);
        }
        Ok(outcome)
    }

    /// A page of what was deleted, newest first.
    pub async fn trash(
        &self,
        owner: UserId,
        project: ProjectId,
        limit: i64,
        after: Option<TrashCursor>,
    ) -> Result<Vec<TrashEntry>, FileError> {
        let days = self.limits.history_days;
        self.store.trash(owner, project, limit, after, days).await?.ok_or(FileError::NoProject)
    }

    /// Restores what was deleted, each with all in it.
    pub async fn restore_trash(
        &self,
        owner: UserId,
        project: ProjectId,
        wanted: &Wanted,
        on_conflict: OnConflict,
        origin: Origin,
    ) -> Result<TrashRestored, FileError> {
        let quota = self.limits.quota;
        let restored = self.store.restore_trash(owner, project, wanted, on_conflict, quota).await?;
        if !restored.done.is_empty() {
            self.notify_bulk(project, origin);
        }
        Ok(restored)
    }

    /// Deletes one entry of the trash for good.
    pub async fn purge(&self, owner: UserId, project: ProjectId, id: TrashId) -> Result<(), FileError> {
        if self.store.purge(owner, project, id).await? { Ok(()) } else { Err(FileError::NotInTrash) }
    }

    /// Deletes all that is in the trash for good.
    pub async fn empty_trash(&self, owner: UserId, project: ProjectId) -> Result<(), FileError> {
        if self.store.empty_trash(owner, project).await? { Ok(()) } else { Err(FileError::NoProject) }
    }
}
