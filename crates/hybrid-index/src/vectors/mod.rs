//! Vectors of texts: found by the text's key, compared with a query's vector. Two bytes for each number: the first one is
//! enough to find the nearest, the second one to order them.

mod file;
mod graph;
mod quantised;

use std::{collections::HashMap, io::Write, sync::Arc};

use crate::{
    error::IndexError,
    index::{Folder, Manifest},
    segment::Key,
};

pub use file::VectorFile;
pub use graph::Graph;
pub use quantised::Quantised;

/// Raise it when the layout of a file of vectors or a graph changes.
pub const VERSION: u32 = 1;
/// The nearest by the first bytes that are compared again by both.
const RESCORED: usize = 200;
/// Rows that tell the mean and spread of all where a graph finds the nearest.
const SAMPLE: usize = 4_096;

/// All vectors of an index. A row is a vector's number through all files.
#[derive(Default)]
pub struct VectorSet {
    pub files: Vec<VectorFile>,
    rows: HashMap<Key, u32>,
    /// With the name of its object.
    graph: Option<(String, Arc<Graph>)>,
}

impl VectorSet {
    /// The vectors of `manifest`. A graph that `before` has read is not read again.
    pub fn open(manifest: &Manifest, folder: &Folder, before: &Self) -> Result<Self, IndexError> {
        let files: Result<Vec<_>, _> =
            manifest.vectors.iter().map(|object| VectorFile::open(&folder.object(object))).collect();
        let mut set = Self { files: files?, rows: HashMap::new(), graph: None };
        if set.files.iter().any(|file| file.dimensions != set.files[0].dimensions) {
            return Err(IndexError::Corrupt("its vectors have different lengths".into()));
        }
        let keys: Vec<Key> = set.files.iter().flat_map(VectorFile::keys).collect();
        set.rows = keys.into_iter().enumerate().map(|(row, key)| (key, row as u32)).collect();
        if let Some(object) = &manifest.graph {
            let known = before.graph.as_ref().filter(|(name, _)| *name == object.hash);
            set.graph = Some(match known {
                Some(known) => known.clone(),
                None => (object.hash.clone(), Arc::new(Graph::open(&folder.object(object), set.len())?)),
            });
        }
        Ok(set)
    }

    pub fn len(&self) -> usize {
        self.files.iter().map(|file| file.rows).sum()
    }

    pub fn dimensions(&self) -> Option<usize> {
        self.files.first().map(|file| file.dimensions)
    }

    pub fn graph(&self) -> Option<&Graph> {
        self.graph.as_ref().map(|(_, graph)| graph.as_ref())
    }

    pub fn has(&self, key: Key) -> bool {
        self.rows.contains_key(&key)
    }

    pub fn row(&self, key: Key) -> u32 {
        self.rows.get(&key).copied().unwrap_or(crate::index::NO_ROW)
    }

    fn place(&self, row: usize) -> Option<(&VectorFile, usize)> {
        let mut at = row;
        for file in &self.files {
            if at < file.rows {
                return Some((file, at));
            }
            at -= file.rows;
        }
        None
    }

    /// The vector at `row`, as numbers.
    pub fn vector(&self, row: usize) -> Option<Vec<f32>> {
        self.place(row).map(|(file, at)| file.vector(at))
    }

    /// The cosine of `query`, which is normalised, with a row, to full precision.
    pub fn similarity(&self, query: &[f32], row: usize) -> Option<f32> {
        self.place(row).map(|(file, at)| dot(query, &file.vector(at)))
    }

    /// The cosine of `query` with the rows, the nearest ones to full precision. Where there is a graph, only its nearest
    /// ones, an even sample and what is newer than it are known; the others are NaN. `None`: the query has another length.
    pub fn similarities(&self, query: &[f32]) -> Option<Vec<f32>> {
        if self.dimensions() != Some(query.len()) {
            return None;
        }
        let query = normalised(query);
        let quantised = Quantised::of(&query);
        let known = self.graph().map_or(0, Graph::rows);
        let stride = (known / SAMPLE).max(1);
        let mut all = Vec::with_capacity(self.len());
        for file in &self.files {
            for row in 0..file.rows {
                let is_looked_at = all.len() >= known || all.len() % stride == 0;
                all.push(if is_looked_at { file.coarse(row, &quantised) } else { f32::NAN });
            }
        }
        if let Some(graph) = self.graph() {
            graph.nearest(&query, RESCORED).into_iter().for_each(|(row, near)| all[row as usize] = near);
        }
        for row in nearest(&all) {
            all[row] = self.similarity(&query, row).unwrap_or(all[row]);
        }
        Some(all)
    }

    /// Writes all vectors whose key is wanted as one file.
    pub fn write_kept(&self, is_wanted: impl Fn(Key) -> bool, out: &mut dyn Write) -> Result<(), IndexError> {
        let mut kept = Vec::new();
        for file in &self.files {
            let rows = file.keys().enumerate().filter(|(_, key)| is_wanted(*key));
            kept.extend(rows.map(|(at, key)| (key, file.quantised(at))));
        }
        file::write(&kept, self.dimensions().unwrap_or(0), out)
    }
}

/// The rows of the largest values, in no order.
fn nearest(all: &[f32]) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..all.len()).filter(|row| !all[*row].is_nan()).collect();
    if rows.len() > RESCORED {
        rows.select_nth_unstable_by(RESCORED, |a, b| all[*b].total_cmp(&all[*a]));
        rows.truncate(RESCORED);
    }
    rows
}

/// Writes new vectors as a file.
pub fn write(vectors: &[(Key, Vec<f32>)], dimensions: usize, out: &mut dyn Write) -> Result<(), IndexError> {
    let quantised: Vec<_> =
        vectors.iter().map(|(key, vector)| (*key, Quantised::of(&normalised(vector)))).collect();
    file::write(&quantised, dimensions, out)
}

pub fn normalised(vector: &[f32]) -> Vec<f32> {
    let length = dot(vector, vector).sqrt();
    match length.is_normal() {
        true => vector.iter().map(|value| value / length).collect(),
        false => vec![0.0; vector.len()],
    }
}

pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests;
