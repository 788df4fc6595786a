//! Good archives are unpacked unchanged; each kind of bad one has its own error; none causes a panic.

use std::cell::Cell;
use std::io::Cursor;

use proptest::prelude::*;
use tar::EntryType;
use zip::write::SimpleFileOptions;

use super::fixtures::*;
use super::*;

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
        let shown: Vec<_> = entries
            .iter()
            .map(|e| (e.path.as_str(), e.kind == EntryKind::Folder, e.size, e.binary))
            .collect();
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
    for name in ["../x", "a/../../x", "a/../b", "..", "a\\..\\..\\x", "..\\x"] {
        assert!(refusal(&files(&["good", name])).contains("'..'"), "{name}");
        let zip = zip_of(&[("good", b"", 0o644), (name, b"", 0o644)]);
        assert!(refusal(&zip).contains("'..'"), "{name}");
    }
    let hard = special(EntryType::Link, b"evil", "../../etc/passwd");
    assert!(refusal(&joined(&[&files(&["good"]), &hard])).contains("evil"));
    assert!(
        refusal(&joined(&[&files(&["good"]), &special(EntryType::Fifo, b"../evil", "")])).contains("'..'")
    );
}

#[test]
fn refuses_what_leads_through_a_link() {
    for target in ["/etc", "../..", "lib", "missing"] {
        let tar = joined(&[&special(EntryType::Symlink, b"a", target), &files(&["lib/x", "a/passwd"])]);
        assert!(refusal(&tar).contains("through the link"), "{target}");
    }
    let tar = joined(&[&special(EntryType::Symlink, b"a", "/etc"), &special(EntryType::Link, b"a/b", "a")]);
    assert!(refusal(&tar).contains("through the link"));
}

#[test]
fn names_are_taken_as_programs_write_them() {
    let (taken, skipped) = contents(&files(&["a//b", "c/./d", "./e", "././f"]));
    assert_eq!((taken, skipped.len()), (["a/b=x", "c/d=x", "e=x", "f=x"].map(String::from).to_vec(), 0));
    // Windows: backslashes, and no modes.
    let dos = [
        (b"src\\".as_slice(), 0, 0x10, b"".as_slice()),
        (b"src\\lib\\a.py", 0, 0x20, b"a"),
        (b"src\\b.py", 0, 0, b"b"),
    ];
    assert_eq!(contents(&raw_zip(&dos)).0, ["src/", "src/lib/a.py=a", "src/b.py=b"]);
    // CP437 and Latin-1, and Shift-JIS, which says nothing of itself either.
    assert_eq!(contents(&raw_zip(&[(b"caf\x82/\x81ber.txt", 0, 0, b"x")])).0, ["café/über.txt=x"]);
    assert_eq!(contents(&raw_zip(&[(b"caf\xe9.txt", 3, 0o100_644 << 16, b"x")])).0, ["café.txt=x"]);
    let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode("設計/プログラム.txt");
    assert_eq!(contents(&raw_zip(&[(&japanese, 0, 0, b"x")])).0, ["設計/プログラム.txt=x"]);
    assert_eq!(contents(&raw_zip(&[("日本/é.txt".as_bytes(), 3, 0, b"x")])).0, ["日本/é.txt=x"]);
    assert_eq!(contents(&tar_of(&[(EntryType::Regular, b"caf\xe9.txt", b"x")])).0, ["café.txt=x"]);
}

#[test]
fn what_has_no_place_is_left_out_and_named() {
    let long = "n".repeat(400);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header(EntryType::Regular, b"", 1), &long, b"x".as_slice()).unwrap();
    let tar = joined(&[
        &files(&[
            "good",
            "/etc/passwd",
            "C:/x",
            "a\nb",
            "a\\b",
            "__MACOSX/._good",
            "._good",
            "src/.DS_Store",
        ]),
        &special(EntryType::Char, b"null", ""),
        &special(EntryType::Block, b"sda", ""),
        &special(EntryType::Fifo, b"pipe", ""),
        &special(EntryType::Link, b"hard", "nowhere"),
        &special(EntryType::Symlink, b"soft", ""),
        &special(EntryType::new(b'Z'), b"odd", ""),
        &builder.into_inner().unwrap(),
        &files(&["good/below"]),
    ]);
    let (taken, skipped) = contents(&tar);
    assert_eq!(taken, ["good=x"]);
    let words = [
        ("/etc/passwd", "absolute"),
        ("C:/x", "absolute"),
        ("a\nb", "control character"),
        ("a\\b", "backslash"),
        ("__MACOSX/._good", "macOS"),
        ("._good", "macOS"),
        ("src/.DS_Store", "macOS"),
        ("null", "device"),
        ("sda", "device"),
        ("pipe", "pipe"),
        ("hard", "not in the archive"),
        ("soft", "target"),
        ("odd", "neither file"),
        ("nnn", "longer than"),
        ("good/below", "is a file"),
    ];
    assert_eq!(skipped.len(), words.len(), "{skipped:?}");
    for ((path, why), (name, word)) in skipped.iter().zip(words) {
        assert!(path.starts_with(name) && why.contains(word) && path.len() < 310, "{path}: {why}");
    }
    let zip = raw_zip(&[
        (b"good", 3, 0, b"x"),
        (b"pipe", 3, 0o010_644 << 16, b""),
        (b"socket", 3, 0o140_755 << 16, b""),
        (b"disk", 3, 0o060_644 << 16, b""),
        (b"a\0b", 0, 0, b""),
    ]);
    assert_eq!((contents(&zip).0, contents(&zip).1.len()), (vec!["good=x".to_owned()], 4));
    // Nothing at all can be taken.
    assert!(refusal(&special_only()).contains("pipe"));
}

fn special_only() -> Vec<u8> {
    joined(&[&special(EntryType::Fifo, b"evil", "")])
}

#[test]
fn very_many_left_out_are_counted() {
    let names: Vec<String> = (0..1500).map(|n| format!("._{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).chain(["good"]).collect();
    let budget = Budget { entries: 1000, ..BUDGET };
    let tar = files(&names);
    let unpacked = unpack(Cursor::new(&tar), Kind::Tar, "t", tar.len() as u64, Vec::new(), budget).unwrap();
    assert_eq!((unpacked.skipped.total, unpacked.skipped.named.len()), (1500, MAX_NAMED));
}

#[test]
fn links_are_taken_as_they_are() {
    let tar = joined(&[
        &files(&["lib/v2.py"]),
        &special(EntryType::Symlink, b"lib/current.py", "v2.py"),
        &special(EntryType::Symlink, b"out", "/etc/passwd"),
        &special(EntryType::Symlink, b"bin/up", "../../elsewhere"),
        &special(EntryType::Symlink, b"dangling", "nothing"),
        &special(EntryType::Link, b"lib/same.py", "./lib/v2.py"),
        &special(EntryType::Link, b"lib/again", "lib/current.py"),
    ]);
    let (taken, skipped) = contents(&tar);
    let expected = [
        "lib/v2.py=x",
        "lib/current.py -> v2.py",
        "out -> /etc/passwd",
        "bin/up -> ../../elsewhere",
        "dangling -> nothing",
        "lib/same.py=x",
        "lib/again -> v2.py",
    ];
    assert_eq!((taken, skipped.len()), (expected.map(String::from).to_vec(), 0));
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("current", "v2.py", SimpleFileOptions::default()).unwrap();
    assert_eq!(contents(&writer.finish().unwrap().into_inner()).0, ["current -> v2.py"]);
}

#[test]
fn the_last_of_a_name_counts() {
    let tar = joined(&[
        &tar_of(&[(EntryType::Regular, b"a", b"old"), (EntryType::Regular, b"d/b", b"1")]),
        &tar_of(&[
            (EntryType::Directory, b"d/", b""),
            (EntryType::Directory, b"d", b""),
            (EntryType::Regular, b"./a", b"new"),
        ]),
        &special(EntryType::Symlink, b"d/b", "../a"),
    ]);
    assert_eq!(contents(&tar).0, ["a=new", "d/b -> ../a", "d/"]);
    let zip = raw_zip(&[(b"twin", 3, 0, b"1"), (b"other", 3, 0, b"2"), (b"twin", 3, 0, b"3")]);
    assert_eq!(contents(&zip).0, ["twin=3", "other=2"]);
    // The sandbox is Linux, where these are two.
    assert_eq!(contents(&files(&["xt_DSCP.h", "xt_dscp.h", "Src/a", "src/a"])).0.len(), 4);
}

#[test]
fn a_zip_of_too_many_entries_is_refused_before_they_are_read() {
    let fits = vec![(&b"same"[..], 3, 0, &b""[..]); 4 * BUDGET.entries];
    assert_eq!(contents(&raw_zip(&fits)).0, ["same="]);
    // Nothing else of it is a zip's: the reader never comes to see it.
    let marks = [&b"PK\x05\x06"[..], &b"PK\x01\x02 and more ".repeat(4 * BUDGET.entries + 1)].concat();
    assert_eq!(refusal(&marks), "the archive has more than 100 entries");
}

#[test]
fn headers_for_all_entries_are_no_entries() {
    let record = b"52 comment=0123456789abcdef0123456789abcdef01234567\n";
    let global = tar_of(&[(EntryType::XGlobalHeader, b"pax_global_header", record)]);
    let label = special(EntryType::new(b'V'), b"backup", "");
    assert_eq!(contents(&joined(&[&global, &label, &files(&["p/a"])])), (vec!["p/a=x".to_owned()], vec![]));
}

#[test]
fn holes_of_files_are_filled() {
    let extended = |records: &[(&str, &str)]| {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions(records.iter().map(|(key, value)| (*key, value.as_bytes()))).unwrap();
        builder.into_inner().unwrap()
    };
    let mut data = b"2\n2\n3\n7\n1\n".to_vec();
    data.resize(512, 0);
    data.extend(b"abcd");
    let whole = |major: &str| {
        let records = [
            ("GNU.sparse.major", major),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "disk.img"),
            ("GNU.sparse.realsize", "10"),
        ];
        let file = tar_of(&[(EntryType::Regular, b"GNUSparseFile.1/disk.img", &data)]);
        joined(&[&files(&["first"]), &extended(&records), &file, &files(&["last"])])
    };
    assert_eq!(contents(&whole("1")).0, ["first=x", "disk.img=\0\0abc\0\0d\0\0", "last=x"]);
    assert_eq!((contents(&whole("0")).0.len(), contents(&whole("0")).1.len()), (2, 1));
}

#[test]
fn a_zip_may_stand_behind_a_program() {
    let zip = zip_of(&[("a", b"x", 0o644)]);
    let program = [b"#!/bin/sh\nexit 0\n".as_slice(), &zip].concat();
    assert_eq!(kind(Cursor::new(&program), "setup.zip").unwrap(), Kind::Zip);
    assert_eq!(contents(&program).0, ["a=x"]);
    assert_eq!(kind(Cursor::new(&program), "setup.exe").unwrap(), Kind::Plain);
    assert!(contents(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").0.is_empty(), "empty");
}

#[test]
fn encrypted_members_are_left_out() {
    use zip::unstable::write::FileOptionsExt;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let secret = || SimpleFileOptions::default().with_deprecated_encryption(b"key").unwrap();
    writer.start_file("secret", secret()).unwrap();
    writer.write_all(b"x").unwrap();
    assert!(refusal(&writer.finish().unwrap().into_inner()).contains("encrypted"));
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("secret", secret()).unwrap();
    writer.start_file("open", SimpleFileOptions::default()).unwrap();
    let (taken, skipped) = contents(&writer.finish().unwrap().into_inner());
    assert_eq!((taken, skipped), (vec!["open=".into()], vec![("secret".into(), "it is encrypted".into())]));
}

/// A header that says that gigabytes follow, and they do.
fn swollen(kind: EntryType, name: &[u8], size: u64) -> impl Read {
    let mut header = header(kind, name, 0);
    header.set_size(size);
    header.set_cksum();
    let rest = files(&["after"]);
    Cursor::new(header.as_bytes().to_vec()).chain(io::repeat(b'a').take(size)).chain(Cursor::new(rest))
}

#[test]
fn headers_are_never_read_whole_into_memory() {
    const HUGE: u64 = 3 << 29;
    struct Nothing;
    impl Sink for Nothing {
        fn take(&mut self, _: EntryHeader<'_>, _: &mut dyn Read) -> Result<(), ArchiveError> {
            Ok(())
        }
        fn skip(&mut self, _: &str, _: &str) -> Result<(), ArchiveError> {
            Ok(())
        }
    }
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        let read = Cell::new(0);
        let error = read_tar(Counted(swollen(kind, b"x", HUGE), &read), HUGE * 2, &mut Nothing).unwrap_err();
        let ArchiveError::Damaged(cause) = error else { panic!("{error}") };
        assert!(cause.to_string().contains("the headers of an entry"), "{kind:?}: {cause}");
        assert!(read.get() < 2 << 20, "{kind:?}: {} bytes were read", read.get());
    }
    // Content of entries that have none is passed over, up to what the archive may have in all.
    for kind in [EntryType::Directory, EntryType::XGlobalHeader, EntryType::Fifo, EntryType::Symlink] {
        assert!(read_tar(swollen(kind, b"x", 64 << 20), 100 << 20, &mut Nothing).is_ok(), "{kind:?}");
        let error = read_tar(swollen(kind, b"x", 64 << 20), 10 << 20, &mut Nothing).unwrap_err();
        let ArchiveError::Damaged(cause) = error else { panic!("{error}") };
        assert!(cause.to_string().contains("more bytes"), "{kind:?}: {cause}");
    }
}

struct Counted<'a, R>(R, &'a Cell<u64>);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.set(self.1.get() + count as u64);
        Ok(count)
    }
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
    /// Whatever entries: all is refused, or what is taken are sound, distinct paths, none in a file or link, and the spool
    /// holds their bytes.
    #[test]
    fn only_sound_paths_come_out(
        items in prop::collection::vec((0usize..6, "[a-cA-C./\\\\]{1,8}", "[a-c./]{0,8}", prop::collection::vec(any::<u8>(), 0..50)), 0..8),
        packed in 0usize..2,
    ) {
        let kinds = [EntryType::Regular, EntryType::Regular, EntryType::Directory, EntryType::Symlink, EntryType::Link, EntryType::Fifo];
        let parts: Vec<_> = items.iter().map(|(kind, name, target, content)| match kinds[*kind] {
            kind @ EntryType::Regular => tar_of(&[(kind, name.as_bytes(), content)]),
            kind => special(kind, name.as_bytes(), target),
        }).collect();
        let tar = joined(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let modes = [0o100_644_u32, 0o100_755, 0o040_755, 0o120_777, 0, 0o010_644];
        let members: Vec<_> = items.iter().map(|(kind, name, _, content)| (name.as_bytes(), 3, modes[*kind] << 16, content.as_slice())).collect();
        let bytes = [tar, raw_zip(&members)][packed].clone();
        if let Ok((entries, spool)) = open(&bytes) && !items.is_empty() {
            let seen: std::collections::HashMap<_, _> = entries.iter().map(|e| (e.path.as_str(), e.kind)).collect();
            prop_assert_eq!(seen.len(), entries.len());
            for entry in &entries {
                let path = entry.path.as_str();
                prop_assert!(!path.split('/').any(|part| part == ".." || part == "." || part.is_empty()), "{}", path);
                for (end, _) in path.match_indices('/') {
                    prop_assert!(seen.get(&path[..end]).is_none_or(|kind| *kind == EntryKind::Folder), "{}", path);
                }
                let bytes = &spool[entry.offset as usize..][..entry.size as usize];
                prop_assert!(entry.kind == EntryKind::Folder || entry.hash == crate::files::content::hash(bytes));
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
