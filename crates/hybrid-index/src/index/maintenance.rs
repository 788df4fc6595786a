//! Work for the background: fewer segments, fewer files of vectors, a graph where there are many vectors, no leftovers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Live, Manifest, ProjectIndex, SegmentRef, Snapshot};
use crate::{
    error::IndexError,
    segment::{self, Input, Key, Prepared, Segment},
    vectors::{Graph, VectorSet},
};

/// So many segments of one size become one.
const SEGMENTS_OF_A_SIZE: usize = 6;
/// Sizes are compared in powers of this.
const GROWTH: u64 = 8;
/// All smaller segments are of one size. Bytes.
const SMALLEST: u64 = 256 * 1024;
/// A segment with a larger share of dead files is written anew.
const DEAD_SHARE: f64 = 0.3;
/// So many files of vectors become one.
const VECTOR_FILES: usize = 8;
/// A graph that knows a smaller share of the vectors is built anew.
const GRAPH_SHARE: f64 = 0.7;

pub fn run(index: &ProjectIndex) -> Result<bool, IndexError> {
    let merged = merge_segments(index)?;
    let joined = join_vectors(index)?;
    let built = build_graph(index)?;
    // Also where nothing was merged: a change drops segments whose files are all replaced.
    let _writing = index.write()?;
    index.folder.sweep(&index.snapshot().manifest);
    Ok(merged || joined || built)
}

fn merge_segments(index: &ProjectIndex) -> Result<bool, IndexError> {
    let before = index.snapshot();
    let chosen = choose(&before, index.settings.segment_bytes);
    if chosen.is_empty() {
        return Ok(false);
    }
    let sources: Vec<&Live> = chosen.iter().map(|at| &before.segments[*at]).collect();
    let inputs = sources.iter().flat_map(|live| live.files().map(|(file, _)| input(live, file))).collect();
    let object = index.folder.add(|out| segment::build(inputs, out))?;
    let merged = Arc::new(Segment::open(&index.folder.object(&object))?);
    replace(index, &sources, SegmentRef { object, dead: Vec::new() }, &merged)?;
    Ok(true)
}

fn live_bytes(live: &Live) -> u64 {
    live.files().map(|(_, entry)| u64::from(entry.len)).sum()
}

/// The segments that are worth merging.
fn choose(snapshot: &Snapshot, most: u64) -> Vec<usize> {
    let mut by_size: HashMap<u32, Vec<usize>> = HashMap::new();
    for (at, live) in snapshot.segments.iter().enumerate() {
        let dead = live.alive.iter().filter(|alive| !**alive).count();
        if dead as f64 > DEAD_SHARE * live.alive.len() as f64 {
            return vec![at];
        }
        let bytes = live_bytes(live);
        if bytes < most / 2 {
            by_size.entry((bytes / SMALLEST).max(1).ilog(GROWTH)).or_default().push(at);
        }
    }
    let mut sizes: Vec<_> = by_size.into_iter().filter(|(_, all)| all.len() >= SEGMENTS_OF_A_SIZE).collect();
    sizes.sort();
    let Some((_, mut chosen)) = sizes.into_iter().next() else { return Vec::new() };
    let mut bytes = 0;
    chosen.retain(|at| {
        bytes += live_bytes(&snapshot.segments[*at]);
        bytes <= most
    });
    chosen
}

fn input(live: &Live, file: u32) -> Input {
    let entry = &live.segment.tables.files[file as usize];
    Input {
        path: entry.path.clone(),
        hash: entry.hash.clone(),
        language: entry.language.clone(),
        content: Prepared { extent: entry.extent.clone(), text: live.segment.content(file).to_vec() },
    }
}

/// Puts `merged` in the place of its sources; what died in them meanwhile is dead in it.
fn replace(
    index: &ProjectIndex,
    sources: &[&Live],
    mut entry: SegmentRef,
    merged: &Arc<Segment>,
) -> Result<(), IndexError> {
    let _writing = index.write()?;
    let now = index.snapshot();
    let is_source = |live: &Live| sources.iter().any(|source| Arc::ptr_eq(&source.segment, &live.segment));
    let still: Vec<&Live> = now.segments.iter().filter(|live| is_source(live)).collect();
    let is_alive = |path: &str| still.iter().any(|live| live.find(path).is_some());
    let files = merged.tables.files.iter().enumerate();
    entry.dead = files.filter(|(_, file)| !is_alive(&file.path)).map(|(at, _)| at as u32).collect();
    let mut manifest = Manifest { segments: vec![entry], ..now.manifest.clone() };
    let mut segments = vec![merged.clone()];
    for (live, entry) in now.segments.iter().zip(&now.manifest.segments).filter(|(live, _)| !is_source(live))
    {
        segments.push(live.segment.clone());
        manifest.segments.push(entry.clone());
    }
    index.commit(manifest, segments, now.vectors.clone())
}

fn join_vectors(index: &ProjectIndex) -> Result<bool, IndexError> {
    let before = index.snapshot();
    if before.manifest.vectors.len() < VECTOR_FILES {
        return Ok(false);
    }
    let units = before
        .segments
        .iter()
        .flat_map(|live| live.segment.tables.units.iter().filter(|unit| live.alive[unit.file as usize]));
    let wanted: HashSet<Key> = units.flat_map(|unit| [unit.body, unit.signature]).collect();
    let object = index.folder.add(|out| before.vectors.write_kept(|key| wanted.contains(&key), out))?;
    set_vectors(index, |manifest| {
        manifest.vectors = vec![object];
        // Its rows are numbered anew.
        manifest.graph = None;
    })?;
    Ok(true)
}

/// Only the holder of `background` changes the vectors, so nothing is lost between.
fn set_vectors(index: &ProjectIndex, change: impl FnOnce(&mut Manifest)) -> Result<(), IndexError> {
    let _writing = index.write()?;
    let now = index.snapshot();
    let mut manifest = now.manifest.clone();
    change(&mut manifest);
    let vectors = Arc::new(VectorSet::open(&manifest, &index.folder, &now.vectors)?);
    let segments = now.segments.iter().map(|live| live.segment.clone()).collect();
    index.commit(manifest, segments, vectors)
}

fn build_graph(index: &ProjectIndex) -> Result<bool, IndexError> {
    let vectors = index.snapshot().vectors.clone();
    let known = vectors.graph().map_or(0, Graph::rows);
    if vectors.len() < index.settings.graph_from || known as f64 >= GRAPH_SHARE * vectors.len() as f64 {
        return Ok(false);
    }
    let graph = Graph::build(&vectors);
    let object = index.folder.add(|out| graph.write(out))?;
    set_vectors(index, |manifest| manifest.graph = Some(object))?;
    Ok(true)
}
