//! A local cache of project snapshots: files copied from object storage, bounded in bytes, evicted least recently used
//! first. Nothing here opens an archive: strangers made it, so it is unpacked inside the sandbox only.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use engunity_artifacts::{ObjectError, ObjectStore};
use futures::TryStreamExt;
use tokio::{fs, io::AsyncWriteExt, sync::Mutex as AsyncMutex};
use uuid::Uuid;

#[derive(Clone)]
pub struct SnapshotCache {
    objects: ObjectStore,
    dir: PathBuf,
    index: Arc<Mutex<LruIndex>>,
    /// One download at a time: a second request for the same snapshot finds it in the cache.
    downloading: Arc<AsyncMutex<()>>,
}

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("the project's files are not in object storage any more ({0})")]
    Missing(String),
    #[error("the project's files could not be fetched: {0}")]
    Unavailable(String),
    #[error("the worker's disk is full (worker.scratch_dir)")]
    DiskFull,
}

impl SnapshotCache {
    /// Opens the cache in `dir` and keeps what an earlier process of this worker stored there, up to `budget` bytes.
    pub fn open(objects: ObjectStore, dir: PathBuf, budget: u64) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        let mut index = LruIndex { budget, ..LruIndex::default() };
        for (name, size) in scan_by_age(&dir)? {
            index.add(name, size);
        }
        for name in index.evict() {
            std::fs::remove_file(dir.join(name))?;
        }
        Ok(Self { objects, dir, index: Arc::new(Mutex::new(index)), downloading: Arc::default() })
    }

    /// Returns the snapshot as an open file, which stays readable even after its eviction.
    pub async fn fetch(&self, key: &str) -> Result<fs::File, SnapshotError> {
        let path = self.dir.join(file_name_of_key(key));
        if let Some(file) = self.open_cached(&path).await {
            return Ok(file);
        }
        let _guard = self.downloading.lock().await;
        if let Some(file) = self.open_cached(&path).await {
            return Ok(file);
        }
        self.download(key, &path).await
    }

    async fn open_cached(&self, path: &Path) -> Option<fs::File> {
        let file = fs::File::open(path).await.ok()?;
        self.with_index(|index| index.touch(&file_name(path)));
        Some(file)
    }

    async fn download(&self, key: &str, path: &Path) -> Result<fs::File, SnapshotError> {
        let temp = TempFile(self.dir.join(format!(".{}", Uuid::new_v4().simple())));
        let size = match self.write(key, &temp.0).await {
            // The snapshot that is needed now is worth more than the cached ones.
            Err(SnapshotError::DiskFull) if self.clear().await > 0 => self.write(key, &temp.0).await?,
            other => other?,
        };
        let opened = async {
            fs::rename(&temp.0, path).await?;
            fs::File::open(path).await
        };
        let file = opened.await.map_err(io_error)?;
        self.add_and_evict(file_name(path), size).await;
        Ok(file)
    }

    /// Removes all files; returns their number.
    async fn clear(&self) -> usize {
        let all = self.with_index(|index| {
            index.used = 0;
            std::mem::take(&mut index.files)
        });
        for (name, _) in &all {
            let _ = fs::remove_file(self.dir.join(name)).await;
        }
        all.len()
    }

    async fn write(&self, key: &str, temp: &Path) -> Result<u64, SnapshotError> {
        let mut object = self.objects.get_stream(key).await.map_err(|error| match error {
            ObjectError::NotFound(key) => SnapshotError::Missing(key),
            other => SnapshotError::Unavailable(other.to_string()),
        })?;
        // Created synchronously: a file created on another thread could appear after this future was cancelled.
        let mut file = fs::File::from_std(std::fs::File::create(temp).map_err(io_error)?);
        while let Some(piece) = object.body.try_next().await.map_err(io_error)? {
            file.write_all(&piece).await.map_err(io_error)?;
        }
        file.flush().await.map_err(io_error)?;
        Ok(object.size)
    }

    async fn add_and_evict(&self, name: String, size: u64) {
        let evicted = self.with_index(|index| {
            index.add(name, size);
            index.evict()
        });
        for name in evicted {
            let _ = fs::remove_file(self.dir.join(name)).await;
        }
    }

    fn with_index<T>(&self, change: impl FnOnce(&mut LruIndex) -> T) -> T {
        change(&mut self.index.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn io_error(error: io::Error) -> SnapshotError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SnapshotError::DiskFull,
        _ => SnapshotError::Unavailable(error.to_string()),
    }
}

/// A file that is being written. Dropping this removes the file unless it was renamed.
struct TempFile(PathBuf);

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Lists the cached files (name, size), oldest first. Removes unfinished downloads of an earlier process.
fn scan_by_age(dir: &Path) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.metadata() {
            Ok(metadata) if !name.starts_with('.') => {
                found.push((metadata.modified()?, name, metadata.len()));
            }
            _ => std::fs::remove_file(entry.path())?,
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, name, size)| (name, size)).collect())
}

/// Hashed because a key contains slashes and may be longer than a file name.
fn file_name_of_key(key: &str) -> String {
    blake3::hash(key.as_bytes()).to_hex().to_string()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The cached files (name, size), least recently used first. Pure.
#[derive(Debug, Default)]
struct LruIndex {
    budget: u64,
    used: u64,
    files: Vec<(String, u64)>,
}

impl LruIndex {
    fn add(&mut self, name: String, size: u64) {
        self.used += size;
        self.files.push((name, size));
    }

    fn touch(&mut self, name: &str) {
        if let Some(at) = self.files.iter().position(|(file, _)| file == name) {
            self.files[at..].rotate_left(1);
        }
    }

    /// Removes files beyond the budget, but never the newest.
    fn evict(&mut self) -> Vec<String> {
        let mut evicted = Vec::new();
        while self.used > self.budget && self.files.len() > 1 {
            let (name, size) = self.files.remove(0);
            self.used -= size;
            evicted.push(name);
        }
        evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable_store() -> ObjectStore {
        let s3 = engunity_artifacts::S3Config {
            endpoint: "http://127.0.0.1:9".into(),
            region: "r".into(),
            bucket: "b".into(),
            access_key: "a".into(),
            secret_key: "s".into(),
        };
        ObjectStore::new(s3).unwrap()
    }

    #[tokio::test]
    async fn a_restart_keeps_what_fits_and_removes_unfinished_downloads() {
        let dir = tempfile::tempdir().unwrap();
        let name = file_name_of_key("a");
        for (file, bytes) in [(".unfinished", 5), ("old", 8), (name.as_str(), 3)] {
            std::fs::write(dir.path().join(file), vec![0; bytes]).unwrap();
            let day = std::time::Duration::from_secs(86400);
            let age = if file == "old" { day } else { std::time::Duration::ZERO };
            let written = std::fs::File::options().write(true).open(dir.path().join(file)).unwrap();
            written.set_modified(std::time::SystemTime::now() - age).unwrap();
        }
        let snapshots = SnapshotCache::open(unreachable_store(), dir.path().to_owned(), 10).unwrap();
        assert!(snapshots.fetch("a").await.is_ok());
        assert!(matches!(snapshots.fetch("b").await, Err(SnapshotError::Unavailable(_))));
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, [name.as_str()]);
    }

    #[test]
    fn the_least_recently_used_files_are_evicted_first() {
        let mut index = LruIndex { budget: 10, ..LruIndex::default() };
        for name in ["a", "b", "c"] {
            index.add(name.into(), 4);
        }
        index.touch("a");
        assert_eq!(index.evict(), ["b"]);
        index.add("huge".into(), 100);
        assert_eq!(index.evict(), ["c", "a"], "the newest file stays");
    }
}
