//! Why a change of files is refused.

use engunity_protocol::path::{MAX_TARGET_BYTES, PathError};

use crate::{StoreError, files::quota::ProjectQuota};

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The project or file does not exist, or is someone else's.
    #[error("it does not exist")]
    NotFound,
    #[error("{0} exists already")]
    Taken(String),
    #[error("{0} is a file, not a folder")]
    NotAFolder(String),
    #[error("{0} is a folder, not a file")]
    IsAFolder(String),
    #[error(
        "{0} is a symbolic link: its content is its target, which has 1 to {MAX_TARGET_BYTES} bytes and no NUL"
    )]
    BadTarget(String),
    #[error("there is no such folder in this project")]
    NoSuchParent,
    #[error("there is no folder {0}")]
    NoFolder(String),
    #[error("a folder can't be moved into itself")]
    IntoItself,
    #[error("{0}")]
    Path(PathError),
    /// The content is not the one the caller knows.
    #[error("its content was changed")]
    Stale { current: Option<String> },
    #[error("a project may have {} files and {} bytes; this would make {files} and {bytes}", quota.files, quota.bytes)]
    Full { files: i64, bytes: i64, quota: ProjectQuota },
    /// Hashes whose content is not stored.
    #[error("the content of {} files is missing", .0.len())]
    Missing(Vec<String>),
    /// Hashes whose content has another size than the manifest says.
    #[error("the content of {} files has another size than the manifest says", .0.len())]
    WrongSize(Vec<String>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChangeError {
    /// Refuses what would make a project larger than its quota allows.
    pub(crate) fn unless_allowed(quota: ProjectQuota, files: i64, bytes: i64) -> Result<(), Self> {
        if quota.allows(files, bytes) { Ok(()) } else { Err(Self::Full { files, bytes, quota }) }
    }

    /// A unique constraint that was hit while `path` was written.
    pub(crate) fn taken(error: StoreError, path: &str) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::Taken(path.to_owned()),
            other => Self::Store(other),
        }
    }
}

impl From<tokio_postgres::Error> for ChangeError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}
