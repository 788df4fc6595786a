//! One project's index in one folder: states are immutable, a change makes a new one and replaces the manifest.

mod batch;
mod embedding;
mod folder;
mod maintenance;
mod manifest;
mod snapshot;

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Instant,
};

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Answer, SkippedFile},
    change::{Applied, FileChange, FileHash},
    embed::{EmbedBudget, EmbedProgress, Embedder, ModelId},
    error::IndexError,
    query::{Overlay, Query},
    search::{self, OverlayCache},
    segment::Segment,
    settings::Settings,
    vectors::VectorSet,
};

use batch::Batch;
pub use folder::Folder;
pub use manifest::{Manifest, Object, SegmentRef};
pub use snapshot::{Live, NO_ROW, Snapshot, coverage};

/// A project's index. All methods take `&self`: searches run beside each other and beside the one writer, each on the
/// state that was committed when it began. Methods block: call them from a thread of one's own.
pub struct ProjectIndex {
    folder: Folder,
    settings: Settings,
    current: RwLock<Arc<Snapshot>>,
    /// Held while a new state is made from the current one.
    writing: Mutex<()>,
    /// Held while segments or vectors are merged or a model works, which takes longer.
    background: Mutex<()>,
    overlays: OverlayCache,
    /// `None`: for searching only.
    lock: Option<File>,
}

/// What [`ProjectIndex::open`] found in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: the index is empty.
    New,
    Existing,
    /// Something that cannot be used; it was removed, the index is empty, and every file must be put again.
    Discarded {
        why: String,
    },
}

/// Figures about an index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    /// Files that the index was told of.
    pub files: usize,
    /// Functions, types and chunks that words can find.
    pub chunks: usize,
    /// Texts that have a vector, and all that should.
    pub embedding: EmbedProgress,
    pub segments: usize,
    /// Of the project's files.
    pub content_bytes: u64,
    /// Of the index on disk.
    pub disk_bytes: u64,
    /// Increases with each commit.
    pub generation: u64,
    pub model: Option<ModelId>,
}

impl ProjectIndex {
    /// Opens the index in `dir`, which is made when it is missing. One writer at a time: a second one gets
    /// [`IndexError::Locked`]. What is damaged or of another version is removed, see [`Opened::Discarded`].
    pub fn open(dir: impl AsRef<Path>, settings: Settings) -> Result<(Self, Opened), IndexError> {
        let folder = Folder::new(dir.as_ref());
        folder.create()?;
        let lock = folder.lock()?;
        let (snapshot, opened) = match Self::read(&folder) {
            Ok(Some(snapshot)) => (snapshot, Opened::Existing),
            Ok(None) => (Snapshot::empty(), Opened::New),
            Err(error @ (IndexError::Corrupt(_) | IndexError::Foreign(_) | IndexError::Lexical(_))) => {
                tracing::warn!(path = %dir.as_ref().display(), error.message = %error, "an index is discarded");
                folder.clear()?;
                (Snapshot::empty(), Opened::Discarded { why: error.to_string() })
            }
            Err(error) => return Err(error),
        };
        folder.sweep(&snapshot.manifest);
        Ok((Self::of(folder, settings, snapshot, Some(lock)), opened))
    }

    /// Opens the index in `dir` for searching only, in the state that it has now.
    pub fn open_read_only(dir: impl AsRef<Path>, settings: Settings) -> Result<Self, IndexError> {
        let folder = Folder::new(dir.as_ref());
        let snapshot = Self::read(&folder)?.unwrap_or_else(Snapshot::empty);
        Ok(Self::of(folder, settings, snapshot, None))
    }

    fn read(folder: &Folder) -> Result<Option<Snapshot>, IndexError> {
        folder.manifest()?.map(|manifest| Snapshot::open(folder, manifest)).transpose()
    }

    fn of(folder: Folder, settings: Settings, snapshot: Snapshot, lock: Option<File>) -> Self {
        Self {
            folder,
            settings,
            current: RwLock::new(Arc::new(snapshot)),
            writing: Mutex::default(),
            background: Mutex::default(),
            overlays: OverlayCache::default(),
            lock,
        }
    }

    /// Takes changed files into the index. Only files with a new path or hash are read. All changes of one call become
    /// visible at once, in lexical, symbol, text, regex and path search, when it returns; a crash before leaves the
    /// former state.
    pub fn apply(&self, changes: impl IntoIterator<Item = FileChange>) -> Result<Applied, IndexError> {
        let _writing = self.write()?;
        let before = self.snapshot();
        let mut batch = Batch::new(&self.folder, &self.settings, &before);
        for change in changes {
            batch.take(change)?;
        }
        let (manifest, segments, applied) = batch.finish(&before.manifest)?;
        if manifest != before.manifest {
            self.commit(manifest, segments, before.vectors.clone())?;
        }
        Ok(applied)
    }

    /// Adds vectors for texts that have none, the most important first: signatures, then bodies; bodies of tests never.
    /// Calls `progress` after each batch, whose vectors are kept from then on. Returns when all is done or the budget is
    /// used up. A text whose vector is known from earlier (same model, same text) costs nothing. Another model than
    /// before drops the vectors of the former one.
    pub fn embed_pending(
        &self,
        embedder: &dyn Embedder,
        budget: EmbedBudget,
        progress: &mut dyn FnMut(EmbedProgress),
    ) -> Result<EmbedProgress, IndexError> {
        let _background = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        embedding::run(self, embedder, budget, progress)
    }

    /// Merges small segments and builds the graph of vectors where there are many. For the background: searches and
    /// changes go on meanwhile. Returns whether something was done.
    pub fn maintain(&self) -> Result<bool, IndexError> {
        let _background = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        maintenance::run(self)
    }

    /// Answers `query` on the last committed state with `overlay` on top. Looks at `deadline` often; when it passes, the
    /// answer holds what was found and says `exact: false`.
    pub fn search(&self, query: &Query, overlay: &Overlay, deadline: Instant) -> Result<Answer, IndexError> {
        search::run(&self.snapshot(), &self.overlays, &self.settings, query, overlay, deadline)
    }

    pub fn state(&self) -> IndexState {
        let snapshot = self.snapshot();
        let files = snapshot.segments.iter().flat_map(Live::files);
        let units = snapshot
            .segments
            .iter()
            .flat_map(|live| live.segment.tables.units.iter().filter(|unit| live.alive[unit.file as usize]));
        IndexState {
            files: snapshot.coverage.files,
            chunks: units.count(),
            embedding: snapshot.embedding(),
            segments: snapshot.segments.len(),
            content_bytes: files.map(|(_, entry)| u64::from(entry.len)).sum(),
            disk_bytes: snapshot.manifest.objects().map(|object| object.bytes).sum(),
            generation: snapshot.manifest.generation,
            model: snapshot.manifest.model.clone(),
        }
    }

    /// Path and hash of every file that the index was told of, for a caller that compares with the project.
    pub fn files(&self) -> Vec<(String, FileHash)> {
        let snapshot = self.snapshot();
        let files = snapshot.segments.iter().flat_map(Live::files);
        files.map(|(_, entry)| (entry.path.clone(), entry.hash.clone())).collect()
    }

    /// Files that are left out, wholly or in part, and why; sorted by path.
    pub fn skipped(&self) -> Vec<SkippedFile> {
        self.snapshot().skipped()
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self) -> Result<MutexGuard<'_, ()>, IndexError> {
        match self.lock {
            Some(_) => Ok(self.writing.lock().unwrap_or_else(PoisonError::into_inner)),
            None => Err(IndexError::ReadOnly),
        }
    }

    /// Makes a new state the current one; the caller holds `writing`.
    fn commit(
        &self,
        mut manifest: Manifest,
        segments: Vec<Arc<Segment>>,
        vectors: Arc<VectorSet>,
    ) -> Result<(), IndexError> {
        manifest.generation += 1;
        self.folder.set_manifest(&manifest)?;
        let snapshot = Arc::new(Snapshot::after(Some(&self.snapshot()), manifest, segments, vectors));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(())
    }
}
