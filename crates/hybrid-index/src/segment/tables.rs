//! What a segment knows of its files, units and symbols.

use serde::{Deserialize, Serialize};

use crate::{
    change::FileHash,
    error::IndexError,
    parse::{Symbol, Unit, UnitKind},
    skip::Extent,
    tokens,
};

/// More of a text does not reach a model of 256 tokens anyway. Bytes.
const MAX_BODY_BYTES: usize = 3_000;

/// Files are sorted by path; units and symbols by file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tables {
    pub files: Vec<FileEntry>,
    pub units: Vec<UnitEntry>,
    pub symbols: Vec<SymbolEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileEntry {
    pub path: String,
    pub hash: FileHash,
    pub language: Option<String>,
    pub extent: Extent,
    pub is_test: bool,
    pub start: u64,
    pub len: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnitEntry {
    pub file: u32,
    /// Its symbol is an index into the segment's symbols.
    pub unit: Unit,
    pub body: Key,
    pub signature: Key,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SymbolEntry {
    pub file: u32,
    pub symbol: Symbol,
}

/// Stands for a text that may have a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(pub u64, pub u64);

impl Key {
    /// Of what has no vector.
    pub const NONE: Self = Self(0, 0);

    pub fn of(text: &str) -> Self {
        let hash = blake3::hash(text.as_bytes());
        let word =
            |at: usize| hash.as_bytes()[at..at + 8].iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
        Self(word(0), word(8))
    }
}

impl Tables {
    /// Whether all numbers point somewhere.
    pub fn check(&self, content: u64) -> Result<(), IndexError> {
        let files = self.files.len() as u32;
        let is_sound = self.files.is_sorted_by(|a, b| a.path < b.path)
            && self.files.iter().all(|file| file.start.saturating_add(u64::from(file.len)) <= content)
            && self.symbols.iter().all(|symbol| symbol.file < files)
            && self.units.iter().all(|unit| unit.file < files && self.is_sound(unit));
        match is_sound {
            true => Ok(()),
            false => Err(IndexError::Corrupt("its tables contradict each other".into())),
        }
    }

    fn is_sound(&self, entry: &UnitEntry) -> bool {
        let unit = &entry.unit;
        let symbols = self.symbols.len();
        unit.start <= unit.text_end
            && unit.text_end <= unit.end
            && unit.end <= self.files[entry.file as usize].len
            && unit.symbol.is_none_or(|symbol| (symbol as usize) < symbols)
    }

    pub fn symbol_of(&self, unit: &Unit) -> Option<&Symbol> {
        unit.symbol.map(|at| &self.symbols[at as usize].symbol)
    }
}

/// The text of a unit that a model reads.
pub fn body_text(content: &[u8], unit: &Unit) -> String {
    let end = (unit.text_end as usize).min(unit.start as usize + MAX_BODY_BYTES);
    String::from_utf8_lossy(&content[unit.start as usize..end]).into_owned()
}

/// A function or type as a sentence: `parse url (text base) of http client in util urls`.
pub fn signature_text(path: &str, unit: &Unit, symbol: Option<&Symbol>) -> Option<String> {
    let symbol = symbol.filter(|_| unit.kind != UnitKind::Chunk)?;
    let mut text = tokens::as_words(&symbol.name);
    if !symbol.params.is_empty() {
        text = format!("{text} ({})", symbol.params);
    }
    if !symbol.scope.is_empty() {
        text = format!("{text} of {}", tokens::as_words(&symbol.scope));
    }
    Some(format!("{text} in {}", module_words(path)))
}

/// The file's folder and name as words, without its extension.
fn module_words(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let stem = name.split('.').find(|piece| !piece.is_empty()).unwrap_or(name);
    match parts.next() {
        Some(folder) => tokens::as_words(&format!("{folder} {stem}")),
        None => tokens::as_words(stem),
    }
}
