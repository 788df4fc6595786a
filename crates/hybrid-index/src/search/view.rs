//! A state of the index with newer files on top.

use std::sync::Arc;

use super::overlay::OverlayCache;
use crate::{
    answer::Coverage,
    error::IndexError,
    index::{Live, Snapshot, coverage},
    query::Overlay,
    segment::FileEntry,
    settings::Settings,
    vectors::VectorSet,
};

/// Segments to search; the overlay's files are the last one, and hide the files that they replace.
pub struct View {
    pub lives: Vec<Live>,
    pub vectors: Arc<VectorSet>,
    pub coverage: Coverage,
    pub model: Option<crate::embed::ModelId>,
}

impl View {
    pub fn of(
        snapshot: &Snapshot,
        overlays: &OverlayCache,
        settings: &Settings,
        overlay: &Overlay,
    ) -> Result<Self, IndexError> {
        let mut view = Self {
            lives: snapshot.segments.clone(),
            vectors: snapshot.vectors.clone(),
            coverage: snapshot.coverage.clone(),
            model: snapshot.manifest.model.clone(),
        };
        if !overlay.is_empty() {
            view.hide(overlay);
            let segment = overlays.segment(overlay, settings)?;
            view.lives.push(Live::new(segment, &view.vectors));
            view.coverage = coverage(&view.lives);
        }
        Ok(view)
    }

    fn hide(&mut self, overlay: &Overlay) {
        for live in &mut self.lives {
            let hidden = overlay.files.iter().filter_map(|file| live.find(&file.path));
            let hidden: Vec<u32> = hidden.collect();
            if !hidden.is_empty() {
                let alive = Arc::make_mut(&mut live.alive);
                hidden.iter().for_each(|file| alive[*file as usize] = false);
            }
        }
    }

    /// Every live file: segment, number, entry.
    pub fn files(&self) -> impl Iterator<Item = (usize, u32, &FileEntry)> {
        let lives = self.lives.iter().enumerate();
        lives.flat_map(|(at, live)| live.files().map(move |(file, entry)| (at, file, entry)))
    }

    pub fn content(&self, segment: usize, file: u32) -> &[u8] {
        self.lives[segment].segment.content(file)
    }
}
