//! The changes of one call on their way into the index.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    folder::Folder,
    manifest::{Manifest, SegmentRef},
    snapshot::Snapshot,
};
use crate::{
    change::{Applied, Content, FileChange, FileHash},
    error::IndexError,
    segment::{self, Input, Prepared, Segment},
    settings::Settings,
};

/// Many tiny files are cut into segments as well.
const MAX_FILES: usize = 50_000;

pub struct Batch<'a> {
    folder: &'a Folder,
    settings: &'a Settings,
    segments: Vec<Arc<Segment>>,
    entries: Vec<SegmentRef>,
    dead: Vec<Vec<bool>>,
    pending: BTreeMap<String, Input>,
    pending_bytes: u64,
    pub applied: Applied,
}

impl<'a> Batch<'a> {
    pub fn new(folder: &'a Folder, settings: &'a Settings, snapshot: &Snapshot) -> Self {
        let dead = snapshot.segments.iter().map(|live| live.alive.iter().map(|alive| !alive).collect());
        Self {
            folder,
            settings,
            segments: snapshot.segments.iter().map(|live| live.segment.clone()).collect(),
            entries: snapshot.manifest.segments.clone(),
            dead: dead.collect(),
            pending: BTreeMap::new(),
            pending_bytes: 0,
            applied: Applied::default(),
        }
    }

    pub fn take(&mut self, change: FileChange) -> Result<(), IndexError> {
        match change {
            FileChange::Put { path, hash, .. } if self.hash_of(&path) == Some(&hash) => {
                self.applied.unchanged += 1;
                Ok(())
            }
            FileChange::Put { path, hash, language, content } => self.put(path, hash, language, content),
            FileChange::Remove { path } => {
                self.remove(&path);
                Ok(())
            }
        }
    }

    fn hash_of(&self, path: &str) -> Option<&FileHash> {
        if let Some(input) = self.pending.get(path) {
            return Some(&input.hash);
        }
        let (at, file) = self.find(path)?;
        Some(&self.segments[at].tables.files[file as usize].hash)
    }

    fn find(&self, path: &str) -> Option<(usize, u32)> {
        let segments = self.segments.iter().zip(&self.dead).enumerate().rev();
        let mut found = segments.filter_map(|(at, (segment, dead))| {
            segment.find(path).filter(|file| !dead[*file as usize]).map(|file| (at, file))
        });
        found.next()
    }

    fn put(
        &mut self,
        path: String,
        hash: FileHash,
        language: Option<String>,
        content: Content,
    ) -> Result<(), IndexError> {
        let prepared = match content {
            Content::TooLarge { bytes } => Prepared::path_only(segment::too_large(bytes, self.settings)),
            content => {
                let bytes = content.read().map_err(IndexError::io(&path))?;
                self.applied.bytes += bytes.len() as u64;
                segment::prepare(&path, bytes, self.settings)
            }
        };
        self.applied.put += 1;
        self.pending_bytes += prepared.text.len() as u64;
        self.pending.insert(path.clone(), Input { path, hash, language, content: prepared });
        if self.pending_bytes >= self.settings.segment_bytes || self.pending.len() >= MAX_FILES {
            self.flush()?;
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) {
        let was_pending = self.pending.remove(path).is_some();
        let found = self.find(path);
        if let Some((at, file)) = found {
            self.dead[at][file as usize] = true;
        }
        match was_pending || found.is_some() {
            true => self.applied.removed += 1,
            false => self.applied.unchanged += 1,
        }
    }

    /// Writes what is pending as a segment, and marks what it replaces.
    fn flush(&mut self) -> Result<(), IndexError> {
        let inputs: Vec<_> = std::mem::take(&mut self.pending).into_values().collect();
        self.pending_bytes = 0;
        if inputs.is_empty() {
            return Ok(());
        }
        for input in &inputs {
            if let Some((at, file)) = self.find(&input.path) {
                self.dead[at][file as usize] = true;
            }
        }
        let object = self.folder.add(|out| segment::build(inputs, out))?;
        let segment = Segment::open(&self.folder.object(&object))?;
        self.dead.push(vec![false; segment.tables.files.len()]);
        self.segments.push(Arc::new(segment));
        self.entries.push(SegmentRef { object, dead: Vec::new() });
        Ok(())
    }

    /// The manifest and segments after all changes.
    pub fn finish(mut self, before: &Manifest) -> Result<(Manifest, Vec<Arc<Segment>>, Applied), IndexError> {
        self.flush()?;
        let mut manifest = Manifest { segments: Vec::new(), ..before.clone() };
        let mut segments = Vec::new();
        for ((segment, mut entry), dead) in self.segments.into_iter().zip(self.entries).zip(self.dead) {
            if dead.iter().all(|dead| *dead) {
                continue;
            }
            entry.dead = (0..dead.len() as u32).filter(|file| dead[*file as usize]).collect();
            manifest.segments.push(entry);
            segments.push(segment);
        }
        Ok((manifest, segments, self.applied))
    }
}
