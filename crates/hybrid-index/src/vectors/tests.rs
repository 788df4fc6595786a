//! Vectors keep their order through two bytes a number.

use proptest::prelude::*;
use tantivy::directory::OwnedBytes;

use super::*;

fn file(vectors: &[(Key, Vec<f32>)]) -> VectorFile {
    let mut bytes = Vec::new();
    write(vectors, vectors[0].1.len(), &mut bytes).expect("written");
    VectorFile::of(OwnedBytes::new(bytes)).expect("opened")
}

fn set(files: Vec<VectorFile>) -> VectorSet {
    let keys: Vec<_> = files.iter().flat_map(VectorFile::keys).collect();
    let rows = keys.into_iter().enumerate().map(|(row, key)| (key, row as u32)).collect();
    VectorSet { files, rows, graph: None }
}

/// Vectors that look random and are the same each time.
fn vectors(count: usize, dimensions: usize) -> Vec<(Key, Vec<f32>)> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|at| (Key(at as u64 + 1, 7), (0..dimensions).map(|_| next()).collect())).collect()
}

#[test]
fn the_nearest_are_those_of_full_precision() {
    let all = vectors(600, 32);
    let set = set(vec![file(&all[..400]), file(&all[400..])]);
    let query = &all[17].1;
    let similarities = set.similarities(query).expect("similarities");
    let exact: Vec<f32> =
        all.iter().map(|(_, vector)| dot(&normalised(query), &normalised(vector))).collect();
    let order = |values: &[f32]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        order.truncate(20);
        order
    };
    assert_eq!(order(&similarities), order(&exact));
    assert_eq!(set.row(all[450].0), 450);
    assert!(set.similarities(&[1.0]).is_none());
}

#[test]
fn the_graph_finds_what_the_scan_finds() {
    let set = set(vec![file(&vectors(500, 16))]);
    let graph = Graph::build(&set);
    let query = normalised(&vectors(600, 16)[599].1);
    let mut scanned: Vec<(u32, f32)> = set
        .similarities(&query)
        .expect("similarities")
        .into_iter()
        .enumerate()
        .map(|(row, s)| (row as u32, s))
        .collect();
    scanned.sort_by(|a, b| b.1.total_cmp(&a.1));
    let near: Vec<u32> = graph.nearest(&query, 10).into_iter().map(|(row, _)| row).collect();
    let common = scanned[..10].iter().filter(|(row, _)| near.contains(row)).count();
    assert!(common >= 9, "{near:?} {:?}", &scanned[..10]);
}

proptest! {
    #[test]
    fn two_bytes_are_precise(vector in prop::collection::vec(-1.0f32..1.0, 1..50)) {
        let file = file(&[(Key(1, 1), vector.clone())]);
        for (stored, value) in file.vector(0).iter().zip(normalised(&vector)) {
            prop_assert!((stored - value).abs() < 1.0 / 30_000.0, "{} {}", stored, value);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(mut bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        bytes.splice(0..0, *b"EngVec01");
        if let Ok(file) = VectorFile::of(OwnedBytes::new(bytes)) {
            let _ = (file.keys().count(), (file.rows > 0).then(|| file.vector(0)));
        }
    }
}
