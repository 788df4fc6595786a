//! Where the bytes of files are kept: short text in the database, anything else in object storage.

use std::io;

use bytes::Bytes;
use engunity_artifacts::{Object, ObjectStore, keys};
use engunity_protocol::UserId;
use engunity_store::{Store, files::Content};
use futures::Stream;

use super::FileError;

/// Longest text that is kept in the database.
pub const MAX_INLINE: usize = 1 << 20;
/// Longest text that the API takes and shows as text; longer content counts as binary.
pub const MAX_TEXT: usize = 10 << 20;

/// Whether content is kept in the database; otherwise it is an object. Every writer asks here.
pub fn is_inline(size: u64, binary: bool) -> bool {
    !binary && size <= MAX_INLINE as u64
}

/// Whether content is shown as binary.
pub fn is_binary(is_text: bool, size: u64) -> bool {
    !is_text || size > MAX_TEXT as u64
}

/// BLAKE3 in hex: the name of content everywhere.
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The bytes as text, if they are UTF-8 that PostgreSQL can store (it has no NUL).
pub fn as_text(bytes: &[u8]) -> Option<&str> {
    if bytes.contains(&0) { None } else { std::str::from_utf8(bytes).ok() }
}

/// Reads and writes content; a cheap handle.
#[derive(Clone)]
pub struct Contents {
    store: Store,
    objects: ObjectStore,
}

impl Contents {
    pub fn new(store: Store, objects: ObjectStore) -> Self {
        Self { store, objects }
    }

    /// Stores a text as the content of a file; returns what the file's row refers to.
    pub async fn put_text(&self, owner: UserId, text: String) -> Result<Content, FileError> {
        let (hash, size) = (hash(text.as_bytes()), text.len() as i64);
        let binary = text.contains('\0');
        if is_inline(size as u64, binary) {
            return Ok(Content { text: Some(text), hash, size, binary });
        }
        self.put_object(owner, &hash, size, binary, Bytes::from(text)).await?;
        Ok(Content { text: None, hash, size, binary })
    }

    /// Stores bytes as the content of a file, as text where they are text.
    pub async fn put_bytes(&self, owner: UserId, bytes: Bytes) -> Result<Content, FileError> {
        if let Some(text) = as_text(&bytes) {
            return self.put_text(owner, text.to_owned()).await;
        }
        let (hash, size) = (hash(&bytes), bytes.len() as i64);
        self.put_object(owner, &hash, size, true, bytes).await?;
        Ok(Content { text: None, hash, size, binary: true })
    }

    /// Stores bytes as an object, unless this user has the same already.
    pub async fn put_object(
        &self,
        owner: UserId,
        hash: &str,
        size: i64,
        binary: bool,
        bytes: Bytes,
    ) -> Result<(), FileError> {
        if !self.store.announce_blob(owner, hash, size, binary).await? {
            self.objects.put(&keys::blob(owner, hash), bytes).await?;
            self.store.blob_stored(owner, hash).await?;
        }
        Ok(())
    }

    /// The same for bytes that are read while they are sent.
    pub async fn put_stream(
        &self,
        owner: UserId,
        hash: &str,
        size: i64,
        binary: bool,
        bytes: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<(), FileError> {
        if !self.store.announce_blob(owner, hash, size, binary).await? {
            self.objects.put_stream(&keys::blob(owner, hash), bytes).await?;
            self.store.blob_stored(owner, hash).await?;
        }
        Ok(())
    }

    /// The text of a file whose bytes are an object; `None` if they are not UTF-8.
    pub async fn text(&self, owner: UserId, hash: &str) -> Result<Option<String>, FileError> {
        let bytes = self.objects.get(&keys::blob(owner, hash), MAX_TEXT as u64).await?;
        Ok(String::from_utf8(bytes.into()).ok())
    }

    /// The bytes of an object, as a stream; `part` is the first byte and the length.
    pub async fn open(
        &self,
        owner: UserId,
        hash: &str,
        part: Option<(u64, u64)>,
    ) -> Result<Object, FileError> {
        Ok(self.objects.get_part(&keys::blob(owner, hash), part).await?)
    }
}
