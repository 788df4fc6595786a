//! What can go wrong with an index.

use std::{io, path::PathBuf};

use crate::{embed::EmbedError, query::QueryError};

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The caller's query; everything else is the index's own trouble.
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Another process or handle writes to this index.
    #[error("another writer has the index at {} open", path.display())]
    Locked { path: PathBuf },
    #[error("the index is open for searching only")]
    ReadOnly,
    /// A file does not hold what the manifest promises.
    #[error("the index is damaged: {0}")]
    Corrupt(String),
    /// Made by another version of the schema, tokenizer or chunker.
    #[error("the index is of another version: {0}")]
    Foreign(String),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error("the lexical index failed: {0}")]
    Lexical(String),
}

impl IndexError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
