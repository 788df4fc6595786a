//! The changes that an index job takes in: an object of the coordinator, copied to a local file and read piece by piece, so
//! that memory stays small however large the project is.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use engunity_artifacts::{ObjectError, ObjectStore};
use engunity_hybrid_index::{Content, FileChange, FileHash};
use engunity_protocol::index::ContentChange;
use futures::TryStreamExt;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

/// A local copy of the changes.
pub struct ChangesFile(NamedTempFile);

impl ChangesFile {
    pub async fn fetch(objects: &ObjectStore, key: &str, dir: &Path) -> Result<Self, ObjectError> {
        let failed = |error: io::Error| ObjectError::Unavailable(error.to_string());
        let temp = NamedTempFile::new_in(dir).map_err(failed)?;
        let mut file = tokio::fs::File::from_std(temp.reopen().map_err(failed)?);
        let mut object = objects.get_stream(key).await?;
        while let Some(piece) = object.body.try_next().await.map_err(failed)? {
            file.write_all(&piece).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        Ok(Self(temp))
    }

    /// Reads the changes; blocks. Ends early when `progress` is stopped, and where the file is damaged, which
    /// [`Progressing::error`] then says.
    pub fn read(&self, progress: Arc<Progressing>) -> io::Result<impl Iterator<Item = FileChange> + use<>> {
        let mut reader = BufReader::new(zstd::Decoder::new(BufReader::new(File::open(self.0.path())?))?);
        Ok(std::iter::from_fn(move || {
            if progress.is_stopped() {
                return None;
            }
            match next(&mut reader) {
                Ok(change) => {
                    progress.files.fetch_add(u64::from(change.is_some()), Ordering::Relaxed);
                    change.map(file_change)
                }
                Err(error) => {
                    *progress.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    None
                }
            }
        }))
    }
}

fn next(reader: &mut impl BufRead) -> io::Result<Option<ContentChange>> {
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    rmp_serde::from_read(reader).map(Some).map_err(io::Error::other)
}

/// A change as the library takes it.
pub fn file_change(change: ContentChange) -> FileChange {
    match change {
        ContentChange::Put { path, language, hash, content } => {
            FileChange::Put { path, hash: FileHash(hash), language, content: Content::Bytes(content) }
        }
        ContentChange::TooLarge { path, hash, bytes } => {
            let content = Content::TooLarge { bytes };
            FileChange::Put { path, hash: FileHash(hash), language: None, content }
        }
        ContentChange::Remove { path } => FileChange::Remove { path },
    }
}

/// What a thread that builds and those who wait for it tell each other.
#[derive(Default)]
pub struct Progressing {
    files: AtomicU64,
    stopped: AtomicBool,
    error: Mutex<Option<io::Error>>,
}

impl Progressing {
    /// Files that were read so far.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Why the changes could not be read to their end.
    pub fn error(&self) -> Option<io::Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use engunity_protocol::wire;

    use super::*;

    fn file(changes: &[ContentChange], cut: usize) -> ChangesFile {
        let packed: Vec<u8> = changes.iter().flat_map(|change| wire::encode(change).unwrap()).collect();
        let packed = zstd::encode_all(packed.as_slice(), 1).unwrap();
        let mut temp = NamedTempFile::new().unwrap();
        temp.write_all(&packed[..packed.len() - cut]).unwrap();
        ChangesFile(temp)
    }

    fn changes() -> Vec<ContentChange> {
        let put = |n: usize| ContentChange::Put {
            path: format!("src/{n}.rs"),
            language: Some("rust".into()),
            hash: "af13".into(),
            content: format!("fn f{n}() {{}}\n").repeat(n).into_bytes(),
        };
        (0..200).map(put).chain([ContentChange::Remove { path: "old".into() }]).collect()
    }

    #[test]
    fn changes_are_read_one_after_the_other() {
        let progress = Arc::new(Progressing::default());
        let read: Vec<_> = file(&changes(), 0).read(progress.clone()).unwrap().collect();
        assert_eq!((read.len(), progress.files()), (201, 201));
        assert_eq!(read[199].path(), "src/199.rs");
        assert!(matches!(&read[200], FileChange::Remove { path } if path == "old"));
        assert!(progress.error().is_none());
    }

    #[test]
    fn damage_and_a_stop_end_them() {
        let progress = Arc::new(Progressing::default());
        let read = file(&changes(), 20).read(progress.clone()).unwrap().count();
        assert!(read < 201 && progress.error().is_some());
        let stopped = Arc::new(Progressing::default());
        let mut read = file(&changes(), 0).read(stopped.clone()).unwrap();
        assert!(read.next().is_some());
        stopped.stop();
        assert!(read.next().is_none() && stopped.error().is_none());
    }
}
