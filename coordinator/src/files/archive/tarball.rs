//! Reads a tar as it arrives. The tar reader takes names and extended headers whole into memory: what it may read for them
//! is bounded below it.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use tar::{Entry, EntryType};

use super::sparse::Sparse;
use super::{ArchiveError, EntryHeader, Found, Sink, names};

/// What may follow a tar's end: the padding of the largest blocking factor that tar programs take, and then some.
const MAX_PADDING: u64 = 64 << 20;
/// All headers of one entry: its long names and its extended header among them.
const MAX_HEADERS: u64 = 1 << 20;
/// Content of an entry that is left out; more than any tar may have.
const MAX_LEFT_OUT: u64 = 8 << 30;

/// Reads a tar of at most `most` bytes.
pub fn read_tar(archive: impl Read, most: u64, sink: &mut dyn Sink) -> Result<(), ArchiveError> {
    let headers = Rc::new(Cell::new(MAX_HEADERS));
    let mut archive = tar::Archive::new(Bounded { archive, left: most, headers: headers.clone() });
    let mut entries = archive.entries().map_err(ArchiveError::damaged)?;
    loop {
        headers.set(MAX_HEADERS);
        let Some(entry) = entries.next() else { break };
        headers.set(u64::MAX);
        let mut entry = entry.map_err(ArchiveError::damaged)?;
        read_entry(&mut entry, sink)?;
        // What the sink left would be read as a header.
        drain(&mut entry)?;
    }
    headers.set(u64::MAX);
    read_padding(archive.into_inner())
}

/// Ends with an error where more is read than is allowed.
struct Bounded<R> {
    archive: R,
    left: u64,
    /// What may be read before the next entry is there.
    headers: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let headers = self.headers.get();
        if headers == 0 {
            return Err(io::Error::other(format!(
                "the headers of an entry have more than {MAX_HEADERS} bytes"
            )));
        }
        if self.left == 0 {
            return Err(io::Error::other("it unpacks to more bytes than a project may have"));
        }
        let most = buffer.len().min(usize::try_from(headers.min(self.left)).unwrap_or(usize::MAX));
        let count = self.archive.read(&mut buffer[..most])?;
        self.left -= count as u64;
        if headers != u64::MAX {
            self.headers.set(headers - count as u64);
        }
        Ok(count)
    }
}

fn read_entry(entry: &mut Entry<'_, impl Read>, sink: &mut dyn Sink) -> Result<(), ArchiveError> {
    let raw = entry.path_bytes().into_owned();
    let name = text(&raw);
    let folder = EntryHeader { name: &name, kind: Found::Folder };
    let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse if name.ends_with('/') => {
            sink.take(folder, &mut io::empty())
        }
        EntryType::Regular | EntryType::Continuous => read_file(entry, &name, executable, sink),
        EntryType::GNUSparse => {
            sink.take(EntryHeader { name: &name, kind: Found::File { executable } }, entry)
        }
        EntryType::Directory => sink.take(folder, &mut io::empty()),
        EntryType::Symlink => {
            let target = entry.link_name_bytes().unwrap_or_default().into_owned();
            sink.take(EntryHeader { name: &name, kind: Found::Link }, &mut text(&target).as_bytes())
        }
        EntryType::Link => {
            let target = entry.link_name_bytes().unwrap_or_default().into_owned();
            let kind = Found::HardLink { target: &text(&target) };
            sink.take(EntryHeader { name: &name, kind }, &mut io::empty())
        }
        EntryType::XGlobalHeader => Ok(()),
        EntryType::Char | EntryType::Block => sink.skip(&name, "it is a device"),
        EntryType::Fifo => sink.skip(&name, "it is a pipe"),
        other => match other.as_byte() {
            // A folder with the list of what is in it, of incremental backups of GNU tar.
            b'D' => sink.take(folder, &mut io::empty()),
            // The volume's label.
            b'V' => Ok(()),
            _ => sink.skip(&name, "it is neither file, folder nor link"),
        },
    }
}

fn text(raw: &[u8]) -> Cow<'_, str> {
    names::decode(raw, names::foreign(std::iter::once(raw)), None)
}

fn read_file(
    entry: &mut Entry<'_, impl Read>,
    name: &str,
    executable: bool,
    sink: &mut dyn Sink,
) -> Result<(), ArchiveError> {
    let kind = Found::File { executable };
    match holes(entry).map_err(ArchiveError::damaged)? {
        None => sink.take(EntryHeader { name, kind }, entry),
        Some(Holes { name: real, size: Some(size) }) => {
            let mut whole =
                Sparse::open(entry, size).map_err(|error| ArchiveError::unreadable(name, error))?;
            sink.take(EntryHeader { name: real.as_deref().unwrap_or(name), kind }, &mut whole)
        }
        Some(_) => sink.skip(name, "its holes are written in an old format"),
    }
}

/// A file with holes in the POSIX format.
#[derive(Default)]
struct Holes {
    name: Option<String>,
    /// `None` where its format is not 1.0.
    size: Option<u64>,
}

fn holes(entry: &mut Entry<'_, impl Read>) -> io::Result<Option<Holes>> {
    let Some(extensions) = entry.pax_extensions()? else { return Ok(None) };
    let (mut found, mut holes, mut major) = (false, Holes::default(), 0);
    for extension in extensions {
        let extension = extension?;
        let number = || std::str::from_utf8(extension.value_bytes()).ok()?.parse::<u64>().ok();
        let Some(key) = extension.key_bytes().strip_prefix(b"GNU.sparse.") else { continue };
        found = true;
        match key {
            b"major" => major = number().unwrap_or_default(),
            b"name" => holes.name = Some(text(extension.value_bytes()).into_owned()),
            b"realsize" => holes.size = number(),
            _ => {}
        }
    }
    holes.size = holes.size.filter(|_| major == 1);
    Ok(found.then_some(holes))
}

fn drain(entry: &mut impl Read) -> Result<(), ArchiveError> {
    let left = io::copy(&mut entry.take(MAX_LEFT_OUT), &mut io::sink()).map_err(ArchiveError::damaged)?;
    if left == MAX_LEFT_OUT {
        return Err(ArchiveError::damaged("it unpacks to more bytes than a project may have"));
    }
    Ok(())
}

/// Reads on to the end: the checksum of what a tar is packed with stands behind it.
fn read_padding(archive: impl Read) -> Result<(), ArchiveError> {
    let padding = io::copy(&mut archive.take(MAX_PADDING + 1), &mut io::sink());
    match padding.map_err(ArchiveError::damaged)? {
        0..=MAX_PADDING => Ok(()),
        _ => Err(ArchiveError::damaged("much follows its end")),
    }
}
