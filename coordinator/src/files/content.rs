//! What a file's bytes are and where they go: short text into the database, anything else into object storage.

use std::io;

use bytes::Bytes;
use engunity_artifacts::keys;
use engunity_protocol::UserId;
use engunity_store::files::Content;
use futures::Stream;

use crate::app::App;
use crate::http::error::ApiError;

/// Longest text that lies in the database.
pub const MAX_INLINE: usize = 1 << 20;
/// Longest text that the API takes and shows as text; more is bytes.
pub const MAX_TEXT: usize = 10 << 20;

/// BLAKE3 in hex: what names content everywhere.
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The bytes as text, where they are UTF-8 that PostgreSQL can keep (it has no NUL).
pub fn as_text(bytes: &[u8]) -> Option<&str> {
    if bytes.contains(&0) { None } else { std::str::from_utf8(bytes).ok() }
}

/// Stores a text as the content of a file, and says how.
pub async fn keep(app: &App, owner: UserId, text: String) -> Result<Content, ApiError> {
    let (hash, size) = (hash(text.as_bytes()), text.len() as i64);
    let binary = text.contains('\0');
    if text.len() <= MAX_INLINE && !binary {
        return Ok(Content { text: Some(text), hash, size, binary });
    }
    keep_object(app, owner, &hash, size, binary, Bytes::from(text)).await?;
    Ok(Content { text: None, hash, size, binary })
}

/// Stores bytes as an object, unless this user has the same already.
pub async fn keep_object(
    app: &App,
    owner: UserId,
    hash: &str,
    size: i64,
    binary: bool,
    bytes: Bytes,
) -> Result<(), ApiError> {
    if !app.store.announce_blob(owner, hash, size, binary).await? {
        app.objects.put(&keys::blob(owner, hash), bytes).await?;
        app.store.blob_stored(owner, hash).await?;
    }
    Ok(())
}

/// The same for bytes that are read while they are sent.
pub async fn keep_stream(
    app: &App,
    owner: UserId,
    hash: &str,
    size: i64,
    binary: bool,
    bytes: impl Stream<Item = io::Result<Bytes>> + Send,
) -> Result<(), ApiError> {
    if !app.store.announce_blob(owner, hash, size, binary).await? {
        app.objects.put_stream(&keys::blob(owner, hash), bytes).await?;
        app.store.blob_stored(owner, hash).await?;
    }
    Ok(())
}

/// The text of a file whose bytes are an object.
pub async fn fetch_text(app: &App, owner: UserId, hash: &str) -> Result<Option<String>, ApiError> {
    let bytes = app.objects.get(&keys::blob(owner, hash), MAX_TEXT as u64).await?;
    Ok(String::from_utf8(bytes.into()).ok())
}
