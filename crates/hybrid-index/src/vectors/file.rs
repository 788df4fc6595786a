//! A file of vectors: a mark, counts, keys, steps, all high bytes, all low bytes.

use std::{fs::File, io::Write, path::Path};

use tantivy::directory::OwnedBytes;

use super::quantised::{self, Quantised};
use crate::{error::IndexError, segment::Key};

const MARK: &[u8; 8] = b"EngVec01";
const HEAD: usize = 16;
/// Of a key and a step.
const ROW: usize = 16 + 4;

pub struct VectorFile {
    pub rows: usize,
    pub dimensions: usize,
    bytes: OwnedBytes,
}

pub fn write(vectors: &[(Key, Quantised)], dimensions: usize, out: &mut dyn Write) -> Result<(), IndexError> {
    let mut write = || {
        out.write_all(MARK)?;
        out.write_all(&(vectors.len() as u32).to_le_bytes())?;
        out.write_all(&(dimensions as u32).to_le_bytes())?;
        for (key, _) in vectors {
            out.write_all(&key.0.to_le_bytes())?;
            out.write_all(&key.1.to_le_bytes())?;
        }
        vectors.iter().try_for_each(|(_, vector)| out.write_all(&vector.step.to_le_bytes()))?;
        vectors.iter().try_for_each(|(_, vector)| out.write_all(&as_bytes(&vector.high)))?;
        vectors.iter().try_for_each(|(_, vector)| out.write_all(&as_bytes(&vector.low)))
    };
    write().map_err(IndexError::io("vectors"))
}

fn as_bytes(numbers: &[i8]) -> Vec<u8> {
    numbers.iter().map(|number| number.cast_unsigned()).collect()
}

impl VectorFile {
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let file = File::open(path).map_err(IndexError::io(path))?;
        // SAFETY: files of vectors are never changed once they have their name, only unlinked.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(IndexError::io(path))?;
        Self::of(OwnedBytes::new(map))
    }

    pub fn of(bytes: OwnedBytes) -> Result<Self, IndexError> {
        let corrupt = || IndexError::Corrupt("a file of vectors cannot be read".into());
        let head = bytes.as_slice().get(..HEAD).filter(|head| head.starts_with(MARK)).ok_or_else(corrupt)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (rows, dimensions) = (word(8) as usize, word(12) as usize);
        let length = dimensions.checked_mul(2).and_then(|size| rows.checked_mul(size + ROW));
        match length.and_then(|length| length.checked_add(HEAD)) == Some(bytes.len()) {
            true => Ok(Self { rows, dimensions, bytes }),
            false => Err(corrupt()),
        }
    }

    pub fn keys(&self) -> impl Iterator<Item = Key> {
        let keys = &self.bytes.as_slice()[HEAD..HEAD + 16 * self.rows];
        keys.as_chunks::<8>()
            .0
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[a, b]| Key(u64::from_le_bytes(*a), u64::from_le_bytes(*b)))
    }

    fn step(&self, row: usize) -> f32 {
        let at = HEAD + 16 * self.rows + 4 * row;
        let bytes = &self.bytes.as_slice()[at..at + 4];
        f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    /// The high (0) or low (1) bytes of a row.
    fn plane(&self, plane: usize, row: usize) -> &[u8] {
        let start = HEAD + ROW * self.rows + (plane * self.rows + row) * self.dimensions;
        &self.bytes.as_slice()[start..start + self.dimensions]
    }

    pub fn vector(&self, row: usize) -> Vec<f32> {
        let step = self.step(row);
        let values = self.plane(0, row).iter().zip(self.plane(1, row));
        values.map(|(high, low)| quantised::value(step, high.cast_signed(), low.cast_signed())).collect()
    }

    pub fn quantised(&self, row: usize) -> Quantised {
        let signed = |bytes: &[u8]| bytes.iter().map(|byte| byte.cast_signed()).collect();
        Quantised { step: self.step(row), high: signed(self.plane(0, row)), low: signed(self.plane(1, row)) }
    }

    /// The cosine of a row by its high bytes.
    pub fn coarse(&self, row: usize, query: &Quantised) -> f32 {
        quantised::dot(&query.high, signed(self.plane(0, row))) as f32 * query.step * self.step(row)
    }
}

fn signed(bytes: &[u8]) -> &[i8] {
    // SAFETY: the two types have the same layout, and every byte is a value of both.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast::<i8>(), bytes.len()) }
}
