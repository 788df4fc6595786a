//! Gives texts their vectors, in the order of their importance, and keeps them as it goes.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Manifest, ProjectIndex, Snapshot};
use crate::{
    embed::{EmbedBudget, EmbedError, EmbedProgress, Embedder},
    error::IndexError,
    parse::UnitKind,
    segment::{Key, body_text, signature_text},
    vectors::{self, VectorSet},
};

/// Texts of one call to the model.
const CALL: usize = 64;
/// Texts after which vectors are kept at the latest, and the time after which.
const KEEP_AFTER: usize = 1_024;
const KEEP_EVERY: Duration = Duration::from_secs(5);

/// A text without a vector: where it is.
struct Pending {
    key: Key,
    segment: usize,
    unit: u32,
    is_signature: bool,
}

pub fn run(
    index: &ProjectIndex,
    embedder: &dyn Embedder,
    budget: EmbedBudget,
    progress: &mut dyn FnMut(EmbedProgress),
) -> Result<EmbedProgress, IndexError> {
    adopt_model(index, embedder)?;
    let snapshot = index.snapshot();
    let mut pending = pending(&snapshot);
    pending.truncate(budget.texts);
    let mut made: Vec<(Key, Vec<f32>)> = Vec::new();
    let mut kept = Instant::now();
    for call in pending.chunks(CALL) {
        if budget.until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        let texts: Vec<String> = call.iter().map(|pending| text(&snapshot, pending)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedded = embedder.embed(&texts).and_then(|vectors| check(vectors, texts.len(), embedder));
        match embedded {
            Ok(vectors) => made.extend(call.iter().map(|pending| pending.key).zip(vectors)),
            Err(error) => {
                keep(index, embedder, &mut made)?;
                return Err(error.into());
            }
        }
        if made.len() >= KEEP_AFTER || kept.elapsed() >= KEEP_EVERY {
            keep(index, embedder, &mut made)?;
            kept = Instant::now();
            progress(index.snapshot().embedding());
        }
    }
    keep(index, embedder, &mut made)?;
    let embedding = index.snapshot().embedding();
    progress(embedding);
    Ok(embedding)
}

fn check(vectors: Vec<Vec<f32>>, texts: usize, embedder: &dyn Embedder) -> Result<Vec<Vec<f32>>, EmbedError> {
    let is_sound = vectors.len() == texts
        && vectors.iter().flatten().all(|value| value.is_finite())
        && vectors.iter().all(|vector| vector.len() == embedder.dimensions());
    match is_sound {
        true => Ok(vectors),
        false => {
            Err(EmbedError(format!("{} answers what are no vectors of its texts", embedder.model().name)))
        }
    }
}

/// Vectors of another model are of no use.
fn adopt_model(index: &ProjectIndex, embedder: &dyn Embedder) -> Result<(), IndexError> {
    let _writing = index.write()?;
    let before = index.snapshot();
    if before.manifest.model.as_ref() == Some(embedder.model()) {
        return Ok(());
    }
    let manifest = Manifest {
        model: Some(embedder.model().clone()),
        vectors: Vec::new(),
        graph: None,
        ..before.manifest.clone()
    };
    index.commit(manifest, segments(&before), Arc::new(VectorSet::default()))
}

fn segments(snapshot: &Snapshot) -> Vec<Arc<crate::segment::Segment>> {
    snapshot.segments.iter().map(|live| live.segment.clone()).collect()
}

/// Every text that should have a vector and has none, once, the most important first.
fn pending(snapshot: &Snapshot) -> Vec<Pending> {
    let mut seen = HashSet::new();
    let mut found: Vec<(u8, Pending)> = Vec::new();
    for (segment, live) in snapshot.segments.iter().enumerate() {
        let tables = &live.segment.tables;
        for (unit, entry) in
            tables.units.iter().enumerate().filter(|(_, unit)| live.alive[unit.file as usize])
        {
            let is_test = tables.files[entry.file as usize].is_test;
            for (key, is_signature) in [(entry.signature, true), (entry.body, false)] {
                if key != Key::NONE && !snapshot.vectors.has(key) && seen.insert(key) {
                    let rank = importance(entry.unit.kind, is_test, is_signature);
                    found.push((rank, Pending { key, segment, unit: unit as u32, is_signature }));
                }
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, pending)| pending).collect()
}

fn importance(kind: UnitKind, is_test: bool, is_signature: bool) -> u8 {
    match (kind, is_test, is_signature) {
        (_, false, true) => 0,
        (_, true, true) => 1,
        (UnitKind::Function | UnitKind::Type, ..) => 2,
        (UnitKind::Chunk, false, _) => 3,
        (UnitKind::Chunk, true, _) => 4,
    }
}

fn text(snapshot: &Snapshot, pending: &Pending) -> String {
    let segment = &snapshot.segments[pending.segment].segment;
    let entry = &segment.tables.units[pending.unit as usize];
    if pending.is_signature {
        let path = &segment.tables.files[entry.file as usize].path;
        return signature_text(path, &entry.unit, segment.tables.symbol_of(&entry.unit)).unwrap_or_default();
    }
    body_text(segment.content(entry.file), &entry.unit)
}

/// Writes what was made and makes it visible.
fn keep(
    index: &ProjectIndex,
    embedder: &dyn Embedder,
    made: &mut Vec<(Key, Vec<f32>)>,
) -> Result<(), IndexError> {
    if made.is_empty() {
        return Ok(());
    }
    let object = index.folder.add(|out| vectors::write(made, embedder.dimensions(), out))?;
    made.clear();
    let _writing = index.write()?;
    let before = index.snapshot();
    let mut manifest = before.manifest.clone();
    manifest.vectors.push(object);
    let vectors = Arc::new(VectorSet::open(&manifest, &index.folder, &before.vectors)?);
    index.commit(manifest, segments(&before), vectors)
}
