//! One committed state of an index, as searches see it. Immutable.

use std::sync::Arc;

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
    /// All files of it are alive.
    pub fn new(segment: Arc<Segment>, vectors: &VectorSet) -> Self {
        Self { alive: alive(&segment, &[]), rows: rows_of(&segment, vectors), segment }
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
        let vectors = VectorSet::open(&manifest, folder, &VectorSet::default())?;
        let segments: Result<Vec<_>, IndexError> = manifest
            .segments
            .iter()
            .map(|segment| Ok(Arc::new(Segment::open(&folder.object(&segment.object))?)))
            .collect();
        Ok(Self::of(manifest, segments?, Arc::new(vectors)))
    }

    /// `segments` are those of the manifest, in order.
    pub fn of(manifest: Manifest, segments: Vec<Arc<Segment>>, vectors: Arc<VectorSet>) -> Self {
        Self::after(None, manifest, segments, vectors)
    }

    /// The same; what stays as it is in `before` is not looked up again.
    pub fn after(
        before: Option<&Self>,
        manifest: Manifest,
        segments: Vec<Arc<Segment>>,
        vectors: Arc<VectorSet>,
    ) -> Self {
        let before = before.filter(|before| Arc::ptr_eq(&before.vectors, &vectors));
        let live = |segment: Arc<Segment>, dead: &[u32]| {
            let known = before
                .and_then(|before| before.segments.iter().find(|live| Arc::ptr_eq(&live.segment, &segment)));
            let rows = known.map(|live| live.rows.clone());
            Live {
                alive: alive(&segment, dead),
                rows: rows.unwrap_or_else(|| rows_of(&segment, &vectors)),
                segment,
            }
        };
        let entries = segments.into_iter().zip(&manifest.segments);
        let segments: Vec<Live> = entries.map(|(segment, entry)| live(segment, &entry.dead)).collect();
        let coverage = coverage(&segments);
        Self { manifest, segments, vectors, coverage }
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

fn alive(segment: &Segment, dead: &[u32]) -> Arc<Vec<bool>> {
    let mut alive = vec![true; segment.tables.files.len()];
    for file in dead {
        if let Some(alive) = alive.get_mut(*file as usize) {
            *alive = false;
        }
    }
    Arc::new(alive)
}

fn rows_of(segment: &Segment, vectors: &VectorSet) -> Arc<Rows> {
    let units = segment.tables.units.iter();
    Arc::new(Rows {
        body: units.clone().map(|unit| vectors.row(unit.body)).collect(),
        signature: units.map(|unit| vectors.row(unit.signature)).collect(),
    })
}

/// What all live files together are covered by. A text that occurs twice counts twice.
pub fn coverage(segments: &[Live]) -> Coverage {
    let mut coverage = Coverage::default();
    for live in segments {
        for (_, entry) in live.files() {
            coverage.files += 1;
            coverage.skipped += usize::from(entry.extent != Extent::Full);
            coverage.indexed += usize::from(!matches!(entry.extent, Extent::PathOnly(_)));
        }
        for (at, unit) in live.segment.tables.units.iter().enumerate() {
            if live.alive[unit.file as usize] {
                for (key, row) in [(unit.body, live.rows.body[at]), (unit.signature, live.rows.signature[at])]
                {
                    coverage.chunks += usize::from(key != Key::NONE);
                    coverage.embedded += usize::from(row != NO_ROW);
                }
            }
        }
    }
    coverage
}
