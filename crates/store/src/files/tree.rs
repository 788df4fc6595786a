//! A project's files and folders by path, as a change of many of them finds and leaves them: where things may go, and
//! how it goes on when something is there already. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engunity_protocol::{FileId, bulk::OnConflict, file::FileType, path::ProjectPath, problem::ErrorCode};

use crate::files::quota::ProjectQuota;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub id: FileId,
    pub kind: FileType,
    pub size: i64,
}

/// Why an item is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: ErrorCode,
    pub detail: String,
}

impl Refusal {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    pub fn not_found(path: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no {path}"))
    }

    fn taken(path: &str) -> Self {
        Self::new(ErrorCode::Conflict, format!("{path} exists already"))
    }
}

/// Where something goes, and what has to go from there first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub path: String,
    pub replaced: Option<FileId>,
}

#[derive(Debug)]
pub(crate) struct Tree {
    entries: BTreeMap<String, Entry>,
    bytes: i64,
    quota: ProjectQuota,
    /// What the change works on or has placed: it is never replaced.
    held: BTreeSet<String>,
    /// The last number that was tried behind a name.
    numbers: HashMap<String, u32>,
}

impl Tree {
    pub fn new(entries: BTreeMap<String, Entry>, quota: ProjectQuota) -> Self {
        let bytes = entries.values().map(|entry| entry.size).sum();
        Self { entries, bytes, quota, held: BTreeSet::new(), numbers: HashMap::new() }
    }

    pub fn get(&self, path: &str) -> Option<Entry> {
        self.entries.get(path).copied()
    }

    /// It and all that lies below it, outer ones first, each with the end of its path from `path` on.
    pub fn subtree(&self, path: &str) -> Vec<(String, Entry)> {
        let own = self.entries.get(path).map(|entry| (String::new(), *entry));
        let below = self.entries.range(format!("{path}/")..format!("{path}0"));
        let below = below.map(|(below, entry)| (below[path.len()..].to_owned(), *entry));
        own.into_iter().chain(below).collect()
    }

    /// Keeps `path` from being replaced.
    pub fn hold(&mut self, path: &str) {
        self.held.insert(path.to_owned());
    }

    /// Where something goes that wants to be at `wanted`.
    pub fn place(&mut self, wanted: &str, kind: FileType, on_conflict: OnConflict) -> Result<Place, Refusal> {
        let Some(there) = self.get(wanted) else {
            return Ok(Place { path: wanted.to_owned(), replaced: None });
        };
        match on_conflict {
            OnConflict::Fail => Err(Refusal::taken(wanted)),
            OnConflict::Rename => Ok(Place { path: self.numbered(wanted, kind), replaced: None }),
            OnConflict::Replace if self.is_held(wanted) => Err(Refusal::new(
                ErrorCode::Conflict,
                format!("{wanted} is or has something that this call works on"),
            )),
            OnConflict::Replace => Ok(Place { path: wanted.to_owned(), replaced: Some(there.id) }),
        }
    }

    fn is_held(&self, path: &str) -> bool {
        let mut below = self.held.range(format!("{path}/")..format!("{path}0"));
        self.held.contains(path) || below.next().is_some()
    }

    /// The first free one of `a (1).txt`, `a (2).txt`, …
    fn numbered(&mut self, wanted: &str, kind: FileType) -> String {
        let start = wanted.rfind('/').map_or(0, |slash| slash + 1);
        let dot = wanted[start..].rfind('.').filter(|dot| *dot > 0 && kind == FileType::File);
        let (stem, end) = wanted.split_at(dot.map_or(wanted.len(), |dot| start + dot));
        let number = self.numbers.entry(wanted.to_owned()).or_default();
        loop {
            *number += 1;
            let path = format!("{stem} ({number}){end}");
            if !self.entries.contains_key(&path) {
                return path;
            }
        }
    }

    /// Checks the paths that things get: those of their ends below `path`.
    pub fn check_paths<'a>(path: &str, mut ends: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
        ends.try_for_each(|end| ProjectPath::parse(&format!("{path}{end}")).map(drop))
            .map_err(|error| Refusal::new(ErrorCode::InvalidInput, error.to_string()))
    }

    /// Checks that so many more files and bytes fit, once what lies at `place` has gone if it is replaced.
    pub fn check_room(&self, place: &Place, files: usize, bytes: i64) -> Result<(), Refusal> {
        let gone = if place.replaced.is_some() { self.subtree(&place.path) } else { Vec::new() };
        let files = (self.entries.len() + files - gone.len()) as i64;
        let bytes = self.bytes + bytes - gone.iter().map(|(_, entry)| entry.size).sum::<i64>();
        let ProjectQuota { files: most_files, bytes: most_bytes } = self.quota;
        if self.quota.allows(files, bytes) {
            return Ok(());
        }
        let detail = format!(
            "a project may have {most_files} files and {most_bytes} bytes; this would make {files} and {bytes}"
        );
        Err(Refusal::new(ErrorCode::QuotaExceeded, detail))
    }

    /// Takes `path` and all below it away.
    pub fn remove(&mut self, path: &str) {
        for (end, entry) in self.subtree(path) {
            self.entries.remove(&format!("{path}{end}"));
            self.bytes -= entry.size;
        }
    }

    /// Adds what lies at `path` and below it, and holds it.
    pub fn insert(&mut self, path: &str, items: impl IntoIterator<Item = (String, Entry)>) {
        for (end, entry) in items {
            self.bytes += entry.size;
            self.entries.insert(format!("{path}{end}"), entry);
        }
        self.hold(path);
    }

    /// The folder that `path` lies in, and those above it that are missing, outermost first.
    pub fn folders_above(&self, path: &str) -> Result<(Option<FileId>, Vec<String>), Refusal> {
        let (mut parent, mut missing) = (None, Vec::new());
        for (end, _) in path.match_indices('/') {
            match self.get(&path[..end]) {
                Some(entry) if entry.kind == FileType::Folder => parent = Some(entry.id),
                Some(_) => {
                    let detail = format!("{} is a file, not a folder", &path[..end]);
                    return Err(Refusal::new(ErrorCode::Conflict, detail));
                }
                None => missing.push(path[..end].to_owned()),
            }
        }
        Ok((parent, missing))
    }
}

/// `name` in a folder; the empty one is the root.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Whether `path` is `folder` or lies below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub const QUOTA: ProjectQuota = ProjectQuota { files: 20, bytes: 100 };

    /// Names that end with a slash are folders, files have ten bytes.
    pub fn tree(paths: &[&str]) -> Tree {
        let entry = |path: &&str| {
            let (path, kind, size) = match path.strip_suffix('/') {
                Some(folder) => (folder, FileType::Folder, 0),
                None => (*path, FileType::File, 10),
            };
            (path.to_owned(), Entry { id: FileId::new(), kind, size })
        };
        Tree::new(paths.iter().map(entry).collect(), QUOTA)
    }

    #[test]
    fn a_taken_name_gets_the_first_free_number() {
        let mut tree = tree(&["a.txt", "a (1).txt", "d.x/", "d.x/.env", "d.x/b"]);
        let mut named = |path: &str, kind| tree.place(path, kind, OnConflict::Rename).unwrap().path;
        assert_eq!(named("a.txt", FileType::File), "a (2).txt");
        assert_eq!(named("d.x", FileType::Folder), "d.x (1)");
        assert_eq!(named("d.x/.env", FileType::File), "d.x/.env (1)");
        assert_eq!(named("d.x/b", FileType::File), "d.x/b (1)");
        assert_eq!(named("free", FileType::File), "free");
    }

    #[test]
    fn what_the_change_works_on_is_not_replaced() {
        let mut tree = tree(&["a/", "a/b", "a-c", "d"]);
        tree.hold("a/b");
        let mut replaces =
            |path: &str| tree.place(path, FileType::File, OnConflict::Replace).map(|p| p.replaced.is_some());
        assert_eq!(replaces("a").unwrap_err().code, ErrorCode::Conflict);
        assert_eq!(replaces("a/b").unwrap_err().code, ErrorCode::Conflict);
        assert_eq!((replaces("d"), replaces("a-c"), replaces("new")), (Ok(true), Ok(true), Ok(false)));
    }

    #[test]
    fn a_subtree_is_exactly_what_lies_below() {
        let mut tree = tree(&["a/", "a/b/", "a/b/c", "a-b", "a.b", "a0", "aa"]);
        let ends: Vec<String> = tree.subtree("a").into_iter().map(|(end, _)| end).collect();
        assert_eq!(ends, ["", "/b", "/b/c"]);
        tree.remove("a");
        assert!(tree.get("a/b/c").is_none() && tree.get("a-b").is_some() && tree.get("a0").is_some());
        assert_eq!(tree.bytes, 40);
    }

    #[test]
    fn what_is_replaced_makes_room() {
        let mut tree = tree(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
        let free = tree.place("new", FileType::File, OnConflict::Fail).unwrap();
        assert_eq!(tree.check_room(&free, 1, 1).unwrap_err().code, ErrorCode::QuotaExceeded);
        let over = tree.place("a", FileType::File, OnConflict::Replace).unwrap();
        assert_eq!(tree.check_room(&over, 1, 10), Ok(()));
    }
}
