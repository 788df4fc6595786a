//! The archive formats: what they are known by, and how their entries are read.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use encoding_rs::Encoding;
use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::{ArchiveError, Budget, EntryHeader, Found, READ, Sink, names, read_tar};

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
/// The type of a file in its mode.
const TYPE: u32 = 0o170_000;
/// Where a zip's end record is at most from its end: the record, and the longest comment.
const ZIP_END: u64 = 22 + 65_535;

/// Tells by the first bytes (and, for documents that are zip files, by the name) what was uploaded.
pub fn kind(mut file: impl Read + Seek, name: &str) -> io::Result<Kind> {
    let mut head = vec![0; TAR_BLOCK];
    let length = fill(&mut file, &mut head)?;
    file.rewind()?;
    let head = &head[..length];
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    // The last mark is that of a zip that was to be cut into volumes, and then was not.
    let is_zip =
        [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00"].iter().any(|mark| head.starts_with(*mark));
    if is_zip || (extension == "zip" && has_zip_end(&mut file)?) {
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

/// Whether a zip ends here, whatever stands before it (a program that unpacks itself).
fn has_zip_end(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(ZIP_END)))?;
    let mut end = Vec::new();
    file.take(ZIP_END).read_to_end(&mut end)?;
    file.rewind()?;
    Ok(end.windows(4).any(|four| four == b"PK\x05\x06"))
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
    budget: Budget,
    sink: &mut dyn Sink,
) -> Result<(), ArchiveError> {
    let most = budget.tar_bytes();
    let mut archive = archive;
    archive.rewind().map_err(ArchiveError::Spool)?;
    let mut archive = BufReader::with_capacity(128 << 10, archive);
    match kind {
        Kind::Zip => {
            check_directory(&mut archive, budget)?;
            read_zip(archive, sink)
        }
        Kind::Tar => read_tar(archive, most, sink),
        Kind::TarGz => read_tar(MultiGzDecoder::new(archive), most, sink),
        Kind::TarZst => {
            read_tar(zstd::Decoder::with_buffer(archive).map_err(ArchiveError::damaged)?, most, sink)
        }
        Kind::Plain => sink.take(EntryHeader { name, kind: Found::File { executable: false } }, &mut archive),
    }
}

/// What each entry of a zip's directory begins with.
const ZIP_ENTRY: &[u8; 4] = b"PK\x01\x02";
const SCAN: usize = 128 << 10;

/// Refuses a zip that may have too many entries, before the zip reader keeps all of them in memory. Their marks are counted,
/// whatever the zip says of itself: it could say several things, and the reader would try one after the other.
fn check_directory(archive: &mut (impl Read + Seek), budget: Budget) -> Result<(), ArchiveError> {
    let most = budget.entries.saturating_mul(READ);
    let mut buffer = vec![0; SCAN];
    let (mut kept, mut marks) = (0, 0);
    loop {
        let read = archive.read(&mut buffer[kept..]).map_err(ArchiveError::Spool)?;
        if read == 0 {
            break;
        }
        let filled = kept + read;
        marks += buffer[..filled].windows(4).filter(|four| *four == ZIP_ENTRY).count();
        if marks > most {
            return Err(ArchiveError::TooMany(budget.entries));
        }
        // A mark may go on in the next piece.
        kept = filled.min(ZIP_ENTRY.len() - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
    archive.rewind().map_err(ArchiveError::Spool)
}

/// What a zip's entry says of itself.
struct Member {
    name: String,
    mode: Option<u32>,
    folder: bool,
    encrypted: bool,
}

/// Of several entries with one name the zip reader keeps the last.
fn read_zip(file: impl Read + Seek, sink: &mut dyn Sink) -> Result<(), ArchiveError> {
    let mut archive = ZipArchive::new(file).map_err(ArchiveError::damaged)?;
    let mut raw = Vec::with_capacity(archive.len());
    for number in 0..archive.len() {
        raw.push(archive.by_index_raw(number).map_err(ArchiveError::damaged)?.name_raw().to_vec());
    }
    let foreign = names::foreign(raw.iter().map(Vec::as_slice));
    for number in 0..archive.len() {
        let member = member(&archive.by_index_raw(number).map_err(ArchiveError::damaged)?, foreign);
        read_member(&mut archive, number, &member, sink)?;
    }
    Ok(())
}

fn member(entry: &ZipFile<'_, impl Read>, foreign: Option<&'static Encoding>) -> Member {
    let name = names::decode(entry.name_raw(), foreign, Some(entry.name()));
    // Programs of Windows write backslashes between folders.
    let name = name.replace('\\', "/");
    let mode = entry.unix_mode();
    let folder = name.ends_with('/') || mode.is_some_and(|mode| mode & TYPE == 0o040_000);
    Member { name, mode, folder, encrypted: entry.encrypted() }
}

fn read_member(
    archive: &mut ZipArchive<impl Read + Seek>,
    number: usize,
    member: &Member,
    sink: &mut dyn Sink,
) -> Result<(), ArchiveError> {
    let Member { name, mode, folder, encrypted } = member;
    let mode = mode.unwrap_or_default();
    let kind = match mode & TYPE {
        _ if *folder => Found::Folder,
        _ if *encrypted => return sink.skip(name, "it is encrypted"),
        0o120_000 => Found::Link,
        0o020_000 | 0o060_000 => return sink.skip(name, "it is a device"),
        0o010_000 => return sink.skip(name, "it is a pipe"),
        0o140_000 => return sink.skip(name, "it is a socket"),
        _ => Found::File { executable: mode & 0o111 != 0 },
    };
    if matches!(kind, Found::Folder) {
        return sink.take(EntryHeader { name, kind }, &mut io::empty());
    }
    match archive.by_index(number) {
        Ok(mut content) => sink.take(EntryHeader { name, kind }, &mut content),
        Err(ZipError::UnsupportedArchive(_)) => sink.skip(name, "it is compressed with an unknown method"),
        Err(error) => Err(ArchiveError::entry(name, error)),
    }
}
