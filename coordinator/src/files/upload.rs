//! Uploads: an archive or a plain file, unpacked into a spool file beside the request's thread, whose objects are stored
//! before the one transaction that writes all files.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use engunity_artifacts::{ObjectStore, keys};
use engunity_protocol::file::FileType;
use engunity_protocol::{ProjectId, UserId};
use engunity_store::Store;
use engunity_store::bulk::Texts;
use engunity_store::plan::Arrival;
use futures::{StreamExt, TryStreamExt, stream};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::archive::{self, ArchiveError, Budget, Entry, EntryKind, Kind, Skipped};
use super::content::Contents;
use super::{FileError, Files};

/// Unpacked bytes for each byte of an archive.
const RATIO: u64 = 200;
/// Objects on their way to storage at one time.
const PARALLEL: usize = 8;

/// What a client uploads, received into a temporary file.
pub struct Upload {
    pub file: NamedTempFile,
    pub size: u64,
    /// The client's name of the file.
    pub name: String,
    /// Where one plain file goes; its own name otherwise.
    pub path: Option<String>,
}

/// The stored archive, until its upload is committed: a request may be refused or dropped at any moment.
pub struct UploadGuard {
    store: Store,
    objects: ObjectStore,
    key: String,
    pending: bool,
}

impl UploadGuard {
    /// Stores the archive as an object.
    pub async fn store(
        files: &Files,
        owner: UserId,
        project: ProjectId,
        upload: &Upload,
    ) -> Result<Self, FileError> {
        let key = keys::upload(owner, project, Uuid::now_v7(), &upload.name);
        let guard = Self { store: files.store.clone(), objects: files.objects.clone(), key, pending: true };
        guard.objects.put_file(&guard.key, upload.file.path()).await?;
        Ok(guard)
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Keeps the archive.
    pub fn commit(mut self) {
        self.pending = false;
    }

    /// Deletes the archive.
    pub async fn rollback(mut self) {
        self.pending = false;
        delete(&self.store, &self.objects, &self.key).await;
    }
}

impl Drop for UploadGuard {
    fn drop(&mut self) {
        if self.pending {
            let (store, objects, key) = (self.store.clone(), self.objects.clone(), self.key.clone());
            tokio::spawn(async move { delete(&store, &objects, &key).await });
        }
    }
}

async fn delete(store: &Store, objects: &ObjectStore, key: &str) {
    if let Err(error) = objects.delete(key).await {
        tracing::warn!(key, %error, "could not delete the archive of a refused upload; it is scheduled for gc");
        let _ = store.schedule_gc(key).await;
    }
}

/// An unpacked upload: the spool holds the bytes of all files.
pub struct Unpacked {
    upload: Upload,
    spool: Arc<File>,
    entries: Arc<Vec<Entry>>,
    arrivals: Vec<Arrival>,
    skipped: Skipped,
}

impl Unpacked {
    pub fn upload(&self) -> &Upload {
        &self.upload
    }

    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// What was taken, and what was left out.
    pub fn into_parts(self) -> (Vec<Arrival>, Skipped) {
        (self.arrivals, self.skipped)
    }

    /// Reads texts back from the spool.
    pub fn texts(&self) -> Texts {
        let (spool, entries) = (self.spool.clone(), self.entries.clone());
        Arc::new(move |numbers| numbers.iter().map(|number| text(&spool, &entries[*number])).collect())
    }
}

impl Files {
    pub(super) async fn unpack(&self, upload: Upload, strip_top: bool) -> Result<Unpacked, FileError> {
        let budget = Budget {
            entries: self.limits.quota.files as usize,
            total: self.limits.quota.bytes as u64,
            per_file: self.limits.file_bytes,
            ratio: RATIO,
        };
        let slot = super::unpacking_slot().await;
        let (upload, spool, unpacked) = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let (spool, unpacked) = unpack_now(&upload, budget)?;
            Ok::<_, FileError>((upload, spool, unpacked))
        })
        .await??;
        let archive::Unpacked { entries, skipped } = unpacked;
        let entries = if strip_top { archive::strip_top(entries) } else { entries };
        let arrivals = entries.iter().map(|entry| self.arrival(entry)).collect();
        Ok(Unpacked { upload, spool: Arc::new(spool), entries: Arc::new(entries), arrivals, skipped })
    }

    fn arrival(&self, entry: &Entry) -> Arrival {
        let Entry { path, hash, size, executable, binary, .. } = entry.clone();
        let file = self.arriving_file(path, hash, size, executable, binary);
        match entry.kind {
            EntryKind::File => file,
            EntryKind::Link => Arrival { link: true, language: None, ..file },
            EntryKind::Folder => Arrival { kind: FileType::Folder, inline: false, language: None, ..file },
        }
    }

    /// Stores what does not go into the database, each content once.
    pub(super) async fn store_objects(&self, owner: UserId, unpacked: &Unpacked) -> Result<(), FileError> {
        let mut seen = HashSet::new();
        let mut stores = Vec::new();
        for (entry, arrival) in unpacked.entries.iter().zip(&unpacked.arrivals) {
            if !arrival.inline && entry.kind != EntryKind::Folder && seen.insert(&entry.hash) {
                let (contents, spool) = (self.contents.clone(), unpacked.spool.clone());
                stores.push(store_object(contents, owner, spool, entry.clone()));
            }
        }
        stream::iter(stores).buffer_unordered(PARALLEL).try_collect().await
    }
}

fn unpack_now(upload: &Upload, budget: Budget) -> Result<(File, archive::Unpacked), FileError> {
    let mut file = upload.file.reopen().map_err(FileError::Disk)?;
    let spool = tempfile::tempfile().map_err(FileError::Disk)?;
    let kind = archive::kind(&mut file, &upload.name).map_err(FileError::Disk)?;
    let own_name = || upload.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = upload.path.as_deref().unwrap_or_else(own_name);
    let mut writer = io::BufWriter::with_capacity(256 << 10, &spool);
    let unpacked = archive::unpack(file, kind, name, upload.size, &mut writer, budget);
    let unpacked = unpacked.map_err(|error| refused(kind, error))?;
    if kind == Kind::Plain && unpacked.entries.is_empty() {
        return Err(FileError::invalid("path", "names no file"));
    }
    io::Write::flush(&mut writer).map_err(FileError::Disk)?;
    drop(writer);
    Ok((spool, unpacked))
}

/// What is wrong with the only entry of a plain file is wrong with its path.
fn refused(kind: Kind, error: ArchiveError) -> FileError {
    match error {
        ArchiveError::Entry { why, .. } if kind == Kind::Plain => FileError::invalid("path", why.to_string()),
        other => other.into(),
    }
}

fn text(spool: &File, entry: &Entry) -> io::Result<String> {
    let mut bytes = vec![0; entry.size as usize];
    spool.read_exact_at(&mut bytes, entry.offset)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

async fn store_object(
    contents: Contents,
    owner: UserId,
    spool: Arc<File>,
    entry: Entry,
) -> Result<(), FileError> {
    let bytes = read_entry(&spool, &entry).await.map_err(FileError::Disk)?;
    contents.put_stream(owner, &entry.hash, entry.size as i64, entry.binary, bytes).await
}

/// The entry's bytes from the spool, read as they are sent.
async fn read_entry(
    spool: &File,
    entry: &Entry,
) -> io::Result<impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static + use<>> {
    // Clones of a file share their position; a path of its own gives each reader its own.
    let own = File::open(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(spool)))?;
    let mut file = tokio::fs::File::from_std(own);
    file.seek(io::SeekFrom::Start(entry.offset)).await?;
    Ok(ReaderStream::with_capacity(file.take(entry.size), 256 << 10))
}
