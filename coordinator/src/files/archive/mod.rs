//! Unpacks an untrusted archive into a spool file and a list of entries. Reads a reader and writes a writer, creates no
//! path on any disk, and stops at the first entry that is not an ordinary file or folder.

mod formats;
mod guard;

use std::io::{self, Read, Seek, Write};

use engunity_protocol::path::ProjectPath;

pub use formats::{Kind, kind, read_tar};
use guard::Guard;

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

/// A file or folder that was in the archive. Its bytes are in the spool from `offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: ProjectPath,
    pub folder: bool,
    pub executable: bool,
    pub offset: u64,
    pub size: u64,
    /// BLAKE3, hex; empty for folders.
    pub hash: String,
    /// Not text that can be kept and shown as such.
    pub binary: bool,
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
    #[error("the archive is encrypted")]
    Encrypted,
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
    pub fn unreadable(entry: &[u8], source: io::Error) -> Self {
        Self::Unreadable { entry: String::from_utf8_lossy(entry).into_owned(), source }
    }

    pub fn entry(entry: &[u8], why: impl Into<Cause>) -> Self {
        Self::Entry { entry: String::from_utf8_lossy(entry).into_owned(), why: why.into() }
    }
}

/// Unpacks `archive` of `kind`, which is `length` bytes long. What is no archive becomes one file called `name`.
pub fn unpack(
    archive: impl Read + Seek,
    kind: Kind,
    name: &str,
    length: u64,
    spool: impl Write,
    budget: Budget,
) -> Result<Vec<Entry>, ArchiveError> {
    let mut unpacker =
        Unpacker { spool, at: 0, length, budget, guard: Guard::default(), entries: Vec::new() };
    formats::read(archive, kind, name, &mut unpacker)?;
    Ok(unpacker.entries)
}

/// Takes the single folder off that holds everything, where there is one (`project-1.2/…`).
pub fn strip_top(entries: Vec<Entry>) -> Vec<Entry> {
    let top = |entry: &Entry| entry.path.as_str().split('/').next().unwrap_or_default().to_owned();
    let Some(first) = entries.first().map(top) else { return entries };
    let single = entries
        .iter()
        .all(|entry| top(entry) == first && (entry.folder || entry.path.as_str().contains('/')));
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
    guard: Guard,
    entries: Vec<Entry>,
}

/// One entry, as a format's reader found it.
pub struct EntryHeader<'a> {
    /// As it stands in the archive.
    pub name: &'a [u8],
    pub folder: bool,
    pub executable: bool,
}

pub trait Sink {
    fn take(&mut self, found: EntryHeader<'_>, content: &mut dyn Read) -> Result<(), ArchiveError>;
}

impl<W: Write> Sink for Unpacker<W> {
    fn take(&mut self, found: EntryHeader<'_>, content: &mut dyn Read) -> Result<(), ArchiveError> {
        if self.entries.len() >= self.budget.entries {
            return Err(ArchiveError::TooMany(self.budget.entries));
        }
        let Some(path) = guard::path(found.name)? else { return Ok(()) };
        if !self.guard.admit(&path, found.folder)? {
            return Ok(());
        }
        let entry = Entry {
            path,
            folder: found.folder,
            executable: found.executable,
            offset: self.at,
            size: 0,
            hash: String::new(),
            binary: false,
        };
        let entry = if found.folder { entry } else { self.spool_file(entry, found.name, content)? };
        self.entries.push(entry);
        Ok(())
    }
}

impl<W: Write> Unpacker<W> {
    fn spool_file(
        &mut self,
        mut entry: Entry,
        name: &[u8],
        content: &mut dyn Read,
    ) -> Result<Entry, ArchiveError> {
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

    fn check(&self, file: u64, name: &[u8]) -> Result<(), ArchiveError> {
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
mod tests;
