//! A segment: some files of the project with everything that finds things in them, immutable, in one file that is mapped
//! into memory. It is the same on disk and, for unsaved buffers, in memory.

mod builder;
mod lexical;
mod pack;
mod tables;
mod trigrams;

use std::{fs::File, path::Path};

use tantivy::directory::OwnedBytes;

pub use builder::{Input, Prepared, build, prepare, too_large};
pub use lexical::{Boosts, Lexical, rank};
pub use tables::{FileEntry, Key, Tables, body_text, signature_text};
pub use trigrams::{Trigrams, fold};

use crate::error::IndexError;

/// Raise it when the layout of a segment changes.
pub const VERSION: u32 = 1;

pub struct Segment {
    pub tables: Tables,
    content: OwnedBytes,
    pub trigrams: Trigrams,
    /// `None`: no file of it has a unit.
    pub lexical: Option<Lexical>,
}

impl Segment {
    /// Maps the segment at `path`. A file that is no segment is an error; what a file's bytes should be is the
    /// manifest's matter.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let file = File::open(path).map_err(IndexError::io(path))?;
        // SAFETY: segments are never changed once they have their name, only unlinked, which keeps the mapping valid.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(IndexError::io(path))?;
        Self::of(OwnedBytes::new(map)).map_err(|error| match error {
            IndexError::Corrupt(why) => IndexError::Corrupt(format!("{}: {why}", path.display())),
            other => other,
        })
    }

    pub fn of(bytes: OwnedBytes) -> Result<Self, IndexError> {
        let sections = pack::open(bytes)?;
        let section = |name: &str| {
            sections.get(name).cloned().ok_or_else(|| IndexError::Corrupt(format!("it has no {name}")))
        };
        let tables: Tables = rmp_serde::from_slice(&section("tables")?)
            .map_err(|error| IndexError::Corrupt(format!("its tables cannot be read: {error}")))?;
        let content = section("content")?;
        tables.check(content.len() as u64)?;
        let lexical = match tables.units.is_empty() {
            true => None,
            false => Some(Lexical::open(&sections, tables.units.len())?),
        };
        let trigrams = Trigrams::open(section("trigrams")?)?;
        Ok(Self { tables, content, trigrams, lexical })
    }

    /// The text of a file, as it is searched: decoded when it was UTF-16, without a byte order mark. Empty when the
    /// index has only its path.
    pub fn content(&self, file: u32) -> &[u8] {
        let entry = &self.tables.files[file as usize];
        let start = entry.start as usize;
        &self.content.as_slice()[start..start + entry.len as usize]
    }

    /// The file at `path`.
    pub fn find(&self, path: &str) -> Option<u32> {
        self.tables.files.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok().map(|at| at as u32)
    }
}
