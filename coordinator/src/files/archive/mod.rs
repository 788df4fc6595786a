//! Unpacks an untrusted archive into a spool file and a list of entries. Reads a reader and writes a writer, and creates no
//! path on any disk. What can't be part of a project is left out and named; what only an attacker writes refuses the archive.

mod formats;
mod guard;
mod names;
mod sparse;
mod tarball;

use std::io::{self, Read, Seek, Write};

use engunity_protocol::index::SkippedFile;
use engunity_protocol::path::{MAX_TARGET_BYTES, ProjectPath, is_link_target};

pub use formats::{Kind, kind};
use guard::{Place, Tree, Unfit};
pub use tarball::read_tar;

/// Limits of what an archive may unpack to.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub entries: usize,
    /// Bytes of all files together.
    pub total: u64,
    pub per_file: u64,
    /// Unpacked bytes for each archive byte, once more than [`FREE`] were unpacked.
    pub ratio: u64,
}

/// Archives that unpack to less than this are never treated as bombs.
const FREE: u64 = 64 << 20;
/// Entries that are read for each that a project may have: some are left out, or come twice.
const READ: usize = 4;
/// What one entry needs in a tar beside its content, with long names.
const TAR_ENTRY: u64 = 4096;
/// Entries left out that are named, and how much of each name.
const MAX_NAMED: usize = 1000;
const MAX_SHOWN: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Folder,
    /// A symbolic link; its bytes are its target.
    Link,
}

/// A file, folder or link that was in the archive. Its bytes are in the spool from `offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: ProjectPath,
    pub kind: EntryKind,
    pub executable: bool,
    pub offset: u64,
    pub size: u64,
    /// BLAKE3, hex; empty for folders.
    pub hash: String,
    /// Not text that can be kept and shown as such.
    pub binary: bool,
}

/// What was left out of an archive.
#[derive(Debug, Clone, Default)]
pub struct Skipped {
    /// The first ones.
    pub named: Vec<SkippedFile>,
    pub total: u64,
}

impl Skipped {
    fn add(&mut self, name: &str, why: &str) {
        self.total += 1;
        if self.named.len() < MAX_NAMED {
            self.named.push(SkippedFile { path: shown(name), why: why.to_owned() });
        }
    }
}

/// A name for people; an archive may have one of any length.
fn shown(name: &str) -> String {
    let name = if name.is_empty() { "(no name)" } else { name };
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// What led to a refusal.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{entry:?}: {why}")]
    Entry {
        entry: String,
        #[source]
        why: Cause,
    },
    #[error("{entry:?}: it can't be read: {source}")]
    Unreadable { entry: String, source: io::Error },
    #[error("the archive is damaged: {0}")]
    Damaged(#[source] Cause),
    #[error("the archive has more than {0} entries")]
    TooMany(usize),
    #[error("the archive unpacks to more than {0} bytes")]
    TooLarge(u64),
    #[error("the archive unpacks to more than {0} times its size")]
    Bomb(u64),
    /// The spool could not be written: not the archive's fault.
    #[error("could not unpack: {0}")]
    Spool(#[source] io::Error),
}

impl ArchiveError {
    pub fn damaged(cause: impl Into<Cause>) -> Self {
        Self::Damaged(cause.into())
    }

    /// A failure while an entry was read: the archive's own, as the spool is written elsewhere.
    pub fn unreadable(entry: &str, source: io::Error) -> Self {
        Self::Unreadable { entry: shown(entry), source }
    }

    pub fn entry(entry: &str, why: impl Into<Cause>) -> Self {
        Self::Entry { entry: shown(entry), why: why.into() }
    }
}

/// What came out of an archive.
#[derive(Debug)]
pub struct Unpacked {
    pub entries: Vec<Entry>,
    pub skipped: Skipped,
}

/// Unpacks `archive` of `kind`, which is `length` bytes long. What is no archive becomes one file called `name`.
/// An archive of which nothing can be taken is refused.
pub fn unpack(
    archive: impl Read + Seek,
    kind: Kind,
    name: &str,
    length: u64,
    spool: impl Write,
    budget: Budget,
) -> Result<Unpacked, ArchiveError> {
    let mut unpacker = Unpacker {
        spool,
        at: 0,
        length,
        budget,
        read: 0,
        metadata: kind == Kind::Plain,
        tree: Tree::default(),
        entries: Vec::new(),
        skipped: Skipped::default(),
    };
    formats::read(archive, kind, name, budget, &mut unpacker)?;
    let Unpacker { entries, skipped, .. } = unpacker;
    match skipped.named.first() {
        Some(first) if entries.is_empty() => Err(ArchiveError::entry(&first.path, first.why.clone())),
        _ => Ok(Unpacked { entries, skipped }),
    }
}

impl Budget {
    /// The most bytes that a tar may have, with all headers.
    pub fn tar_bytes(&self) -> u64 {
        self.total.saturating_add(self.entries as u64 * TAR_ENTRY).saturating_add(FREE)
    }
}

/// Takes the single folder off that holds everything, where there is one (`project-1.2/…`).
pub fn strip_top(entries: Vec<Entry>) -> Vec<Entry> {
    let top = |entry: &Entry| entry.path.as_str().split('/').next().unwrap_or_default().to_owned();
    let Some(first) = entries.first().map(top) else { return entries };
    let single = entries.iter().all(|entry| {
        top(entry) == first && (entry.kind == EntryKind::Folder || entry.path.as_str().contains('/'))
    });
    if !single {
        return entries;
    }
    let shorten = |entry: Entry| {
        let path = ProjectPath::parse(entry.path.as_str().split_once('/')?.1).ok()?;
        Some(Entry { path, ..entry })
    };
    entries.into_iter().filter_map(shorten).collect()
}

struct Unpacker<W> {
    spool: W,
    /// Bytes in the spool.
    at: u64,
    length: u64,
    budget: Budget,
    /// Entries that were read.
    read: usize,
    /// Whether the metadata of macOS is taken.
    metadata: bool,
    tree: Tree,
    entries: Vec<Entry>,
    skipped: Skipped,
}

/// One entry, as a format's reader found it.
pub struct EntryHeader<'a> {
    /// As it stands in the archive.
    pub name: &'a str,
    pub kind: Found<'a>,
}

/// What an entry is.
#[derive(Clone, Copy)]
pub enum Found<'a> {
    File {
        executable: bool,
    },
    Folder,
    /// A symbolic link, whose target is the content.
    Link,
    /// Another name of an entry before it.
    HardLink {
        target: &'a str,
    },
}

/// Takes what a format's reader finds.
pub trait Sink {
    fn take(&mut self, found: EntryHeader<'_>, content: &mut dyn Read) -> Result<(), ArchiveError>;

    /// An entry that is no part of a project.
    fn skip(&mut self, name: &str, why: &str) -> Result<(), ArchiveError>;
}

impl<W: Write> Sink for Unpacker<W> {
    fn take(&mut self, found: EntryHeader<'_>, content: &mut dyn Read) -> Result<(), ArchiveError> {
        let EntryHeader { name, kind } = found;
        self.count()?;
        match self.take_fit(name, kind, content)? {
            Ok(()) => Ok(()),
            Err(Unfit::LeftOut(why)) => self.leave_out(name, &why),
            Err(Unfit::Hostile(why)) => Err(ArchiveError::entry(name, why)),
        }
    }

    fn skip(&mut self, name: &str, why: &str) -> Result<(), ArchiveError> {
        self.count()?;
        match guard::path(name) {
            Err(Unfit::Hostile(why)) => Err(ArchiveError::entry(name, why)),
            _ => self.leave_out(name, why),
        }
    }
}

impl<W: Write> Unpacker<W> {
    fn count(&mut self) -> Result<(), ArchiveError> {
        self.read += 1;
        let Budget { entries, .. } = self.budget;
        if self.read > entries.saturating_mul(READ) {
            return Err(ArchiveError::TooMany(entries));
        }
        Ok(())
    }

    fn leave_out(&mut self, name: &str, why: &str) -> Result<(), ArchiveError> {
        self.skipped.add(name, why);
        Ok(())
    }

    /// Takes the entry, or says why it can't be taken.
    fn take_fit(
        &mut self,
        name: &str,
        kind: Found<'_>,
        content: &mut dyn Read,
    ) -> Result<Result<(), Unfit>, ArchiveError> {
        let path = match guard::path(name) {
            Ok(Some(path)) => path,
            Ok(None) => return Ok(Ok(())),
            Err(unfit) => return Ok(Err(unfit)),
        };
        if !self.metadata && guard::is_metadata(&path) {
            return Ok(Err(Unfit::LeftOut("it is metadata of macOS".into())));
        }
        let most = self.budget.entries;
        let replaced = match self.tree.place(&path, matches!(kind, Found::Folder)) {
            Place::New if self.entries.len() >= most => return Err(ArchiveError::TooMany(most)),
            Place::New => None,
            Place::Again(number) => Some(number),
            Place::Known => return Ok(Ok(())),
            Place::Blocked(unfit) => return Ok(Err(unfit)),
        };
        let entry = match kind {
            Found::Folder => Ok(self.empty(path, EntryKind::Folder)),
            Found::File { executable } => {
                let empty = Entry { executable, ..self.empty(path, EntryKind::File) };
                Ok(self.spool(empty, name, content)?)
            }
            Found::Link => self.link(path, name, content)?,
            Found::HardLink { target } => self.hard_link(path, target),
        };
        Ok(entry.map(|entry| self.keep(entry, replaced)))
    }

    fn empty(&self, path: ProjectPath, kind: EntryKind) -> Entry {
        let hash = String::new();
        Entry { path, kind, executable: false, offset: self.at, size: 0, hash, binary: false }
    }

    fn keep(&mut self, entry: Entry, replaced: Option<usize>) {
        let number = replaced.unwrap_or(self.entries.len());
        match entry.kind {
            EntryKind::Folder => self.tree.add_folder(&entry.path),
            kind => self.tree.add_file(&entry.path, number, kind == EntryKind::Link),
        }
        match replaced {
            Some(number) => self.entries[number] = entry,
            None => self.entries.push(entry),
        }
    }

    fn link(
        &mut self,
        path: ProjectPath,
        name: &str,
        content: &mut dyn Read,
    ) -> Result<Result<Entry, Unfit>, ArchiveError> {
        let mut target = Vec::new();
        let read = content.take(MAX_TARGET_BYTES as u64 + 1).read_to_end(&mut target);
        read.map_err(|error| ArchiveError::unreadable(name, error))?;
        if !std::str::from_utf8(&target).is_ok_and(is_link_target) {
            return Ok(Err(Unfit::LeftOut("its target is empty, too long or no text".into())));
        }
        let entry = self.empty(path, EntryKind::Link);
        self.spool(entry, name, &mut target.as_slice()).map(Ok)
    }

    /// Shares the content of an entry that came before.
    fn hard_link(&self, path: ProjectPath, target: &str) -> Result<Entry, Unfit> {
        let missing = || Unfit::LeftOut("what it is a hard link to is not in the archive".into());
        let shared = guard::path(target)?.and_then(|target| self.tree.file(&target)).ok_or_else(missing)?;
        Ok(Entry { path, ..self.entries[shared].clone() })
    }

    fn spool(&mut self, mut entry: Entry, name: &str, content: &mut dyn Read) -> Result<Entry, ArchiveError> {
        let mut hasher = blake3::Hasher::new();
        let mut text = TextCheck::default();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = content.read(&mut buffer).map_err(|error| ArchiveError::unreadable(name, error))?;
            if count == 0 {
                break;
            }
            entry.size += count as u64;
            self.at += count as u64;
            self.check(entry.size, name)?;
            hasher.update(&buffer[..count]);
            text.add(&buffer[..count]);
            self.spool.write_all(&buffer[..count]).map_err(ArchiveError::Spool)?;
        }
        entry.hash = hasher.finalize().to_hex().to_string();
        entry.binary = super::content::is_binary(text.is_text(), entry.size);
        Ok(entry)
    }

    fn check(&self, file: u64, name: &str) -> Result<(), ArchiveError> {
        let Budget { total, per_file, ratio, .. } = self.budget;
        if file > per_file {
            return Err(ArchiveError::entry(name, format!("it is larger than {per_file} bytes")));
        }
        if self.at > total {
            return Err(ArchiveError::TooLarge(total));
        }
        if self.at > FREE && self.at > self.length.saturating_mul(ratio) {
            return Err(ArchiveError::Bomb(ratio));
        }
        Ok(())
    }
}

/// Tells text from other bytes piece by piece: UTF-8 without NUL.
#[derive(Default)]
pub struct TextCheck {
    bad: bool,
    /// The beginning of a character that the next piece goes on with.
    open: Vec<u8>,
}

impl TextCheck {
    pub fn add(&mut self, piece: &[u8]) {
        if self.bad || piece.contains(&0) {
            self.bad = true;
            return;
        }
        let joined;
        let bytes = if self.open.is_empty() {
            piece
        } else {
            joined = [&self.open, piece].concat();
            &joined
        };
        match std::str::from_utf8(bytes) {
            Ok(_) => self.open = Vec::new(),
            Err(error) if error.error_len().is_none() => self.open = bytes[error.valid_up_to()..].to_vec(),
            Err(_) => self.bad = true,
        }
    }

    pub fn is_text(&self) -> bool {
        !self.bad && self.open.is_empty()
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
