//! Which files contain which three bytes in a row, ASCII letters in lower case. It narrows a search for text; the content
//! decides.

use std::collections::HashMap;

use tantivy::directory::OwnedBytes;

use crate::error::IndexError;

/// What is put in the index and looked for: other letters stay as they are, a query lists their cases itself.
pub fn fold(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

/// Sorted trigrams, the ends of their lists, and the lists: file numbers as differences in LEB128.
pub struct Trigrams {
    count: usize,
    bytes: OwnedBytes,
}

impl Trigrams {
    pub fn open(bytes: OwnedBytes) -> Result<Self, IndexError> {
        let corrupt = || IndexError::Corrupt("its trigrams cannot be read".into());
        let count = bytes.as_slice().first_chunk::<4>().map(|head| u32::from_le_bytes(*head) as usize);
        let count = count.ok_or_else(corrupt)?;
        let trigrams = Self { count, bytes };
        let lists = trigrams.lists().ok_or_else(corrupt)?;
        let last = if count == 0 { 0 } else { trigrams.end(count - 1) };
        if last == lists.len() { Ok(trigrams) } else { Err(corrupt()) }
    }

    fn word(&self, at: usize) -> u32 {
        let at = 4 + 4 * at;
        let bytes = self.bytes.as_slice().get(at..at + 4).and_then(|bytes| bytes.first_chunk::<4>());
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn end(&self, at: usize) -> usize {
        self.word(self.count + at) as usize
    }

    fn lists(&self) -> Option<&[u8]> {
        self.bytes.as_slice().get(4 + self.count.checked_mul(8)?..)
    }

    /// The files that contain a folded trigram, ascending.
    pub fn files(&self, trigram: [u8; 3]) -> Vec<u32> {
        let wanted = number(trigram);
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            if self.word(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        if low == self.count || self.word(low) != wanted {
            return Vec::new();
        }
        let start = if low == 0 { 0 } else { self.end(low - 1) };
        let list = self.lists().and_then(|lists| lists.get(start..self.end(low))).unwrap_or_default();
        decode(list)
    }

    #[cfg(test)]
    pub fn of(files: &[&[u8]]) -> Self {
        let mut builder = Builder::default();
        for (at, content) in files.iter().enumerate() {
            builder.add(at as u32, content);
        }
        Self::open(OwnedBytes::new(builder.finish())).expect("trigrams")
    }
}

fn number([a, b, c]: [u8; 3]) -> u32 {
    u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c)
}

fn decode(list: &[u8]) -> Vec<u32> {
    let mut files = Vec::new();
    let (mut file, mut value, mut shift) = (0u32, 0u32, 0);
    for byte in list {
        value |= u32::from(byte & 127) << shift;
        shift += 7;
        if byte & 128 == 0 {
            file = file.wrapping_add(value);
            files.push(file);
            (value, shift) = (0, 0);
        } else if shift > 28 {
            break;
        }
    }
    files
}

/// Collects trigrams of files that come in ascending order.
pub struct Builder {
    lists: HashMap<u32, List>,
    seen: Vec<u64>,
    found: Vec<u32>,
}

#[derive(Default)]
struct List {
    last: u32,
    bytes: Vec<u8>,
}

impl Default for Builder {
    fn default() -> Self {
        Self { lists: HashMap::new(), seen: vec![0; 1 << 18], found: Vec::new() }
    }
}

impl Builder {
    pub fn add(&mut self, file: u32, content: &[u8]) {
        self.collect(content);
        for trigram in &self.found {
            self.seen[(trigram >> 6) as usize] = 0;
            let list = self.lists.entry(*trigram).or_default();
            encode(file - list.last, &mut list.bytes);
            list.last = file;
        }
        self.found.clear();
    }

    /// The different trigrams of `content`.
    fn collect(&mut self, content: &[u8]) {
        let mut window = 0u32;
        for (at, byte) in content.iter().enumerate() {
            window = (window << 8 | u32::from(fold(*byte))) & 0xff_ffff;
            let (place, bit) = ((window >> 6) as usize, 1u64 << (window & 63));
            if at >= 2 && self.seen[place] & bit == 0 {
                self.seen[place] |= bit;
                self.found.push(window);
            }
        }
    }

    pub fn finish(self) -> Vec<u8> {
        let mut lists: Vec<_> = self.lists.into_iter().collect();
        lists.sort_unstable_by_key(|(trigram, _)| *trigram);
        let mut bytes = (lists.len() as u32).to_le_bytes().to_vec();
        bytes.extend(lists.iter().flat_map(|(trigram, _)| trigram.to_le_bytes()));
        let mut end = 0;
        for (_, list) in &lists {
            end += list.bytes.len() as u32;
            bytes.extend(end.to_le_bytes());
        }
        lists.iter().for_each(|(_, list)| bytes.extend(&list.bytes));
        bytes
    }
}

fn encode(mut value: u32, bytes: &mut Vec<u8>) {
    while value > 127 {
        bytes.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_trigram_names_the_files_that_have_it() {
        let trigrams = Trigrams::of(&[b"Hello", b"yellow", b"", b"hel", b"he"]);
        assert_eq!(trigrams.files(*b"hel"), [0, 3]);
        assert_eq!(trigrams.files(*b"ell"), [0, 1]);
        assert_eq!(trigrams.files(*b"xyz"), [0u32; 0]);
    }

    proptest! {
        #[test]
        fn every_trigram_is_found(files in prop::collection::vec(prop::collection::vec(0u8..8, 0..40), 0..300)) {
            let contents: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
            let trigrams = Trigrams::of(&contents);
            for trigram in [[0, 1, 2], [7, 7, 7], [3, 0, 3]] {
                let expected: Vec<u32> = (0..files.len() as u32)
                    .filter(|at| files[*at as usize].windows(3).any(|window| window == trigram))
                    .collect();
                prop_assert_eq!(trigrams.files(trigram), expected);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(trigrams) = Trigrams::open(OwnedBytes::new(bytes)) {
                trigrams.files([1, 2, 3]);
            }
        }
    }
}
