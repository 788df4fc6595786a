//! Which names of an archive become paths, and which may stand beside each other. Pure.

use std::collections::HashMap;

use engunity_protocol::path::{PathError, ProjectPath};

/// Why a name becomes no path.
#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The entry is left out.
    LeftOut(String),
    /// Honest programs make no such archive: all of it is refused.
    Hostile(String),
}

/// The path that a name means; `None` for the root itself (`./`).
pub fn path(name: &str) -> Result<Option<ProjectPath>, Unfit> {
    if name.split(['/', '\\']).any(|part| part == "..") {
        return Err(Unfit::Hostile(PathError::Traversal.to_string()));
    }
    let left_out = |error: PathError| Unfit::LeftOut(error.to_string());
    if name.is_empty() {
        return Err(left_out(PathError::Empty));
    }
    if name.starts_with('/') || has_drive(name) {
        return Err(left_out(PathError::Absolute));
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() {
        return Ok(None);
    }
    ProjectPath::parse(&parts.join("/")).map(Some).map_err(left_out)
}

/// `C:/…`, as some programs of Windows write it.
fn has_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

/// What macOS puts into archives beside the files.
pub fn is_metadata(path: &ProjectPath) -> bool {
    let name = path.name();
    let folder = path.as_str().split('/').any(|part| part == "__MACOSX");
    folder || name == ".DS_Store" || name.starts_with("._")
}

/// What has been seen so far, by path. Names that differ by case are two: the sandbox is Linux.
#[derive(Default)]
pub struct Tree {
    seen: HashMap<String, Slot>,
}

#[derive(Clone, Copy)]
enum Slot {
    Folder {
        /// By an entry, not only by what lies in it.
        named: bool,
    },
    /// With its place among the entries.
    File(usize),
    Link(usize),
}

/// What to do with an entry.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    New,
    /// It replaces the entry of that number: the last one counts, as in tar.
    Again(usize),
    /// A folder that is there.
    Known,
    Blocked(Unfit),
}

impl Tree {
    pub fn place(&self, path: &ProjectPath, folder: bool) -> Place {
        let text = path.as_str();
        for (end, _) in text.match_indices('/') {
            let above = &text[..end];
            match self.seen.get(above) {
                Some(Slot::File(_)) => {
                    return Place::Blocked(Unfit::LeftOut(format!("{above:?} is a file in this archive")));
                }
                Some(Slot::Link(_)) => {
                    return Place::Blocked(Unfit::Hostile(format!("it leads through the link {above:?}")));
                }
                Some(Slot::Folder { .. }) | None => {}
            }
        }
        match self.seen.get(text) {
            None | Some(Slot::Folder { named: false }) if folder => Place::New,
            Some(Slot::Folder { .. }) if folder => Place::Known,
            None => Place::New,
            Some(Slot::Folder { .. }) => {
                Place::Blocked(Unfit::LeftOut("it is a folder in this archive".into()))
            }
            Some(Slot::File(_) | Slot::Link(_)) if folder => {
                Place::Blocked(Unfit::LeftOut("it is a file in this archive".into()))
            }
            Some(Slot::File(number) | Slot::Link(number)) => Place::Again(*number),
        }
    }

    pub fn add_folder(&mut self, path: &ProjectPath) {
        self.add(path, Slot::Folder { named: true });
    }

    pub fn add_file(&mut self, path: &ProjectPath, number: usize, link: bool) {
        self.add(path, if link { Slot::Link(number) } else { Slot::File(number) });
    }

    /// The entry that a hard link shares its content with.
    pub fn file(&self, path: &ProjectPath) -> Option<usize> {
        match self.seen.get(path.as_str()) {
            Some(Slot::File(number) | Slot::Link(number)) => Some(*number),
            _ => None,
        }
    }

    fn add(&mut self, path: &ProjectPath, slot: Slot) {
        let text = path.as_str();
        for (end, _) in text.match_indices('/').rev() {
            if self.seen.contains_key(&text[..end]) {
                break;
            }
            self.seen.insert(text[..end].to_owned(), Slot::Folder { named: false });
        }
        self.seen.insert(text.to_owned(), slot);
    }
}
