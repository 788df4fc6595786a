//! Good archives are unpacked unchanged; each kind of bad one has its own error; none causes a panic.

use std::io::Cursor;

use proptest::prelude::*;
use tar::{EntryType, Header};
use zip::write::SimpleFileOptions;

use super::*;

const BUDGET: Budget = Budget { entries: 100, total: 200 << 20, per_file: 100 << 20, ratio: 200 };

fn open(bytes: &[u8]) -> Result<(Vec<Entry>, Vec<u8>), ArchiveError> {
    open_within(bytes, BUDGET)
}

fn open_named(bytes: &[u8], name: &str) -> Result<Vec<Entry>, ArchiveError> {
    let kind = kind(Cursor::new(bytes), name).unwrap();
    unpack(Cursor::new(bytes), kind, name, bytes.len() as u64, Vec::new(), BUDGET)
}

fn open_within(bytes: &[u8], budget: Budget) -> Result<(Vec<Entry>, Vec<u8>), ArchiveError> {
    let kind = kind(Cursor::new(bytes), "upload").unwrap();
    let mut spool = Vec::new();
    let entries = unpack(Cursor::new(bytes), kind, "upload", bytes.len() as u64, &mut spool, budget)?;
    Ok((entries, spool))
}

fn header(kind: EntryType, name: &[u8], size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_mode(0o644);
    header.set_size(size as u64);
    header.set_cksum();
    header
}

fn tar_of(entries: &[(EntryType, &[u8], &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, name, content) in entries {
        builder.append(&header(*kind, name, content.len()), *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn files(names: &[&str]) -> Vec<u8> {
    tar_of(
        &names.iter().map(|name| (EntryType::Regular, name.as_bytes(), b"x".as_slice())).collect::<Vec<_>>(),
    )
}

fn zip_of(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, mode) in files {
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    open(bytes).map(|(entries, _)| entries).expect_err("the archive was taken").to_string()
}

#[test]
fn reads_every_format() {
    let tar = tar_of(&[
        (EntryType::Directory, b"a/", b""),
        (EntryType::Regular, b"a/b.txt", b"hello"),
        (EntryType::Regular, b"./c", b"\0\xff"),
    ]);
    let zst = zstd::encode_all(tar.as_slice(), 1).unwrap();
    for bytes in [tar.clone(), gzip(&tar), zst] {
        let (entries, spool) = open(&bytes).unwrap();
        let shown: Vec<_> = entries.iter().map(|e| (e.path.as_str(), e.folder, e.size, e.binary)).collect();
        assert_eq!(shown, [("a", true, 0, false), ("a/b.txt", false, 5, false), ("c", false, 2, true)]);
        assert_eq!(spool, b"hello\0\xff");
        assert_eq!(entries[1].hash, crate::files::content::hash(b"hello"));
    }
    let (entries, _) = open(&zip_of(&[("run.sh", b"#!/bin/sh", 0o755), ("d/e", b"", 0o644)])).unwrap();
    let shown: Vec<_> = entries.iter().map(|e| (e.path.as_str(), e.executable)).collect();
    assert_eq!(shown, [("run.sh", true), ("d/e", false)]);
}

#[test]
fn what_is_no_archive_is_a_file() {
    for bytes in [b"print('hi')".as_slice(), b"", &gzip(b"not a tar"), &[0; 4096]] {
        let (entries, spool) = open(bytes).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].path.as_str(), spool.as_slice()), ("upload", bytes));
    }
    let document = zip_of(&[("word/document.xml", b"<w/>", 0o644)]);
    assert_eq!(kind(Cursor::new(&document), "letter.docx").unwrap(), Kind::Plain);
    assert_eq!(kind(Cursor::new(&document), "letter.zip").unwrap(), Kind::Zip);
}

#[test]
fn refuses_paths_that_leave_the_project() {
    for name in ["../x", "a/../../x", "/etc/passwd", "a//b", "a\\b", "a/./b"] {
        assert!(refusal(&files(&[name])).contains("the path"), "{name}");
        assert!(open(&zip_of(&[(name, b"", 0o644)])).is_err(), "{name}");
    }
}

#[test]
fn refuses_links_and_devices() {
    for (kind, word) in [
        (EntryType::Symlink, "symbolic link"),
        (EntryType::Link, "hard link"),
        (EntryType::Char, "device"),
        (EntryType::Block, "device"),
        (EntryType::Fifo, "pipe"),
    ] {
        let said = refusal(&tar_of(&[(kind, b"evil", b"")]));
        assert!(said.contains(word) && said.contains("evil"), "{said}");
    }
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("evil", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    assert!(refusal(&writer.finish().unwrap().into_inner()).contains("symbolic link"));
}

#[test]
fn refuses_names_that_are_no_text() {
    assert!(refusal(&tar_of(&[(EntryType::Regular, b"caf\xe9.txt", b"")])).contains("not UTF-8"));
    assert!(refusal(&tar_of(&[(EntryType::Regular, b"a\nb", b"")])).contains("control character"));
    let mut zip = zip_of(&[("a_b", b"", 0o644)]);
    for at in 0..zip.len() - 2 {
        if &zip[at..at + 3] == b"a_b" {
            zip[at + 1] = 0;
        }
    }
    assert!(refusal(&zip).contains("NUL"));
}

#[test]
fn refuses_entries_that_get_in_each_others_way() {
    for (names, word) in [
        (&["a", "a"][..], "twice"),
        (&["README", "readme"], "only by case"),
        (&["Src/a", "src/b"], "only by case"),
        (&["a", "a/b"], "both a file and a folder"),
        (&["a/b", "a"], "both a file and a folder"),
    ] {
        let said = refusal(&files(names));
        assert!(said.contains(word), "{names:?}: {said}");
    }
}

#[test]
fn refuses_a_zip_with_twins() {
    let mut zip = zip_of(&[("twin1", b"a", 0o644), ("twin2", b"b", 0o644)]);
    for at in 0..zip.len() - 5 {
        if &zip[at..at + 5] == b"twin2" {
            zip[at + 4] = b'1';
        }
    }
    assert!(refusal(&zip).contains("twice"));
}

#[test]
fn refuses_encrypted_archives() {
    use zip::unstable::write::FileOptionsExt;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("secret", SimpleFileOptions::default().with_deprecated_encryption(b"key").unwrap())
        .unwrap();
    writer.write_all(b"x").unwrap();
    assert!(refusal(&writer.finish().unwrap().into_inner()).contains("encrypted"));
}

#[test]
fn refuses_bombs() {
    let zeros = vec![0; 70 << 20];
    let bomb = gzip(&tar_of(&[(EntryType::Regular, b"zeros", &zeros)]));
    assert!(matches!(open_within(&bomb, Budget { ratio: 50, ..BUDGET }), Err(ArchiveError::Bomb(50))));
    let small = Budget { total: 1000, ..BUDGET };
    assert!(matches!(
        open_within(&tar_of(&[(EntryType::Regular, b"f", &[1; 1001])]), small),
        Err(ArchiveError::TooLarge(1000))
    ));
    let small = Budget { per_file: 10, ..BUDGET };
    assert!(matches!(
        open_within(&tar_of(&[(EntryType::Regular, b"f", &[1; 11])]), small),
        Err(ArchiveError::Entry { .. })
    ));
    let many: Vec<String> = (0..101).map(|n| format!("f{n}")).collect();
    assert!(matches!(
        open(&files(&many.iter().map(String::as_str).collect::<Vec<_>>())),
        Err(ArchiveError::TooMany(100))
    ));
}

#[test]
fn refuses_damaged_archives() {
    let tar = files(&["a"]);
    let zip = zip_of(&[("a", b"hello hello hello", 0o644)]);
    assert!(
        open(&gzip(&tar)[..60]).is_err() || kind(Cursor::new(&gzip(&tar)[..60]), "x").unwrap() == Kind::Plain
    );
    assert!(open(&zip[..zip.len() / 2]).is_err());
    assert!(open(&tar[..520]).is_err());
    let mut packed = gzip(&tar);
    packed.truncate(packed.len() - 6);
    assert!(refusal(&packed).contains("damaged"), "its checksum was cut off");
}

#[test]
fn refuses_tars_that_were_cut_off_anywhere() {
    let noise: Vec<u8> = (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let tar = tar_of(&[(EntryType::Regular, b"a", b"hello"), (EntryType::Regular, b"b", &noise)]);
    let zst = zstd::encode_all(tar.as_slice(), 3).unwrap();
    let small = zstd::encode_all(files(&["a"]).as_slice(), 3).unwrap();
    for (name, whole) in
        [("p.tar.zst", &zst), ("p.tzst", &small), ("p.tar.gz", &gzip(&tar)), ("p.tgz", &gzip(&files(&["a"])))]
    {
        assert!(open_named(whole, name).is_ok(), "{name}");
        for length in (4..whole.len()).step_by(whole.len() / 97 + 1).chain([whole.len() - 1]) {
            assert!(open_named(&whole[..length], name).is_err(), "{name}, {length} of {}", whole.len());
        }
    }
    assert!(open_named(&tar[..300], "p.tar").is_err());
}

#[test]
fn takes_the_single_top_folder_off() {
    let (entries, _) = open(&files(&["p-1/a", "p-1/b/c"])).unwrap();
    let paths: Vec<_> = strip_top(entries).iter().map(|e| e.path.to_string()).collect();
    assert_eq!(paths, ["a", "b/c"]);
    let (entries, _) = open(&files(&["p-1/a", "other"])).unwrap();
    assert_eq!(strip_top(entries.clone()), entries);
}

proptest! {
    /// Whatever names and contents: what is taken are sound, distinct paths, and the spool holds their bytes.
    #[test]
    fn only_sound_paths_come_out(items in prop::collection::vec(("[a-cA-C./\\\\]{1,8}", prop::collection::vec(any::<u8>(), 0..50)), 0..8)) {
        let entries: Vec<_> = items.iter().map(|(name, content)| (EntryType::Regular, name.as_bytes(), content.as_slice())).collect();
        if let Ok((entries, spool)) = open(&tar_of(&entries)) && !items.is_empty() {
            let mut lower: Vec<_> = entries.iter().map(|e| e.path.as_str().to_lowercase()).collect();
            lower.sort();
            lower.dedup();
            prop_assert_eq!(lower.len(), entries.len());
            for entry in entries.iter().filter(|entry| !entry.folder) {
                prop_assert!(!entry.path.as_str().split('/').any(|part| part == ".." || part == "." || part.is_empty()));
                let bytes = &spool[entry.offset as usize..][..entry.size as usize];
                prop_assert_eq!(&entry.hash, &crate::files::content::hash(bytes));
            }
        }
    }

    /// Damage anywhere is an error or another content, never a panic.
    #[test]
    fn damage_never_panics(at in 0usize..2048, byte: u8, which in 0usize..4) {
        let tar = files(&["a", "b/c"]);
        let archives = [tar.clone(), gzip(&tar), zstd::encode_all(tar.as_slice(), 1).unwrap(), zip_of(&[("a", b"x", 0o644), ("b/c", b"y", 0o644)])];
        let mut bytes = archives[which].clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = open(&bytes);
    }

    /// Text is distinguished from bytes at any chunk boundary.
    #[test]
    fn text_is_known_in_pieces(text in ".*", cut in 0usize..40) {
        let bytes = text.as_bytes();
        let mut check = TextCheck::default();
        for piece in bytes.chunks(cut + 1) {
            check.add(piece);
        }
        prop_assert_eq!(check.is_text(), crate::files::content::as_text(bytes).is_some());
    }
}
