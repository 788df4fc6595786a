//! Why an operation on a project's files fails.

use std::io;

use engunity_artifacts::ObjectError;
use engunity_store::{ChangeError, StoreError};

use super::archive::ArchiveError;
use super::content::MAX_TEXT;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The project does not exist, or belongs to another user.
    #[error("this project does not exist")]
    NoProject,
    /// The file does not exist, or belongs to another user.
    #[error("this file does not exist")]
    NoFile,
    /// It was restored, deleted for good, has expired, or belongs to another user.
    #[error("this entry of the trash does not exist")]
    NotInTrash,
    /// No file has or had it, it has expired, or it belongs to another user.
    #[error("this version does not exist")]
    NoVersion,
    /// One part of the input is wrong.
    #[error("{field}: {message}")]
    Invalid { field: &'static str, message: String },
    #[error("content may have at most {MAX_TEXT} bytes here; use upload or sync")]
    TextTooLong,
    #[error(transparent)]
    Archive(ArchiveError),
    /// A temporary file on the coordinator's own disk.
    #[error("a temporary file failed")]
    Disk(#[source] io::Error),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error("a blocking task failed")]
    Task(#[from] tokio::task::JoinError),
}

impl FileError {
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}

impl From<ArchiveError> for FileError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Spool(error) => Self::Disk(error),
            other => Self::Archive(other),
        }
    }
}
