//! A project's files as one tar: for download (gzip) and for runs (zstd, kept in object storage per revision).
//! Read from one moment of the database, in pieces, so that memory stays small however large the project is.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, Write};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use engunity_artifacts::{ObjectStore, keys};
use engunity_protocol::spec::Snapshot;
use engunity_protocol::{ProjectId, UserId};
use engunity_store::Store;
use engunity_store::snapshots::{Reader, SnapshotFile};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{Stream, StreamExt, stream};
use moka::sync::Cache;
use tar::{EntryType, Header};
use tempfile::SpooledTempFile;
use tokio::sync::{Mutex, Semaphore, mpsc};

use super::FileError;

/// Bytes and number of texts that are held in memory at a time.
const PIECE_BYTES: i64 = 2 << 20;
const PIECE_FILES: usize = 500;
/// Compressed pieces that are buffered for the reader.
const AHEAD: usize = 4;
/// Texts of a project beyond this are spooled to disk.
const SPOOL_IN_MEMORY: usize = 2 << 20;
const TAR_BLOCK: usize = 512;
/// A reader that leaves a piece waiting for longer is cut off.
const READ_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// How the tar is packed.
#[derive(Debug, Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

/// Projects with a lock; more than ever make snapshots at the same time.
const LOCKS: u64 = 10_000;

/// Snapshots that are made at one time, of all users and of one: others wait for their turn.
const PARALLEL: usize = 8;
const PARALLEL_OF_USER: usize = 2;
/// Users with a turn of their own.
const USERS: u64 = 10_000;
/// Deadline for making one. It is longer than a request waits: the next request finds it made.
const MAKE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(900);

/// Makes and finds the snapshots of projects. A cheap handle.
#[derive(Clone)]
pub struct Snapshots {
    store: Store,
    objects: ObjectStore,
    /// One at a time per project: two runs of one revision share one snapshot.
    locks: Cache<ProjectId, Arc<Mutex<()>>>,
    turns: Arc<Semaphore>,
    turns_of_users: Cache<UserId, Arc<Semaphore>>,
}

impl Snapshots {
    pub fn new(store: Store, objects: ObjectStore) -> Self {
        let turns = Arc::new(Semaphore::new(PARALLEL));
        Self { store, objects, locks: Cache::new(LOCKS), turns, turns_of_users: Cache::new(USERS) }
    }

    /// The snapshot of the project's current revision; it is made unless it exists.
    pub async fn current(&self, owner: UserId, project: ProjectId) -> Result<Snapshot, FileError> {
        if let Some(snapshot) = self.existing(owner, project).await? {
            return Ok(snapshot);
        }
        let guard = self.locks.get_with(project, Arc::default).lock_owned().await;
        if let Some(snapshot) = self.existing(owner, project).await? {
            return Ok(snapshot);
        }
        let this = self.clone();
        // A request that gives up does not end it: else a large project would begin again for ever.
        let making = tokio::spawn(async move {
            let _guard = guard;
            tokio::time::timeout(MAKE_TIMEOUT, this.make_in_turn(owner, project)).await
        });
        making.await?.map_err(|_| FileError::Disk(io::ErrorKind::TimedOut.into()))?
    }

    async fn make_in_turn(&self, owner: UserId, project: ProjectId) -> Result<Snapshot, FileError> {
        let of_user = self.turns_of_users.get_with(owner, || Arc::new(Semaphore::new(PARALLEL_OF_USER)));
        let _of_user = of_user.acquire().await;
        let _turn = self.turns.acquire().await;
        self.make(owner, project).await
    }

    async fn existing(&self, owner: UserId, project: ProjectId) -> Result<Option<Snapshot>, FileError> {
        let found = self.store.snapshot(owner, project).await?;
        found.map(|(_, snapshot)| snapshot).ok_or(FileError::NoProject)
    }

    async fn make(&self, owner: UserId, project: ProjectId) -> Result<Snapshot, FileError> {
        let reader = self.store.read_project(owner, project).await?.ok_or(FileError::NoProject)?;
        let revision = reader.revision;
        let files = reader.files.iter().filter(|file| !file.folder);
        let (count, bytes) = files.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.size as u64));
        let mut snapshot = Snapshot { key: None, unpacked_bytes: bytes, files: count };
        if !reader.files.is_empty() {
            let key = keys::snapshot(project, revision);
            self.objects.put_stream(&key, self.pack(owner, reader, Packing::Zstd).await?).await?;
            snapshot.key = Some(key);
        }
        self.store.add_snapshot(project, revision, &snapshot).await?;
        Ok(snapshot)
    }

    /// The whole project as one archive, with the project's name.
    pub async fn archive(
        &self,
        owner: UserId,
        project: ProjectId,
    ) -> Result<(String, impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static + use<>), FileError>
    {
        let reader = self.store.read_project(owner, project).await?.ok_or(FileError::NoProject)?;
        let name = reader.name.clone();
        Ok((name, self.pack(owner, reader, Packing::Gzip).await?))
    }

    /// The packed tar, made while it is read. An error ends it before its proper end, so that no reader mistakes it for a complete one.
    async fn pack(
        &self,
        owner: UserId,
        reader: Reader,
        packing: Packing,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static + use<>, FileError> {
        let mut content = ProjectContent::read(reader).await?;
        let (sender, mut receiver) = mpsc::channel(AHEAD);
        let objects = self.objects.clone();
        tokio::spawn(async move {
            let mut writer =
                Writer { packer: Some(Packer::new(packing)), objects, owner, out: sender.clone() };
            if let Err(error) = writer.write(&mut content).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        Ok(stream::poll_fn(move |context| receiver.poll_recv(context)))
    }
}

/// What the database has of a project, read at once: its connection is free again before anything is compressed or sent.
struct ProjectContent {
    files: Vec<SnapshotFile>,
    /// The texts, one after the other in the order of the files.
    spool: SpooledTempFile,
    /// Their lengths.
    lengths: VecDeque<usize>,
}

impl ProjectContent {
    async fn read(mut reader: Reader) -> Result<Self, FileError> {
        let files = std::mem::take(&mut reader.files);
        let (mut spool, mut lengths) = (SpooledTempFile::new(SPOOL_IN_MEMORY), VecDeque::new());
        for range in pieces(&files) {
            match &files[range] {
                [file] if !file.inline && !file.folder => {}
                files => {
                    for text in reader.texts(files).await? {
                        spool.write_all(text.as_bytes()).map_err(FileError::Disk)?;
                        lengths.push_back(text.len());
                    }
                }
            }
        }
        reader.finish().await?;
        spool.rewind().map_err(FileError::Disk)?;
        Ok(Self { files, spool, lengths })
    }

    /// The texts of the next `count` files that have one in the database.
    fn texts(&mut self, count: usize) -> io::Result<Vec<String>> {
        let mut texts = Vec::with_capacity(count);
        for length in self.lengths.drain(..count.min(self.lengths.len())) {
            let mut bytes = vec![0; length];
            self.spool.read_exact(&mut bytes)?;
            texts.push(String::from_utf8(bytes).map_err(io::Error::other)?);
        }
        Ok(texts)
    }
}

struct Writer {
    /// Away while a blocking thread compresses.
    packer: Option<Packer>,
    objects: ObjectStore,
    owner: UserId,
    out: mpsc::Sender<io::Result<Bytes>>,
}

impl Writer {
    async fn write(&mut self, content: &mut ProjectContent) -> io::Result<()> {
        let files = std::mem::take(&mut content.files);
        for range in pieces(&files) {
            match &files[range] {
                [file] if !file.inline && !file.folder => self.object(file).await?,
                files => self.texts(files, &content.texts(files.len())?).await?,
            }
        }
        self.pack(vec![0; 2 * TAR_BLOCK]).await?;
        let end = self.packer.take().ok_or_else(|| io::Error::other("the packer is gone"))?.finish()?;
        self.send(end).await
    }

    /// Folders and files whose text is in the database.
    async fn texts(&mut self, files: &[SnapshotFile], texts: &[String]) -> io::Result<()> {
        let mut tar = Vec::new();
        for (file, text) in files.iter().zip(texts) {
            match file.link {
                true => link(&mut tar, file, text)?,
                false => entry(&mut tar, file, text.as_bytes())?,
            }
        }
        self.pack(tar).await
    }

    /// A file whose bytes are an object: passed through as they come.
    async fn object(&mut self, file: &SnapshotFile) -> io::Result<()> {
        let mut head = Vec::new();
        entry(&mut head, file, io::empty())?;
        self.pack(head).await?;
        let key = keys::blob(self.owner, file.hash.as_deref().unwrap_or_default());
        let mut object = self.objects.get_stream(&key).await.map_err(io::Error::other)?;
        if object.size != file.size as u64 {
            return Err(io::Error::other(format!("{key} has another size than {}", file.path)));
        }
        while let Some(piece) = object.body.next().await {
            self.pack(piece?.into()).await?;
        }
        self.pack(vec![0; padding(file.size as u64)]).await
    }

    async fn pack(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let mut packer = self.packer.take().ok_or_else(|| io::Error::other("the packer is gone"))?;
        let (packer, packed) = tokio::task::spawn_blocking(move || {
            let packed = packer.write(&bytes);
            (packer, packed)
        })
        .await?;
        self.packer = Some(packer);
        self.send(packed?).await
    }

    async fn send(&self, packed: Vec<u8>) -> io::Result<()> {
        if packed.is_empty() {
            return Ok(());
        }
        let sent = tokio::time::timeout(READ_TIMEOUT, self.out.send(Ok(packed.into()))).await;
        sent.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

/// Cuts the list into pieces that are read at once: some texts, or one object.
fn pieces(files: &[SnapshotFile]) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next;
        let is_object = |file: &SnapshotFile| !file.inline && !file.folder;
        let mut bytes = 0;
        while next < files.len()
            && next - start < PIECE_FILES
            && !is_object(&files[next])
            && bytes < PIECE_BYTES
        {
            bytes += files[next].size;
            next += 1;
        }
        if next == start && next < files.len() {
            next += 1;
        }
        (next > start).then_some(start..next)
    })
}

/// Appends a link whose content is its target.
fn link(tar: &mut Vec<u8>, file: &SnapshotFile, target: &str) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_mode(0o777);
    header.set_size(0);
    header.set_mtime(file.modified.timestamp().max(0) as u64);
    let mut builder = tar::Builder::new(Vec::new());
    match header.set_link_name_literal(target) {
        Ok(()) => builder.append_data(&mut header, &file.path, io::empty())?,
        // Too long for the header itself.
        Err(_) => builder.append_link(&mut header, &file.path, target)?,
    }
    tar.append(builder.get_mut());
    Ok(())
}

/// Appends a file's header and content, and its padding. An empty reader leaves content and padding to the caller.
fn entry(tar: &mut Vec<u8>, file: &SnapshotFile, content: impl Read) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(if file.folder { EntryType::Directory } else { EntryType::Regular });
    header.set_mode(if file.folder || file.executable { 0o755 } else { 0o644 });
    header.set_size(if file.folder { 0 } else { file.size as u64 });
    header.set_mtime(file.modified.timestamp().max(0) as u64);
    // Dropping a builder writes the archive's end, which comes only once: take the bytes out first.
    let mut builder = tar::Builder::new(Vec::new());
    let path = if file.folder { format!("{}/", file.path) } else { file.path.clone() };
    builder.append_data(&mut header, path, content)?;
    tar.append(builder.get_mut());
    Ok(())
}

fn padding(size: u64) -> usize {
    (TAR_BLOCK - (size as usize % TAR_BLOCK)) % TAR_BLOCK
}

enum Packer {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
    /// The encoder could not be created; reported when it is used.
    Broken(Option<io::Error>),
}

impl Packer {
    fn new(packing: Packing) -> Self {
        match packing {
            Packing::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::new(4))),
            Packing::Zstd => {
                zstd::Encoder::new(Vec::new(), 1).map_or_else(|error| Self::Broken(Some(error)), Self::Zstd)
            }
        }
    }

    /// Compresses and hands out what is ready.
    fn write(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(bytes).map(|()| std::mem::take(encoder.get_mut())),
            Self::Zstd(encoder) => encoder.write_all(bytes).map(|()| std::mem::take(encoder.get_mut())),
            Self::Broken(error) => Err(error.take().unwrap_or_else(|| io::Error::other("no encoder"))),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
            Self::Broken(_) => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, size: i64, inline: bool, folder: bool) -> SnapshotFile {
        SnapshotFile::for_tests(path, size, inline, folder)
    }

    #[test]
    fn objects_go_alone_and_texts_together() {
        let files = [
            file("a", 0, false, true),
            file("a/1", 10, true, false),
            file("a/2", 10, false, false),
            file("a/3", 10, true, false),
            file("b", PIECE_BYTES, true, false),
            file("c", 1, true, false),
        ];
        assert_eq!(pieces(&files).collect::<Vec<_>>(), [0..2, 2..3, 3..5, 5..6]);
        assert_eq!(pieces(&[]).count(), 0);
    }

    #[test]
    fn entries_make_a_readable_tar() {
        let long = format!("{}/x.txt", "d".repeat(200));
        let mut tar = Vec::new();
        entry(&mut tar, &file("d", 0, false, true), io::empty()).unwrap();
        entry(&mut tar, &file(&long, 5, true, false), b"hello".as_slice()).unwrap();
        entry(&mut tar, &file("big", 3, false, false), io::empty()).unwrap();
        tar.extend(b"abc");
        tar.extend(vec![0; padding(3)]);
        tar.extend(vec![0; 2 * TAR_BLOCK]);
        let mut packer = Packer::new(Packing::Gzip);
        let mut packed = packer.write(&tar).unwrap();
        packed.extend(packer.finish().unwrap());
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let mut seen = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            seen.push((path, text));
        }
        assert_eq!(
            seen,
            [("d/".into(), String::new()), (long, "hello".into()), ("big".into(), "abc".into())]
        );
    }

    #[test]
    fn links_lead_where_they_did() {
        let long = format!("../{}", "d/".repeat(200));
        for target in ["v2.py", "./a/", "a//b", "/etc/passwd", &long] {
            let mut tar = Vec::new();
            link(&mut tar, &file("lib/current", 5, true, false), target).unwrap();
            tar.extend(vec![0; 2 * TAR_BLOCK]);
            let mut archive = tar::Archive::new(tar.as_slice());
            let entry = archive.entries().unwrap().next().unwrap().unwrap();
            assert_eq!(entry.header().entry_type(), EntryType::Symlink);
            assert_eq!(entry.path_bytes().as_ref(), b"lib/current");
            assert_eq!(entry.link_name_bytes().unwrap().as_ref(), target.as_bytes());
        }
    }
}
