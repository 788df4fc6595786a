//! Which names of an archive may become paths, and which may stand beside each other. Pure.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use engunity_protocol::path::{PathError, ProjectPath};

use super::ArchiveError;

/// The path that a name means; `None` for the root itself (`./`).
pub fn path(name: &[u8]) -> Result<Option<ProjectPath>, ArchiveError> {
    let text = std::str::from_utf8(name).map_err(|_| ArchiveError::entry(name, "the name is not UTF-8"))?;
    if text.trim_end_matches('/') == "." {
        return Ok(None);
    }
    match ProjectPath::parse(text) {
        Ok(path) => Ok(Some(path)),
        Err(error @ PathError::Empty) if text.is_empty() => Err(ArchiveError::entry(b"(no name)", error)),
        Err(error) => Err(ArchiveError::entry(name, error)),
    }
}

/// What was seen so far, by lower-case path: on many file systems two names that differ by case are one.
#[derive(Default)]
pub struct Guard {
    seen: HashMap<String, Seen>,
}

struct Seen {
    path: String,
    folder: bool,
    /// Named by an entry, not only by what lies in it.
    named: bool,
}

impl Guard {
    /// Whether the entry is new; refuses what would overwrite or be mistaken for something else.
    pub fn admit(&mut self, path: &ProjectPath, folder: bool) -> Result<bool, ArchiveError> {
        let text = path.as_str();
        for (end, _) in text.match_indices('/') {
            self.note(&text[..end], true, false, text)?;
        }
        self.note(text, folder, true, text)
    }

    fn note(&mut self, path: &str, folder: bool, named: bool, entry: &str) -> Result<bool, ArchiveError> {
        let refuse = |why: String| Err(ArchiveError::entry(entry.as_bytes(), why));
        match self.seen.entry(path.to_lowercase()) {
            Entry::Vacant(place) => {
                place.insert(Seen { path: path.to_owned(), folder, named });
                Ok(true)
            }
            Entry::Occupied(other) if other.get().path != path => {
                refuse(format!("{path:?} differs only by case from {:?}", other.get().path))
            }
            Entry::Occupied(other) if other.get().folder != folder => {
                refuse(format!("{path:?} is both a file and a folder"))
            }
            Entry::Occupied(_) if !folder => refuse("it is there twice".to_owned()),
            Entry::Occupied(mut other) => Ok(named && !std::mem::replace(&mut other.get_mut().named, named)),
        }
    }
}
