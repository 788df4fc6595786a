//! Takes in a tar of contents as it arrives: short texts go into the database in batches, anything else becomes an
//! object, and every hash is computed here.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use engunity_protocol::UserId;
use engunity_protocol::problem::ErrorCode;
use engunity_store::blobs::Text;
use flate2::bufread::MultiGzDecoder;
use tempfile::NamedTempFile;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use crate::api::upload::disk;
use crate::app::App;
use crate::files::archive::{self as unpack, Found, Refusal, Sink, TextCheck};
use crate::files::content;
use crate::http::error::ApiError;
use crate::http::request::Body;

/// Contents between the thread that unpacks and the task that stores.
const AHEAD: usize = 8;
/// Texts in one statement, and their bytes.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 4 << 20;

enum Arrived {
    Text(Text),
    Small { hash: String, bytes: Bytes },
    Large { hash: String, size: u64, binary: bool, file: NamedTempFile },
}

/// Stores all contents of the tar; answers their hashes.
pub async fn take(app: &Arc<App>, owner: UserId, body: Body) -> Result<Vec<String>, ApiError> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reader = Arriving { body, now: Handle::current(), piece: Bytes::new() };
    let quota = app.config.quota.clone();
    let sorter = Sorter {
        out: sender,
        left: quota.project_mb << 20,
        per_file: quota.file_mb << 20,
        entries: quota.project_files,
    };
    let unpacking = tokio::task::spawn_blocking(move || read(reader, sorter));
    let stored = store(app, owner, receiver).await;
    // Where storing failed the receiver is gone, and so the thread ends soon.
    let unpacked = unpacking.await?;
    let stored = stored?;
    unpacked.map_err(refused)?;
    Ok(stored)
}

/// The body for a thread that may block.
struct Arriving {
    body: Body,
    now: Handle,
    piece: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            let next = self
                .now
                .block_on(self.body.piece())
                .map_err(|error| io::Error::other(error.problem.detail))?;
            let Some(next) = next else { return Ok(0) };
            self.piece = next;
        }
        let count = self.piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Spool(error) => disk(error),
        other => ApiError::new(ErrorCode::BadArchive, other.to_string()),
    }
}

fn read(body: impl Read, mut sorter: Sorter) -> Result<(), Refusal> {
    let mut body = BufReader::with_capacity(256 << 10, body);
    let head = body.fill_buf().map_err(|error| Refusal::Damaged(error.to_string()))?;
    match head {
        [0x1f, 0x8b, ..] => unpack::read_tar(MultiGzDecoder::new(body), &mut sorter),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let inside =
                zstd::Decoder::with_buffer(body).map_err(|error| Refusal::Damaged(error.to_string()))?;
            unpack::read_tar(inside, &mut sorter)
        }
        [] => Ok(()),
        _ => unpack::read_tar(body, &mut sorter),
    }
}

/// Sorts contents by where they will be kept.
struct Sorter {
    out: mpsc::Sender<Arrived>,
    /// Bytes that may still come.
    left: u64,
    per_file: u64,
    entries: u64,
}

impl Sink for Sorter {
    fn take(&mut self, found: Found<'_>, content: &mut dyn Read) -> Result<(), Refusal> {
        if found.folder {
            return Ok(());
        }
        self.entries = self.entries.checked_sub(1).ok_or(Refusal::TooMany(usize::MAX))?;
        let name = found.name;
        let damaged = |error: io::Error| Refusal::Entry {
            entry: String::from_utf8_lossy(name).into_owned(),
            why: error.to_string(),
        };
        let mut start = Vec::new();
        content.take(content::MAX_INLINE as u64 + 1).read_to_end(&mut start).map_err(damaged)?;
        let arrived =
            if start.len() <= content::MAX_INLINE { small(start) } else { self.large(name, start, content)? };
        self.count(&arrived)?;
        self.out.blocking_send(arrived).map_err(|_| Refusal::Damaged("storing it failed".into()))
    }
}

fn small(bytes: Vec<u8>) -> Arrived {
    let hash = content::hash(&bytes);
    match content::as_text(&bytes) {
        Some(_) => Arrived::Text(Text { hash, content: String::from_utf8(bytes).unwrap_or_default() }),
        None => Arrived::Small { hash, bytes: bytes.into() },
    }
}

impl Sorter {
    fn count(&mut self, arrived: &Arrived) -> Result<(), Refusal> {
        let size = match arrived {
            Arrived::Text(text) => text.content.len() as u64,
            Arrived::Small { bytes, .. } => bytes.len() as u64,
            Arrived::Large { size, .. } => *size,
        };
        self.left = self.left.checked_sub(size).ok_or(Refusal::TooLarge(self.left))?;
        Ok(())
    }

    fn large(&self, name: &[u8], start: Vec<u8>, rest: &mut dyn Read) -> Result<Arrived, Refusal> {
        let refuse = |why: String| Refusal::Entry { entry: String::from_utf8_lossy(name).into_owned(), why };
        let mut file = NamedTempFile::new().map_err(Refusal::Spool)?;
        let (mut hasher, mut text, mut size) = (blake3::Hasher::new(), TextCheck::default(), 0);
        let mut piece = start;
        loop {
            size += piece.len() as u64;
            if size > self.per_file.min(self.left) {
                return Err(refuse(format!("it is larger than {} bytes", self.per_file.min(self.left))));
            }
            hasher.update(&piece);
            text.add(&piece);
            file.write_all(&piece).map_err(Refusal::Spool)?;
            piece.resize(256 << 10, 0);
            let count = rest.read(&mut piece).map_err(|error| refuse(error.to_string()))?;
            piece.truncate(count);
            if count == 0 {
                break;
            }
        }
        let binary = !text.is_text() || size > content::MAX_TEXT as u64;
        Ok(Arrived::Large { hash: hasher.finalize().to_hex().to_string(), size, binary, file })
    }
}

async fn store(
    app: &Arc<App>,
    owner: UserId,
    mut arriving: mpsc::Receiver<Arrived>,
) -> Result<Vec<String>, ApiError> {
    let (mut stored, mut texts, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(arrived) = arriving.recv().await {
        match arrived {
            Arrived::Text(text) => {
                bytes += text.content.len();
                stored.push(text.hash.clone());
                texts.push(text);
            }
            Arrived::Small { hash, bytes } => {
                content::keep_object(app, owner, &hash, bytes.len() as i64, true, bytes).await?;
                stored.push(hash);
            }
            Arrived::Large { hash, size, binary, file } => {
                let reader = tokio::fs::File::from_std(file.reopen().map_err(disk)?);
                content::keep_stream(
                    app,
                    owner,
                    &hash,
                    size as i64,
                    binary,
                    ReaderStream::with_capacity(reader, 256 << 10),
                )
                .await?;
                stored.push(hash);
            }
        }
        if texts.len() >= BATCH || bytes >= BATCH_BYTES {
            stage(app, owner, std::mem::take(&mut texts)).await?;
            bytes = 0;
        }
    }
    stage(app, owner, texts).await?;
    Ok(stored)
}

async fn stage(app: &App, owner: UserId, mut texts: Vec<Text>) -> Result<(), ApiError> {
    // One statement can't write a row twice, and rows in one order can't make two of us wait for each other.
    texts.sort_by(|a, b| a.hash.cmp(&b.hash));
    texts.dedup_by(|a, b| a.hash == b.hash);
    if texts.is_empty() {
        return Ok(());
    }
    Ok(app.store.stage_texts(owner, &texts).await?)
}
