//! One committed state of an index, as searches see it. Immutable.

use std::{collections::HashSet, sync::Arc};

use super::{folder::Folder, manifest::Manifest};
use crate::{
    answer::{Coverage, SkippedFile},
    embed::EmbedProgress,
    error::IndexError,
    segment::{FileEntry, Key, Segment},
    skip::Extent,
    vectors::VectorSet,
};

/// Stands for "no vector" among the rows of vectors.
pub const NO_ROW: u32 = u32::MAX;

pub struct Snapshot {
    pub manifest: Manifest,
    pub segments: Vec<Live>,
    pub vectors: Arc<VectorSet>,
    pub coverage: Coverage,
}

/// A segment, which of its files are alive, and which vectors its units have.
#[derive(Clone)]
pub struct Live {
    pub segment: Arc<Segment>,
    pub alive: Arc<Vec<bool>>,
    pub rows: Arc<Rows>,
}

/// The row of each unit among the vectors, or [`NO_ROW`].
#[derive(Debug, Default)]
pub struct Rows {
    pub body: Vec<u32>,
    pub signature: Vec<u32>,
}

impl Live {
    pub fn new(segment: Arc<Segment>, dead: &[u32], vectors: &VectorSet) -> Self {
        let mut alive = vec![true; segment.tables.files.len()];
        for file in dead {
            if let Some(alive) = alive.get_mut(*file as usize) {
                *alive = false;
            }
        }
        let units = segment.tables.units.iter();
        let rows = Rows {
            body: units.clone().map(|unit| vectors.row(unit.body)).collect(),
            signature: units.map(|unit| vectors.row(unit.signature)).collect(),
        };
        Self { segment, alive: Arc::new(alive), rows: Arc::new(rows) }
    }

    /// The files that are alive, with their numbers.
    pub fn files(&self) -> impl Iterator<Item = (u32, &FileEntry)> {
        let files = self.segment.tables.files.iter().enumerate();
        files.filter(|(at, _)| self.alive[*at]).map(|(at, entry)| (at as u32, entry))
    }

    /// The file at `path`, if it is alive.
    pub fn find(&self, path: &str) -> Option<u32> {
        self.segment.find(path).filter(|file| self.alive[*file as usize])
    }
}

impl Snapshot {
    pub fn empty() -> Self {
        Self::of(Manifest::empty(), Vec::new(), Arc::new(VectorSet::default()))
    }

    pub fn open(folder: &Folder, manifest: Manifest) -> Result<Self, IndexError> {
        let vectors = VectorSet::open(&manifest, folder)?;
        let segments: Result<Vec<_>, IndexError> = manifest
            .segments
            .iter()
            .map(|segment| Ok(Arc::new(Segment::open(&folder.object(&segment.object))?)))
            .collect();
        Ok(Self::of(manifest, segments?, Arc::new(vectors)))
    }

    /// `segments` are those of the manifest, in order.
    pub fn of(manifest: Manifest, segments: Vec<Arc<Segment>>, vectors: Arc<VectorSet>) -> Self {
        let lives = segments.into_iter().zip(&manifest.segments);
        let segments = lives.map(|(segment, entry)| Live::new(segment, &entry.dead, &vectors)).collect();
        let mut snapshot = Self { manifest, segments, vectors, coverage: Coverage::default() };
        snapshot.coverage = coverage(&snapshot.segments, &snapshot.vectors);
        snapshot
    }

    pub fn embedding(&self) -> EmbedProgress {
        EmbedProgress { done: self.coverage.embedded, total: self.coverage.chunks }
    }

    pub fn skipped(&self) -> Vec<SkippedFile> {
        let files = self.segments.iter().flat_map(Live::files);
        let mut skipped: Vec<_> = files.filter_map(|(_, entry)| skipped(entry)).collect();
        skipped.sort_by(|a, b| a.path.cmp(&b.path));
        skipped
    }
}

fn skipped(entry: &FileEntry) -> Option<SkippedFile> {
    let (why, searched_by_text) = match &entry.extent {
        Extent::Full => return None,
        Extent::TextOnly(why) => (why, true),
        Extent::PathOnly(why) => (why, false),
    };
    Some(SkippedFile { path: entry.path.clone(), why: why.clone(), searched_by_text })
}

/// What all live files together are covered by.
pub fn coverage(segments: &[Live], vectors: &VectorSet) -> Coverage {
    let mut coverage = Coverage::default();
    let mut keys = HashSet::new();
    for live in segments {
        for (_, entry) in live.files() {
            coverage.files += 1;
            coverage.skipped += usize::from(entry.extent != Extent::Full);
            coverage.indexed += usize::from(!matches!(entry.extent, Extent::PathOnly(_)));
        }
        let units = live.segment.tables.units.iter().filter(|unit| live.alive[unit.file as usize]);
        keys.extend(units.flat_map(|unit| [unit.body, unit.signature]).filter(|key| *key != Key::NONE));
    }
    coverage.chunks = keys.len();
    coverage.embedded = keys.iter().filter(|key| vectors.has(**key)).count();
    coverage
}
