//! Snapshots of projects, as files: a local copy of object storage, bounded in bytes, the least recently used go first.
//! Nothing here looks into them: an archive that strangers made is unpacked inside the sandbox only.

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
pub struct Snapshots {
    objects: ObjectStore,
    dir: PathBuf,
    shelf: Arc<Mutex<Shelf>>,
    /// One download at a time: the second who wants the same finds it there.
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

impl Snapshots {
    /// Takes over what an earlier life of this worker has left in `dir`.
    pub fn open(objects: ObjectStore, dir: PathBuf, budget: u64) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        let mut shelf = Shelf { budget, ..Shelf::default() };
        for (name, size) in oldest_first(&dir)? {
            shelf.add(name, size);
        }
        for name in shelf.evict() {
            std::fs::remove_file(dir.join(name))?;
        }
        Ok(Self { objects, dir, shelf: Arc::new(Mutex::new(shelf)), downloading: Arc::default() })
    }

    /// Returns the snapshot as an open file, which stays readable even if it leaves the shelf meanwhile.
    pub async fn fetch(&self, key: &str) -> Result<fs::File, SnapshotError> {
        let path = self.dir.join(name_of(key));
        if let Some(file) = self.have(&path).await {
            return Ok(file);
        }
        let _alone = self.downloading.lock().await;
        if let Some(file) = self.have(&path).await {
            return Ok(file);
        }
        self.download(key, &path).await
    }

    async fn have(&self, path: &Path) -> Option<fs::File> {
        let file = fs::File::open(path).await.ok()?;
        self.with_shelf(|shelf| shelf.touch(&file_name(path)));
        Some(file)
    }

    async fn download(&self, key: &str, path: &Path) -> Result<fs::File, SnapshotError> {
        let aside = Aside(self.dir.join(format!(".{}", Uuid::new_v4().simple())));
        let size = match self.write(key, &aside.0).await {
            // What others left here is worth less than what is wanted now.
            Err(SnapshotError::DiskFull) if self.empty().await > 0 => self.write(key, &aside.0).await?,
            other => other?,
        };
        let opened = async {
            fs::rename(&aside.0, path).await?;
            fs::File::open(path).await
        };
        let file = opened.await.map_err(broken)?;
        self.make_room(file_name(path), size).await;
        Ok(file)
    }

    /// Removes everything; returns how many files that were.
    async fn empty(&self) -> usize {
        let all = self.with_shelf(|shelf| {
            shelf.used = 0;
            std::mem::take(&mut shelf.files)
        });
        for (name, _) in &all {
            let _ = fs::remove_file(self.dir.join(name)).await;
        }
        all.len()
    }

    async fn write(&self, key: &str, aside: &Path) -> Result<u64, SnapshotError> {
        let mut object = self.objects.get_stream(key).await.map_err(|error| match error {
            ObjectError::NotFound(key) => SnapshotError::Missing(key),
            other => SnapshotError::Unavailable(other.to_string()),
        })?;
        // At once and here: made by another thread, it could appear after its writer was cancelled.
        let mut file = fs::File::from_std(std::fs::File::create(aside).map_err(broken)?);
        while let Some(piece) = object.body.try_next().await.map_err(broken)? {
            file.write_all(&piece).await.map_err(broken)?;
        }
        file.flush().await.map_err(broken)?;
        Ok(object.size)
    }

    async fn make_room(&self, name: String, size: u64) {
        let evicted = self.with_shelf(|shelf| {
            shelf.add(name, size);
            shelf.evict()
        });
        for name in evicted {
            let _ = fs::remove_file(self.dir.join(name)).await;
        }
    }

    fn with_shelf<T>(&self, change: impl FnOnce(&mut Shelf) -> T) -> T {
        change(&mut self.shelf.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn broken(problem: io::Error) -> SnapshotError {
    match problem.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SnapshotError::DiskFull,
        _ => SnapshotError::Unavailable(problem.to_string()),
    }
}

/// A file that is being written; gone with its writer, however that ends, unless it got another name.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What is on the shelf, by name and size; what was being written when an earlier life ended is removed.
fn oldest_first(dir: &Path) -> io::Result<Vec<(String, u64)>> {
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

/// A key may be longer than a file's name, and has slashes.
fn name_of(key: &str) -> String {
    blake3::hash(key.as_bytes()).to_hex().to_string()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Which files there are, least recently used first. Pure.
#[derive(Debug, Default)]
struct Shelf {
    budget: u64,
    used: u64,
    files: Vec<(String, u64)>,
}

impl Shelf {
    fn add(&mut self, name: String, size: u64) {
        self.used += size;
        self.files.push((name, size));
    }

    fn touch(&mut self, name: &str) {
        if let Some(at) = self.files.iter().position(|(file, _)| file == name) {
            self.files[at..].rotate_left(1);
        }
    }

    /// Takes off what is beyond the budget, but never the newest.
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

    fn nowhere() -> ObjectStore {
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
    async fn a_restart_keeps_what_fits_and_removes_halves() {
        let dir = tempfile::tempdir().unwrap();
        let name = name_of("a");
        for (file, bytes) in [(".half", 5), ("old", 8), (name.as_str(), 3)] {
            std::fs::write(dir.path().join(file), vec![0; bytes]).unwrap();
            let day = std::time::Duration::from_secs(86400);
            let age = if file == "old" { day } else { std::time::Duration::ZERO };
            let written = std::fs::File::options().write(true).open(dir.path().join(file)).unwrap();
            written.set_modified(std::time::SystemTime::now() - age).unwrap();
        }
        let snapshots = Snapshots::open(nowhere(), dir.path().to_owned(), 10).unwrap();
        assert!(snapshots.fetch("a").await.is_ok());
        assert!(matches!(snapshots.fetch("b").await, Err(SnapshotError::Unavailable(_))));
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, [name.as_str()]);
    }

    #[test]
    fn the_least_recently_used_leave_first() {
        let mut shelf = Shelf { budget: 10, ..Shelf::default() };
        for name in ["a", "b", "c"] {
            shelf.add(name.into(), 4);
        }
        shelf.touch("a");
        assert_eq!(shelf.evict(), ["b"]);
        shelf.add("huge".into(), 100);
        assert_eq!(shelf.evict(), ["c", "a"], "what was just fetched stays");
    }
}
