//! The archive formats: what they are known by, and how their entries are read.

use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{ArchiveError, EntryHeader, Sink};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Zip,
    Tar,
    TarGz,
    TarZst,
    /// Just a file.
    Plain,
}

/// Zip files that people do not mean as archives.
const DOCUMENTS: &[&str] = &[
    "apk", "docx", "ear", "epub", "ipa", "jar", "nupkg", "odp", "ods", "odt", "pptx", "war", "whl", "xlsx",
    "xpi",
];
const TAR_BLOCK: usize = 512;
/// What may follow a tar's end: the padding of the largest blocking factor that tar programs take, and then some.
const MAX_PADDING: u64 = 64 << 20;

/// Tells by the first bytes (and, for documents that are zip files, by the name) what was uploaded.
pub fn kind(mut file: impl Read + Seek, name: &str) -> io::Result<Kind> {
    let mut head = vec![0; TAR_BLOCK];
    let length = fill(&mut file, &mut head)?;
    file.rewind()?;
    let head = &head[..length];
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(if DOCUMENTS.contains(&extension.as_str()) { Kind::Plain } else { Kind::Zip });
    }
    // What its name calls a tar is never taken as just a file: cut off early, nothing in it would say what it was.
    let is_called_tar = is_tar_name(name) && !head.is_empty();
    let inside_is_tar = |reader: &mut dyn Read| {
        let mut block = vec![0; TAR_BLOCK];
        is_called_tar || fill(reader, &mut block).is_ok_and(|length| is_tar(&block[..length]))
    };
    Ok(match head {
        [0x1f, 0x8b, ..] if inside_is_tar(&mut MultiGzDecoder::new(&mut file)) => Kind::TarGz,
        [0x28, 0xb5, 0x2f, 0xfd, ..]
            if zstd::Decoder::new(&mut file).is_ok_and(|mut inside| inside_is_tar(&mut inside)) =>
        {
            Kind::TarZst
        }
        _ if is_tar(head) || (is_called_tar && extension == "tar") => Kind::Tar,
        _ => Kind::Plain,
    })
}

fn is_tar_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"].iter().any(|end| name.ends_with(end))
}

fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..])? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}

/// A tar header holds the checksum of its own bytes, whatever its dialect.
fn is_tar(block: &[u8]) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    if block.len() < TAR_BLOCK {
        return false;
    }
    let said = std::str::from_utf8(&block[SUM])
        .ok()
        .and_then(|t| u32::from_str_radix(t.trim_matches([' ', '\0']), 8).ok());
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if SUM.contains(&at) { u32::from(b' ') } else { u32::from(*byte) })
        .sum();
    said == Some(sum)
}

pub(super) fn read(
    archive: impl Read + Seek,
    kind: Kind,
    name: &str,
    sink: &mut dyn Sink,
) -> Result<(), ArchiveError> {
    let mut archive = archive;
    archive.rewind().map_err(ArchiveError::Spool)?;
    let mut archive = BufReader::with_capacity(128 << 10, archive);
    match kind {
        Kind::Zip => read_zip(archive, sink),
        Kind::Tar => read_tar(archive, sink),
        Kind::TarGz => read_tar(MultiGzDecoder::new(archive), sink),
        Kind::TarZst => read_tar(zstd::Decoder::with_buffer(archive).map_err(ArchiveError::damaged)?, sink),
        Kind::Plain => {
            sink.take(EntryHeader { name: name.as_bytes(), folder: false, executable: false }, &mut archive)
        }
    }
}

/// Reads a tar as it arrives.
pub fn read_tar(archive: impl Read, sink: &mut dyn Sink) -> Result<(), ArchiveError> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(ArchiveError::damaged)? {
        let mut entry = entry.map_err(ArchiveError::damaged)?;
        let name = entry.path_bytes().into_owned();
        let folder = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => name.ends_with(b"/"),
            EntryType::Directory => true,
            EntryType::XGlobalHeader => continue,
            other => {
                return Err(ArchiveError::entry(
                    &name,
                    format!("{} can't be part of a project", what(other)),
                ));
            }
        };
        let executable = !folder && entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
        sink.take(EntryHeader { name: &name, folder, executable }, &mut entry)?;
    }
    read_padding(archive.into_inner())
}

/// Reads on to the end: the checksum of what a tar is packed with stands behind it.
fn read_padding(archive: impl Read) -> Result<(), ArchiveError> {
    let padding = io::copy(&mut archive.take(MAX_PADDING + 1), &mut io::sink());
    match padding.map_err(ArchiveError::damaged)? {
        0..=MAX_PADDING => Ok(()),
        _ => Err(ArchiveError::damaged("much follows its end")),
    }
}

fn what(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink => "a symbolic link",
        EntryType::Link => "a hard link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a pipe",
        _ => "an entry of this type",
    }
}

fn read_zip(mut file: impl Read + Seek, sink: &mut dyn Sink) -> Result<(), ArchiveError> {
    let mut archive = ZipArchive::new(&mut file).map_err(|error| zip_error(b"", error))?;
    let start = archive.central_directory_start();
    for number in 0..archive.len() {
        let name = archive.name_for_index(number).unwrap_or_default().as_bytes().to_vec();
        let mut entry = archive.by_index(number).map_err(|error| zip_error(&name, error))?;
        let name = entry.name_raw().to_vec();
        if entry.is_symlink() {
            return Err(ArchiveError::entry(&name, "a symbolic link can't be part of a project"));
        }
        let folder = entry.is_dir();
        let executable = !folder && entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        sink.take(EntryHeader { name: &name, folder, executable }, &mut entry)?;
    }
    drop(archive);
    refuse_duplicates(file, start)
}

fn zip_error(name: &[u8], error: ZipError) -> ArchiveError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ArchiveError::Encrypted,
        error if name.is_empty() => ArchiveError::damaged(error),
        error => ArchiveError::entry(name, error),
    }
}

/// The zip reader keeps the last of several entries with one name. Such an archive is refused, since other readers would show
/// the first.
fn refuse_duplicates(mut file: impl Read + Seek, start: u64) -> Result<(), ArchiveError> {
    const FIXED: usize = 46;
    let damaged = |error: io::Error| ArchiveError::damaged(error);
    file.seek(SeekFrom::Start(start)).map_err(damaged)?;
    let mut names = HashSet::new();
    let mut header = [0; FIXED];
    while fill(&mut file, &mut header).map_err(damaged)? == FIXED && header.starts_with(b"PK\x01\x02") {
        let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (name, rest) = (length(28), length(30) + length(32));
        let mut text = vec![0; name + rest];
        file.read_exact(&mut text).map_err(damaged)?;
        text.truncate(name);
        if names.contains(&text) {
            return Err(ArchiveError::entry(&text, "it is there twice"));
        }
        names.insert(text);
    }
    Ok(())
}
