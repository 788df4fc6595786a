//! The local cache of indexes: one folder for each project that was searched or indexed here, bounded in bytes, the least
//! recently used removed first. A folder that is in use is never removed.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use engunity_artifacts::{ObjectError, ObjectStore};
use engunity_hybrid_index::{IndexError, Opened, ProjectIndex, Settings, bundle};
use engunity_protocol::ProjectId;
use futures::TryStreamExt;
use tempfile::NamedTempFile;
use tokio::{io::AsyncWriteExt, sync::Mutex as AsyncMutex};
use uuid::Uuid;

use super::lineage::Lineage;

const LINEAGE: &str = "lineage.json";
const FOLDER: &str = "index";
/// Downloads and packed indexes, while they are used.
const SCRATCH: &str = ".scratch";
/// The index of projects that have none.
const EMPTY: &str = ".empty";

/// Why an index can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another index was published, and this one is no longer kept.
    #[error("the index is not in object storage any more")]
    Gone,
    /// Damaged, or made by another version.
    #[error("{0}")]
    Unusable(String),
    #[error("the index could not be fetched: {0}")]
    Unavailable(String),
    #[error("the worker's disk: {0}")]
    Disk(#[from] io::Error),
}

/// A project's index in its folder.
pub struct OpenIndex {
    pub index: ProjectIndex,
    dir: PathBuf,
    scratch: PathBuf,
    lineage: Mutex<Lineage>,
    /// The folder goes when nobody uses it any more.
    superseded: AtomicBool,
}

impl OpenIndex {
    pub fn folder(&self) -> PathBuf {
        self.dir.join(FOLDER)
    }

    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// The index was uploaded as this bundle.
    pub fn became(&self, bundle: &str) -> io::Result<()> {
        let mut lineage = lock(&self.lineage);
        lineage.add(bundle);
        lineage.save(&self.dir.join(LINEAGE))
    }

    fn serves(&self, bundle: Option<&str>) -> bool {
        lock(&self.lineage).serves(bundle)
    }
}

impl Drop for OpenIndex {
    fn drop(&mut self) {
        if self.superseded.load(Ordering::Relaxed) {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

#[derive(Clone)]
pub struct IndexCache(Arc<Shared>);

struct Shared {
    objects: ObjectStore,
    dir: PathBuf,
    budget: u64,
    projects: Mutex<HashMap<ProjectId, Arc<Project>>>,
    empty: AsyncMutex<Option<Arc<OpenIndex>>>,
    /// Counts uses: what was used last has the highest number.
    uses: AtomicU64,
}

/// A project's place in the cache.
#[derive(Default)]
struct Project {
    place: AsyncMutex<Place>,
    used: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Default)]
enum Place {
    #[default]
    Empty,
    /// A folder of an earlier process, or one that was closed.
    Closed(PathBuf),
    Open(Arc<OpenIndex>),
}

impl IndexCache {
    /// Opens the cache in `dir` and keeps what an earlier process of this worker left there.
    pub fn open(objects: ObjectStore, dir: PathBuf, budget: u64) -> io::Result<Self> {
        let _ = fs::remove_dir_all(dir.join(SCRATCH));
        let _ = fs::remove_dir_all(dir.join(EMPTY));
        fs::create_dir_all(dir.join(SCRATCH))?;
        let projects = found(&dir)?;
        let uses = AtomicU64::new(projects.len() as u64);
        let projects = Mutex::new(projects);
        Ok(Self(Arc::new(Shared { objects, dir, budget, projects, empty: AsyncMutex::default(), uses })))
    }

    pub fn scratch(&self) -> PathBuf {
        self.0.dir.join(SCRATCH)
    }

    /// The project's index, as of this bundle or newer; without a bundle, one that has never been published.
    pub async fn index(&self, project: ProjectId, bundle: Option<&str>) -> Result<Arc<OpenIndex>, OpenError> {
        let entry = lock(&self.0.projects).entry(project).or_default().clone();
        entry.used.store(self.0.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let (cache, bundle) = (self.clone(), bundle.map(str::to_owned));
        // A task of its own: who waits may give up, and the next one finds what was fetched meanwhile.
        let filling = tokio::spawn(async move {
            let mut place = entry.place.lock().await;
            let open = cache.fill(&mut place, project, bundle.as_deref()).await?;
            entry.bytes.store(open.index.state().disk_bytes, Ordering::Relaxed);
            Ok::<_, OpenError>(open)
        });
        let open = filling.await.map_err(io::Error::other)??;
        self.evict().await;
        Ok(open)
    }

    /// An index without files, for questions about what is not indexed yet.
    pub async fn empty(&self) -> Result<Arc<OpenIndex>, OpenError> {
        let mut empty = self.0.empty.lock().await;
        if let Some(open) = &*empty {
            return Ok(open.clone());
        }
        let open = self.open_folder(self.0.dir.join(EMPTY), Lineage::default()).await?;
        Ok(empty.insert(open).clone())
    }

    async fn fill(
        &self,
        place: &mut Place,
        project: ProjectId,
        bundle: Option<&str>,
    ) -> Result<Arc<OpenIndex>, OpenError> {
        if let Place::Open(open) = place {
            if open.serves(bundle) {
                return Ok(open.clone());
            }
            open.superseded.store(true, Ordering::Relaxed);
        }
        if let Place::Closed(dir) = place {
            match self.reopen(dir, bundle).await {
                Some(open) => {
                    *place = Place::Open(open.clone());
                    return Ok(open);
                }
                None => fs::remove_dir_all(dir)?,
            }
        }
        *place = Place::Empty;
        let dir = self.0.dir.join(project.to_string()).join(Uuid::new_v4().simple().to_string());
        let open = self.create(dir.clone(), bundle).await.inspect_err(|_| {
            let _ = fs::remove_dir_all(&dir);
        })?;
        *place = Place::Open(open.clone());
        Ok(open)
    }

    /// Opens a folder of an earlier process, if it is of use.
    async fn reopen(&self, dir: &Path, bundle: Option<&str>) -> Option<Arc<OpenIndex>> {
        let lineage = Lineage::load(&dir.join(LINEAGE)).ok().filter(|lineage| lineage.serves(bundle))?;
        let open = self.open_folder(dir.to_owned(), lineage).await;
        open.inspect_err(
            |error| tracing::warn!(%error, "an index in the cache can't be opened; it is fetched again"),
        )
        .ok()
    }

    async fn create(&self, dir: PathBuf, bundle: Option<&str>) -> Result<Arc<OpenIndex>, OpenError> {
        if let Some(key) = bundle {
            let packed = self.fetch(key).await?;
            let folder = dir.join(FOLDER);
            blocking(move || {
                fs::create_dir_all(&folder)?;
                bundle::import(io::BufReader::new(packed.reopen()?), &folder).map_err(unusable)
            })
            .await?;
        }
        self.open_folder(dir, Lineage::of(bundle)).await
    }

    async fn open_folder(&self, dir: PathBuf, lineage: Lineage) -> Result<Arc<OpenIndex>, OpenError> {
        let scratch = self.scratch();
        blocking(move || {
            fs::create_dir_all(dir.join(FOLDER))?;
            let (index, opened) =
                ProjectIndex::open(dir.join(FOLDER), Settings::default()).map_err(unusable)?;
            let lost = match opened {
                Opened::Existing => None,
                Opened::New => Some("its files are gone".to_owned()),
                Opened::Discarded { why } => Some(why),
            };
            if let Some(why) = lost.filter(|_| lineage != Lineage::default()) {
                return Err(OpenError::Unusable(why));
            }
            lineage.save(&dir.join(LINEAGE))?;
            let (lineage, superseded) = (Mutex::new(lineage), AtomicBool::new(false));
            Ok(Arc::new(OpenIndex { index, dir, scratch, lineage, superseded }))
        })
        .await
    }

    /// Copies a bundle to a local file.
    async fn fetch(&self, key: &str) -> Result<NamedTempFile, OpenError> {
        let mut object = self.0.objects.get_stream(key).await.map_err(|error| match error {
            ObjectError::NotFound(_) => OpenError::Gone,
            other => OpenError::Unavailable(other.to_string()),
        })?;
        let temp = NamedTempFile::new_in(self.scratch())?;
        let mut file = tokio::fs::File::from_std(temp.reopen()?);
        while let Some(piece) =
            object.body.try_next().await.map_err(|error| OpenError::Unavailable(error.to_string()))?
        {
            file.write_all(&piece).await?;
        }
        file.flush().await?;
        Ok(temp)
    }

    /// Removes the least recently used folders beyond the budget; not those in use, nor the newest.
    async fn evict(&self) {
        let mut all: Vec<(ProjectId, Arc<Project>)> =
            lock(&self.0.projects).iter().map(|(id, project)| (*id, project.clone())).collect();
        all.sort_by_key(|(_, project)| project.used.load(Ordering::Relaxed));
        let mut used: u64 = all.iter().map(|(_, project)| project.bytes.load(Ordering::Relaxed)).sum();
        all.pop();
        for (id, project) in all {
            if used <= self.0.budget {
                return;
            }
            if remove(&project) {
                used = used.saturating_sub(project.bytes.swap(0, Ordering::Relaxed));
                let mut projects = lock(&self.0.projects);
                // The map's and this one: nobody is about to fill the place again.
                if Arc::strong_count(&project) == 2 {
                    projects.remove(&id);
                }
            }
        }
    }
}

/// Empties a place that nobody uses, with its folder.
fn remove(project: &Project) -> bool {
    let Ok(mut place) = project.place.try_lock() else { return false };
    match &*place {
        Place::Open(open) if Arc::strong_count(open) > 1 => return false,
        Place::Open(open) => open.superseded.store(true, Ordering::Relaxed),
        Place::Closed(dir) => drop(fs::remove_dir_all(dir)),
        Place::Empty => {}
    }
    *place = Place::Empty;
    true
}

/// What an earlier process left: the newest folder of each project.
fn found(dir: &Path) -> io::Result<HashMap<ProjectId, Arc<Project>>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)?.flatten() {
        let Some(project) = entry.file_name().to_str().and_then(|name| name.parse::<ProjectId>().ok()) else {
            continue;
        };
        let mut folders: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
        for folder in fs::read_dir(entry.path())?.flatten() {
            let saved = fs::metadata(folder.path().join(LINEAGE)).and_then(|file| file.modified());
            match saved {
                Ok(saved) => folders.push((saved, folder.path())),
                Err(_) => fs::remove_dir_all(folder.path())?,
            }
        }
        folders.sort();
        let newest = folders.pop();
        for (_, folder) in folders {
            fs::remove_dir_all(folder)?;
        }
        found.extend(newest.map(|(saved, folder)| (saved, project, folder)));
    }
    found.sort();
    let place = |(used, (_, project, folder)): (usize, (_, ProjectId, PathBuf))| {
        let bytes = AtomicU64::new(size(&folder));
        let place = AsyncMutex::new(Place::Closed(folder));
        (project, Arc::new(Project { place, used: AtomicU64::new(used as u64), bytes }))
    };
    Ok(found.into_iter().enumerate().map(place).collect())
}

/// Bytes of all files below a folder.
fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn unusable(error: IndexError) -> OpenError {
    match error {
        IndexError::Io { source, .. } => OpenError::Disk(source),
        other => OpenError::Unusable(other.to_string()),
    }
}

/// Runs what blocks on a thread of its own.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<io::Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panic) => Err(io::Error::other(panic).into()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use engunity_artifacts::S3Config;

    use super::*;

    fn cache(dir: &Path) -> IndexCache {
        let s3 = S3Config {
            endpoint: "http://127.0.0.1:9".into(),
            region: "none".into(),
            bucket: "none".into(),
            access_key: "a".into(),
            secret_key: "s".into(),
        };
        IndexCache::open(ObjectStore::new(s3).unwrap(), dir.to_owned(), 1 << 30).unwrap()
    }

    #[tokio::test]
    async fn a_folder_whose_index_is_gone_is_not_served_as_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let project = ProjectId::new();
        let open = cache(dir.path()).index(project, None).await.unwrap();
        open.index.apply([engunity_hybrid_index::FileChange::put("a.txt", None, "text")]).unwrap();
        open.became("bundle").unwrap();
        let folder = open.folder();
        drop(open);
        let kept = cache(dir.path()).index(project, Some("bundle")).await;
        assert!(kept.is_ok(), "{:?}", kept.err());
        drop(kept);
        fs::remove_dir_all(folder).unwrap();
        let lost = cache(dir.path()).index(project, Some("bundle")).await;
        assert!(matches!(lost, Err(OpenError::Unavailable(_))), "it is fetched again");
    }
}
