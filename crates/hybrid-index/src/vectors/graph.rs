//! A graph over many vectors (HNSW, instant-distance). It is built once, in the background, over the rows that there are;
//! later rows are scanned beside it.

use std::{
    fs::File,
    io::{BufReader, Write},
    path::Path,
};

use instant_distance::{Builder, Hnsw, Point, PointId, Search};
use serde::{Deserialize, Serialize};

use super::{VectorSet, dot};
use crate::error::IndexError;

/// Candidates that the build and a search look at.
const EF: usize = 200;

#[derive(Clone, Serialize, Deserialize)]
struct Vector(Vec<f32>);

impl Point for Vector {
    fn distance(&self, other: &Self) -> f32 {
        1.0 - dot(&self.0, &other.0)
    }
}

#[derive(Serialize, Deserialize)]
pub struct Graph {
    hnsw: Hnsw<Vector>,
    /// The row of each point.
    rows: Vec<u32>,
}

impl Graph {
    /// Over all rows of `vectors`.
    pub fn build(vectors: &VectorSet) -> Self {
        let points: Vec<_> = (0..vectors.len()).filter_map(|row| vectors.vector(row)).map(Vector).collect();
        let builder = Builder::default().ef_construction(EF).ef_search(EF).seed(1);
        let (hnsw, ids) = builder.build_hnsw(points);
        let mut rows = vec![0; ids.len()];
        for (row, id) in ids.into_iter().enumerate() {
            rows[id.into_inner() as usize] = row as u32;
        }
        Self { hnsw, rows }
    }

    /// How many rows, from the first one on, it knows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The nearest rows with their cosines, nearest first.
    pub fn nearest(&self, query: &[f32], count: usize) -> Vec<(u32, f32)> {
        let mut search = Search::default();
        let found = self.hnsw.search(&Vector(query.to_vec()), &mut search);
        found.take(count).map(|item| (self.rows[index(item.pid)], 1.0 - item.distance)).collect()
    }

    pub fn write(&self, out: &mut dyn Write) -> Result<(), IndexError> {
        rmp_serde::encode::write(&mut { out }, self).map_err(|error| IndexError::Corrupt(error.to_string()))
    }

    pub fn open(path: &Path, rows: usize) -> Result<Self, IndexError> {
        let file = File::open(path).map_err(IndexError::io(path))?;
        let graph: Self = rmp_serde::from_read(BufReader::new(file))
            .map_err(|error| IndexError::Corrupt(format!("the graph cannot be read: {error}")))?;
        match graph.rows.len() <= rows && graph.rows.iter().all(|row| (*row as usize) < graph.rows.len()) {
            true => Ok(graph),
            false => Err(IndexError::Corrupt("the graph is of other vectors".into())),
        }
    }
}

fn index(id: PointId) -> usize {
    id.into_inner() as usize
}
