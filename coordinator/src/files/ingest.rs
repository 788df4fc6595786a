//! Stores the contents of a tar while it arrives: short texts go into the database in batches, anything else becomes an
//! object. Every hash is computed here.

use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use bytes::Bytes;
use engunity_protocol::UserId;
use engunity_store::{Store, blobs::Text};
use flate2::bufread::MultiGzDecoder;
use futures::{StreamExt, stream::BoxStream};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use super::archive::{ArchiveError, Budget, EntryHeader, Found, Sink, TextCheck, read_tar};
use super::content::{self, Contents};
use super::{FileError, Limits};

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

/// A body that arrives, read by one reader.
pub type Body = BoxStream<'static, io::Result<Bytes>>;

/// Stores the contents of a tar.
pub struct Ingest {
    pub store: Store,
    pub contents: Contents,
    pub owner: UserId,
    pub limits: Limits,
}

impl Ingest {
    /// Stores all contents of the tar; returns their hashes.
    pub async fn run(&self, body: Body) -> Result<Vec<String>, FileError> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let sorter = Sorter { out: sender, limits: self.limits, entries: 0, bytes: 0 };
        let received = receive(body, sorter.tar_bytes()).await?;
        let slot = super::unpacking_slot().await;
        let unpacking = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            read(received, sorter)
        });
        let stored = self.store_all(receiver).await;
        // When storing fails, the receiver is dropped, which soon ends the thread.
        let unpacked = unpacking.await?;
        let stored = stored?;
        unpacked?;
        Ok(stored)
    }
}

/// Receives the body into a temporary file, so that a slow client holds no thread.
async fn receive(mut body: Body, most: u64) -> Result<std::fs::File, FileError> {
    let file = tempfile::tempfile().map_err(FileError::Disk)?;
    let mut writer =
        tokio::io::BufWriter::new(tokio::fs::File::from_std(file.try_clone().map_err(FileError::Disk)?));
    let mut size = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(ArchiveError::damaged)?;
        size += piece.len() as u64;
        if size > most {
            return Err(ArchiveError::TooLarge(most).into());
        }
        writer.write_all(&piece).await.map_err(FileError::Disk)?;
    }
    writer.flush().await.map_err(FileError::Disk)?;
    let mut file = file;
    file.rewind().map_err(FileError::Disk)?;
    Ok(file)
}

fn read(body: impl Read, mut sorter: Sorter) -> Result<(), ArchiveError> {
    let most = sorter.tar_bytes();
    let mut body = BufReader::with_capacity(256 << 10, body);
    let head = body.fill_buf().map_err(ArchiveError::damaged)?;
    match head {
        [0x1f, 0x8b, ..] => read_tar(MultiGzDecoder::new(body), most, &mut sorter),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let inside = zstd::Decoder::with_buffer(body).map_err(ArchiveError::damaged)?;
            read_tar(inside, most, &mut sorter)
        }
        [] => Ok(()),
        _ => read_tar(body, most, &mut sorter),
    }
}

/// Unpacks contents and sorts them by where they will be kept.
struct Sorter {
    out: mpsc::Sender<Arrived>,
    limits: Limits,
    /// Files so far, and their bytes.
    entries: i64,
    bytes: u64,
}

impl Sink for Sorter {
    fn take(&mut self, found: EntryHeader<'_>, content: &mut dyn Read) -> Result<(), ArchiveError> {
        match found.kind {
            Found::File { .. } => {}
            Found::Folder => return Ok(()),
            Found::Link | Found::HardLink { .. } => return self.skip(found.name, "is a link"),
        }
        self.entries += 1;
        let most = self.limits.quota.files;
        if self.entries > most {
            return Err(ArchiveError::TooMany(most as usize));
        }
        let name = found.name;
        let damaged = |error| ArchiveError::unreadable(name, error);
        let mut start = Vec::new();
        content.take(content::MAX_INLINE as u64 + 1).read_to_end(&mut start).map_err(damaged)?;
        let complete = start.len() <= content::MAX_INLINE;
        let arrived = if complete { small(start) } else { self.large(name, start, content)? };
        self.count(&arrived)?;
        self.out.blocking_send(arrived).map_err(|_| ArchiveError::damaged("storing it failed"))
    }

    /// Contents only: what is none was not meant for here.
    fn skip(&mut self, name: &str, why: &str) -> Result<(), ArchiveError> {
        Err(ArchiveError::entry(name, why))
    }
}

fn small(bytes: Vec<u8>) -> Arrived {
    let hash = content::hash(&bytes);
    let binary = content::as_text(&bytes).is_none();
    if content::is_inline(bytes.len() as u64, binary) {
        Arrived::Text(Text { hash, content: String::from_utf8(bytes).unwrap_or_default() })
    } else {
        Arrived::Small { hash, bytes: bytes.into() }
    }
}

impl Sorter {
    /// The most bytes that the tar may have.
    fn tar_bytes(&self) -> u64 {
        let (quota, per_file) = (self.limits.quota, self.limits.file_bytes);
        Budget { entries: quota.files as usize, total: quota.bytes as u64, per_file, ratio: 1 }.tar_bytes()
    }

    fn count(&mut self, arrived: &Arrived) -> Result<(), ArchiveError> {
        let size = match arrived {
            Arrived::Text(text) => text.content.len() as u64,
            Arrived::Small { bytes, .. } => bytes.len() as u64,
            Arrived::Large { size, .. } => *size,
        };
        self.bytes += size;
        self.check_total(self.bytes)
    }

    fn check_total(&self, bytes: u64) -> Result<(), ArchiveError> {
        let most = self.limits.quota.bytes as u64;
        if bytes > most { Err(ArchiveError::TooLarge(most)) } else { Ok(()) }
    }

    fn large(&self, name: &str, start: Vec<u8>, rest: &mut dyn Read) -> Result<Arrived, ArchiveError> {
        let per_file = self.limits.file_bytes;
        let mut file = NamedTempFile::new().map_err(ArchiveError::Spool)?;
        let (mut hasher, mut text, mut size) = (blake3::Hasher::new(), TextCheck::default(), 0);
        let mut piece = start;
        loop {
            size += piece.len() as u64;
            if size > per_file {
                return Err(ArchiveError::entry(name, format!("it is larger than {per_file} bytes")));
            }
            self.check_total(self.bytes + size)?;
            hasher.update(&piece);
            text.add(&piece);
            file.write_all(&piece).map_err(ArchiveError::Spool)?;
            piece.resize(256 << 10, 0);
            let count = rest.read(&mut piece).map_err(|error| ArchiveError::unreadable(name, error))?;
            piece.truncate(count);
            if count == 0 {
                break;
            }
        }
        let binary = content::is_binary(text.is_text(), size);
        Ok(Arrived::Large { hash: hasher.finalize().to_hex().to_string(), size, binary, file })
    }
}

impl Ingest {
    async fn store_all(&self, mut arriving: mpsc::Receiver<Arrived>) -> Result<Vec<String>, FileError> {
        let (mut stored, mut texts, mut bytes) = (Vec::new(), Vec::new(), 0);
        while let Some(arrived) = arriving.recv().await {
            match arrived {
                Arrived::Text(text) => {
                    bytes += text.content.len();
                    stored.push(text.hash.clone());
                    texts.push(text);
                }
                other => stored.push(self.store_object(other).await?),
            }
            if texts.len() >= BATCH || bytes >= BATCH_BYTES {
                self.stage(std::mem::take(&mut texts)).await?;
                bytes = 0;
            }
        }
        self.stage(texts).await?;
        Ok(stored)
    }

    async fn store_object(&self, arrived: Arrived) -> Result<String, FileError> {
        let (contents, owner) = (&self.contents, self.owner);
        match arrived {
            Arrived::Small { hash, bytes } => {
                contents.put_object(owner, &hash, bytes.len() as i64, true, bytes).await?;
                Ok(hash)
            }
            Arrived::Large { hash, size, binary, file } => {
                let file = tokio::fs::File::from_std(file.reopen().map_err(FileError::Disk)?);
                let bytes = ReaderStream::with_capacity(file, 256 << 10);
                contents.put_stream(owner, &hash, size as i64, binary, bytes).await?;
                Ok(hash)
            }
            Arrived::Text(Text { hash, .. }) => Ok(hash),
        }
    }

    async fn stage(&self, mut texts: Vec<Text>) -> Result<(), FileError> {
        // One statement can't write a row twice, and a common order of rows prevents deadlocks between two requests.
        texts.sort_by(|a, b| a.hash.cmp(&b.hash));
        texts.dedup_by(|a, b| a.hash == b.hash);
        if texts.is_empty() {
            return Ok(());
        }
        Ok(self.store.stage_texts(self.owner, &texts).await?)
    }
}

#[cfg(test)]
mod tests {
    use engunity_store::files::ProjectQuota;

    use super::*;

    fn refusal(limits: Limits, sizes: &[usize]) -> String {
        let mut tar = tar::Builder::new(Vec::new());
        for (number, size) in sizes.iter().enumerate() {
            let mut header = tar::Header::new_gnu();
            header.set_size(*size as u64);
            tar.append_data(&mut header, format!("f{number}"), vec![b'a'; *size].as_slice()).unwrap();
        }
        let (out, _arriving) = mpsc::channel(AHEAD);
        let sorter = Sorter { out, limits, entries: 0, bytes: 0 };
        read(tar.into_inner().unwrap().as_slice(), sorter).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_names_the_limit_that_was_passed() {
        let quota = ProjectQuota { files: 2, bytes: 4 << 20 };
        let limits = Limits { quota, file_bytes: 3 << 20, history_days: 30.0 };
        assert_eq!(refusal(limits, &[1, 1, 1]), "the archive has more than 2 entries");
        let large = refusal(limits, &[2 << 20, 3 << 20]);
        assert_eq!(large, "the archive unpacks to more than 4194304 bytes");
        assert_eq!(refusal(limits, &[4 << 20]), "\"f0\": it is larger than 3145728 bytes");
    }
}
