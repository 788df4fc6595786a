//! Newer files as a segment in memory, made once for as long as they stay the same.

use std::sync::{Arc, Mutex, PoisonError};

use tantivy::directory::OwnedBytes;

use crate::{
    change::FileHash,
    error::IndexError,
    query::Overlay,
    segment::{self, Input, Segment},
    settings::Settings,
};

/// Overlays that are kept: one for each of a few people.
const KEPT: usize = 4;

#[derive(Default)]
pub struct OverlayCache {
    recent: Mutex<Vec<(Overlay, Arc<Segment>)>>,
}

impl OverlayCache {
    pub fn segment(&self, overlay: &Overlay, settings: &Settings) -> Result<Arc<Segment>, IndexError> {
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, segment)) = recent().iter().find(|(known, _)| known == overlay) {
            return Ok(segment.clone());
        }
        let segment = Arc::new(build(overlay, settings)?);
        let mut recent = recent();
        recent.insert(0, (overlay.clone(), segment.clone()));
        recent.truncate(KEPT);
        Ok(segment)
    }
}

fn build(overlay: &Overlay, settings: &Settings) -> Result<Segment, IndexError> {
    let mut inputs: Vec<Input> = Vec::new();
    for file in &overlay.files {
        // The last one of a path counts.
        inputs.retain(|input| input.path != file.path);
        if let Some(text) = &file.text {
            inputs.push(Input {
                path: file.path.clone(),
                hash: FileHash::of(text.as_bytes()),
                language: file.language.clone(),
                content: segment::prepare(&file.path, text.clone().into_bytes(), settings),
            });
        }
    }
    let mut bytes = Vec::new();
    segment::build(inputs, &mut bytes)?;
    Segment::of(OwnedBytes::new(bytes))
}
