//! Archives for the tests, as foreign programs write them, and what becomes of them.

use std::io::Cursor;

use tar::{EntryType, Header};
use zip::write::SimpleFileOptions;

use super::*;

pub(super) const BUDGET: Budget = Budget { entries: 100, total: 200 << 20, per_file: 100 << 20, ratio: 200 };

pub(super) fn open(bytes: &[u8]) -> Result<(Vec<Entry>, Vec<u8>), ArchiveError> {
    open_within(bytes, BUDGET)
}

pub(super) fn open_named(bytes: &[u8], name: &str) -> Result<Vec<Entry>, ArchiveError> {
    let kind = kind(Cursor::new(bytes), name).unwrap();
    Ok(unpack(Cursor::new(bytes), kind, name, bytes.len() as u64, Vec::new(), BUDGET)?.entries)
}

pub(super) fn open_within(bytes: &[u8], budget: Budget) -> Result<(Vec<Entry>, Vec<u8>), ArchiveError> {
    let kind = kind(Cursor::new(bytes), "upload").unwrap();
    let mut spool = Vec::new();
    let unpacked = unpack(Cursor::new(bytes), kind, "upload", bytes.len() as u64, &mut spool, budget)?;
    Ok((unpacked.entries, spool))
}

/// What is taken (with its text, `-> target` for links and `/` for folders), and what is left out.
pub(super) fn contents(bytes: &[u8]) -> (Vec<String>, Vec<(String, String)>) {
    let mut spool = Vec::new();
    let kind = kind(Cursor::new(bytes), "upload.zip").unwrap();
    let unpacked =
        unpack(Cursor::new(bytes), kind, "upload", bytes.len() as u64, &mut spool, BUDGET).unwrap();
    assert_eq!(unpacked.skipped.total, unpacked.skipped.named.len() as u64);
    let text =
        |e: &Entry| String::from_utf8_lossy(&spool[e.offset as usize..][..e.size as usize]).into_owned();
    let one = |e: &Entry| match e.kind {
        EntryKind::File => format!("{}={}", e.path, text(e)),
        EntryKind::Link => format!("{} -> {}", e.path, text(e)),
        EntryKind::Folder => format!("{}/", e.path),
    };
    let skipped = unpacked.skipped.named.into_iter().map(|skipped| (skipped.path, skipped.why));
    (unpacked.entries.iter().map(one).collect(), skipped.collect())
}

/// An entry of another type; the last is the target of a link.
pub(super) fn special(kind: EntryType, name: &[u8], target: &str) -> Vec<u8> {
    let mut header = header(kind, name, 0);
    header.set_link_name_literal(target).unwrap();
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// Tars one behind the other, as one.
pub(super) fn joined(tars: &[&[u8]]) -> Vec<u8> {
    let mut whole = Vec::new();
    for tar in tars {
        let end = tar.len() - if tar.ends_with(&[0; 1024]) { 1024 } else { 0 };
        whole.extend_from_slice(&tar[..end]);
    }
    whole.extend([0; 1024]);
    whole
}

/// A zip as Python's `zipfile` would write it without asking: any name bytes, any maker.
pub(super) fn raw_zip(members: &[(&[u8], u16, u32, &[u8])]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, made_by, attributes, content) in members {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        for field in [20_u16, 0, 0, 0, 0x21] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), content.len() as u32, content.len() as u32] {
            common.extend(field.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0; 2]);
        let at = zip.len() as u32;
        zip.extend(b"PK\x03\x04");
        zip.extend(&common);
        zip.extend_from_slice(name);
        zip.extend_from_slice(content);
        directory.extend(b"PK\x01\x02");
        directory.extend((made_by << 8 | 20).to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend(attributes.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend_from_slice(name);
    }
    let (start, count) = (zip.len() as u32, members.len() as u16);
    let size = directory.len() as u32;
    zip.extend(directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    zip.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    zip.extend([0; 2]);
    zip
}

pub(super) fn header(kind: EntryType, name: &[u8], size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_mode(0o644);
    header.set_size(size as u64);
    header.set_cksum();
    header
}

pub(super) fn tar_of(entries: &[(EntryType, &[u8], &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, name, content) in entries {
        builder.append(&header(*kind, name, content.len()), *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(super) fn files(names: &[&str]) -> Vec<u8> {
    tar_of(
        &names.iter().map(|name| (EntryType::Regular, name.as_bytes(), b"x".as_slice())).collect::<Vec<_>>(),
    )
}

pub(super) fn zip_of(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, mode) in files {
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn refusal(bytes: &[u8]) -> String {
    open(bytes).map(|(entries, _)| entries).expect_err("the archive was taken").to_string()
}
