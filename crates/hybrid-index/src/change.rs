//! What a caller tells the index about the project's files.

use std::{fmt, io};

use serde::{Deserialize, Serialize};

/// The hash of a file's content, made by the caller (the project's own content hash) or by [`FileHash::of`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileHash(pub String);

impl FileHash {
    /// BLAKE3 of `bytes`, as hex digits.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).to_hex().to_string())
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One changed file. Paths are relative to the project, with `/` between their parts.
pub enum FileChange {
    /// The file is new or has new content. Without effect when the index has this path with this hash.
    Put { path: String, hash: FileHash, language: Option<String>, content: Content },
    /// The file is gone. Without effect when the index does not have it.
    Remove { path: String },
}

impl FileChange {
    /// A file whose content is at hand; `language` is its id in `languages/`.
    pub fn put(path: impl Into<String>, language: Option<&str>, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::Put {
            path: path.into(),
            hash: FileHash::of(&bytes),
            language: language.map(str::to_owned),
            content: Content::Bytes(bytes),
        }
    }

    pub fn remove(path: impl Into<String>) -> Self {
        Self::Remove { path: path.into() }
    }

    pub fn path(&self) -> &str {
        match self {
            Self::Put { path, .. } | Self::Remove { path } => path,
        }
    }
}

/// The content of a file, or how to get it. It is only opened when path and hash are new to the index.
pub enum Content {
    Bytes(Vec<u8>),
    Open(Box<dyn FnOnce() -> io::Result<Vec<u8>> + Send>),
    /// The caller did not fetch it, because it is larger than [`crate::Settings::max_file_bytes`].
    TooLarge {
        bytes: u64,
    },
}

impl Content {
    pub(crate) fn read(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Open(open) => open(),
            Self::TooLarge { .. } => Ok(Vec::new()),
        }
    }
}

impl fmt::Debug for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { path, hash, .. } => write!(f, "Put({path}, {hash})"),
            Self::Remove { path } => write!(f, "Remove({path})"),
        }
    }
}

/// What [`crate::ProjectIndex::apply`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Files that were read and indexed.
    pub put: usize,
    /// Files that were taken out.
    pub removed: usize,
    /// Changes that changed nothing.
    pub unchanged: usize,
    /// Bytes of the files that were read.
    pub bytes: u64,
}
