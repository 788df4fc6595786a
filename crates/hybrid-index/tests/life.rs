//! How an index changes: increments, merges, crashes, vectors that go on where they stopped.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::*;
use engunity_hybrid_index::{
    Content, EmbedBudget, EmbedError, Embedder, FileChange, FileHash, HashingEmbedder, IndexError, Mode,
    ModelId, Opened, ProjectIndex, Settings,
};

#[test]
fn only_what_changed_is_read() {
    let lab = project();
    let put = |text: &'static str| FileChange::Put {
        path: "src/urls.py".into(),
        hash: FileHash::of(text.as_bytes()),
        language: Some("python".into()),
        content: Content::Open(Box::new(move || {
            assert_ne!(text, URLS, "an unchanged file is opened");
            Ok(text.as_bytes().to_vec())
        })),
    };
    let generation = lab.index.state().generation;
    let applied = lab.index.apply([put(URLS), FileChange::remove("not/there")]).expect("applied");
    assert_eq!((applied.unchanged, applied.put, applied.removed), (2, 0, 0));
    assert_eq!(lab.index.state().generation, generation, "nothing was committed");
    let applied =
        lab.index.apply([put("def fresh():\n    pass\n"), FileChange::remove("logo.png")]).expect("applied");
    assert_eq!((applied.put, applied.removed), (1, 1));
    assert_eq!(names(&lab.search("fresh", Mode::Symbol)), ["fresh"]);
    assert!(lab.search("join_paths", Mode::Text).hits.is_empty());
    let mut files: Vec<_> = lab.index.files().into_iter().map(|(path, _)| path).collect();
    files.sort();
    assert_eq!(files, ["src/urls.py", "tests/test_urls.py", "web/app.min.js", "web/colours.ts"]);
}

#[test]
fn what_is_left_out_is_said() {
    let lab = project();
    let skipped = lab.index.skipped();
    let paths: Vec<_> = skipped.iter().map(|file| (file.path.as_str(), file.searched_by_text)).collect();
    assert_eq!(paths, [("logo.png", false), ("web/app.min.js", true)]);
    assert!(skipped[0].why.contains("binary"), "{}", skipped[0].why);
    let coverage = lab.search("x", Mode::Text).coverage;
    assert_eq!((coverage.files, coverage.indexed, coverage.skipped), (5, 4, 2));
    lab.index
        .apply([FileChange::Put {
            path: "dump.sql".into(),
            hash: FileHash("1".into()),
            language: None,
            content: Content::TooLarge { bytes: 99_000_000 },
        }])
        .expect("applied");
    assert!(lab.index.skipped()[0].why.contains("99000000 bytes"));
}

#[test]
fn an_index_is_found_again_and_has_one_writer() {
    let lab = project();
    lab.embed();
    let state = lab.index.state();
    let second = ProjectIndex::open(lab.dir.path(), Settings::default());
    assert!(matches!(second, Err(IndexError::Locked { .. })));
    let reader = ProjectIndex::open_read_only(lab.dir.path(), Settings::default()).expect("a reader");
    assert_eq!(reader.state(), state);
    assert!(matches!(reader.apply([FileChange::put("x", None, "y")]), Err(IndexError::ReadOnly)));
    let Lab { dir, index } = lab;
    drop(index);
    let (index, opened) = ProjectIndex::open(dir.path(), Settings::default()).expect("an index");
    assert_eq!((opened, index.state()), (Opened::Existing, state));
}

#[test]
fn a_change_that_fails_leaves_the_former_state() {
    let lab = project();
    let before = (lab.index.state(), lab.index.files());
    let broken = FileChange::Put {
        path: "b.py".into(),
        hash: FileHash("2".into()),
        language: None,
        content: Content::Open(Box::new(|| Err(std::io::Error::other("the disk is gone")))),
    };
    let failed =
        lab.index.apply([FileChange::put("a.py", None, "aaa"), FileChange::remove("src/urls.py"), broken]);
    assert!(matches!(failed, Err(IndexError::Io { .. })));
    assert_eq!((lab.index.state(), lab.index.files()), before);
    assert!(lab.search("aaa", Mode::Text).hits.is_empty());
}

/// A process that dies while it writes leaves files that no manifest names, or a manifest under another name.
#[test]
fn a_crash_in_the_middle_of_a_commit_leaves_the_former_state() {
    let Lab { dir, index } = project();
    let before = index.state();
    drop(index);
    let objects = dir.path().join("objects");
    let complete = std::fs::read_dir(&objects).expect("objects").count();
    std::fs::write(objects.join("ab".repeat(32)), b"half a segment").expect("written");
    std::fs::write(objects.join(".tmpXYZ"), b"half").expect("written");
    std::fs::write(dir.path().join(".tmp123"), b"half a manifest").expect("written");
    let (index, opened) = ProjectIndex::open(dir.path(), Settings::default()).expect("an index");
    assert_eq!((opened, index.state()), (Opened::Existing, before));
    assert_eq!(std::fs::read_dir(&objects).expect("objects").count(), complete, "leftovers are removed");
}

#[test]
fn a_damaged_index_is_discarded_and_says_why() {
    for damage in ["manifest", "object"] {
        let Lab { dir, index } = project();
        drop(index);
        let object = std::fs::read_dir(dir.path().join("objects"))
            .expect("objects")
            .flatten()
            .next()
            .expect("one")
            .path();
        let path = if damage == "manifest" { dir.path().join("manifest") } else { object };
        let bytes = std::fs::read(&path).expect("bytes");
        std::fs::write(&path, &bytes[..bytes.len() - 1]).expect("written");
        let (index, opened) = ProjectIndex::open(dir.path(), Settings::default()).expect("an index");
        assert!(matches!(&opened, Opened::Discarded { why } if !why.is_empty()), "{opened:?}");
        assert_eq!(index.state().files, 0);
        index.apply([FileChange::put("a.py", Some("python"), "def again(): pass")]).expect("applied");
        assert_eq!(index.state().files, 1);
    }
}

#[test]
fn merging_changes_nothing_that_is_found() {
    let lab = project();
    for round in 0..12 {
        let text = format!("def round_{round}():\n    return {round}\n");
        lab.index
            .apply([FileChange::put(format!("r{}.py", round % 8), Some("python"), text)])
            .expect("applied");
    }
    let before = (
        lab.search("round", Mode::Lexical).hits.len(),
        lab.search("return", Mode::Text).hits,
        lab.index.state(),
    );
    while lab.index.maintain().expect("maintained") {}
    let after = (
        lab.search("round", Mode::Lexical).hits.len(),
        lab.search("return", Mode::Text).hits,
        lab.index.state(),
    );
    assert_eq!((before.0, &before.1), (after.0, &after.1));
    assert!(
        after.2.segments < before.2.segments && after.2.segments < 7,
        "{} to {}",
        before.2.segments,
        after.2.segments
    );
    assert_eq!(before.2.files, after.2.files);
    let objects = std::fs::read_dir(lab.dir.path().join("objects")).expect("objects").count();
    assert_eq!(objects, after.2.segments, "what was merged is removed");
}

/// Counts texts, and fails after some.
struct Counting {
    twin: HashingEmbedder,
    texts: AtomicUsize,
    fail_after: usize,
}

impl Counting {
    fn new(fail_after: usize) -> Self {
        Self { twin: HashingEmbedder::new(64), texts: AtomicUsize::new(0), fail_after }
    }
}

impl Embedder for Counting {
    fn model(&self) -> &ModelId {
        self.twin.model()
    }

    fn dimensions(&self) -> usize {
        self.twin.dimensions()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let before = self.texts.fetch_add(texts.len(), Ordering::Relaxed);
        if before >= self.fail_after {
            return Err(EmbedError("out of memory".into()));
        }
        self.twin.embed(texts)
    }
}

fn many_functions(count: usize) -> String {
    (0..count).map(|n| format!("def function_{n}(value):\n    return value + {n}\n\n")).collect()
}

#[test]
fn vectors_go_on_where_they_stopped_and_are_made_once() {
    let lab = lab();
    lab.index.apply([FileChange::put("a.py", Some("python"), many_functions(150))]).expect("applied");
    let failing = Counting::new(64);
    let stopped = lab.index.embed_pending(&failing, EmbedBudget::ALL, &mut |_| ());
    assert!(matches!(stopped, Err(IndexError::Embed(_))));
    assert_eq!(lab.index.state().embedding.done, 64, "what was made is kept");
    let budget = EmbedBudget { texts: 100, until: None };
    let model = Counting::new(usize::MAX);
    assert_eq!(lab.index.embed_pending(&model, budget, &mut |_| ()).expect("vectors").done, 164);
    let rest = lab.index.embed_pending(&model, EmbedBudget::ALL, &mut |_| ()).expect("vectors");
    assert_eq!((rest.done, rest.total, model.texts.load(Ordering::Relaxed)), (300, 300, 236));
    // One function more: one signature and one body.
    lab.index.apply([FileChange::put("a.py", Some("python"), many_functions(151))]).expect("applied");
    lab.index.embed_pending(&model, EmbedBudget::ALL, &mut |_| ()).expect("vectors");
    assert_eq!(model.texts.load(Ordering::Relaxed), 238);
}

#[test]
fn signatures_come_first_and_bodies_of_tests_never() {
    let lab = lab();
    lab.index
        .apply([
            FileChange::put("tests/test_a.py", Some("python"), "def test_go():\n    assert 1\n"),
            FileChange::put("a.py", Some("python"), "def go():\n    return 1\n"),
        ])
        .expect("applied");
    struct Listening(HashingEmbedder, std::sync::Mutex<Vec<String>>);
    impl Embedder for Listening {
        fn model(&self) -> &ModelId {
            self.0.model()
        }
        fn dimensions(&self) -> usize {
            self.0.dimensions()
        }
        fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
            self.1.lock().expect("texts").extend(texts.iter().map(ToString::to_string));
            self.0.embed(texts)
        }
    }
    let listening = Listening(HashingEmbedder::default(), std::sync::Mutex::default());
    lab.index.embed_pending(&listening, EmbedBudget::ALL, &mut |_| ()).expect("vectors");
    let texts = listening.1.into_inner().expect("texts");
    assert_eq!(texts[..2], ["go in a", "test go in tests test a"]);
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[2].starts_with("def go"));
}

#[test]
fn another_model_starts_anew() {
    let lab = project();
    lab.embed();
    let other = HashingEmbedder::new(32);
    let progress =
        lab.index.embed_pending(&other, EmbedBudget { texts: 1, until: None }, &mut |_| ()).expect("vectors");
    assert_eq!(progress.done, 1);
    assert!(
        !lab.ask_with_meaning("parse", Mode::Hybrid).coverage.meaning,
        "the query's vector is of the former one"
    );
}

#[test]
fn many_vectors_get_a_graph_that_finds_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { graph_from: 40, ..Settings::default() };
    let (index, _) = ProjectIndex::open(dir.path(), settings).expect("an index");
    let lab = Lab { dir, index };
    lab.index
        .apply([
            FileChange::put("a.py", Some("python"), many_functions(20)),
            FileChange::put("u.py", Some("python"), URLS),
        ])
        .expect("applied");
    lab.embed();
    let before = names(&lab.ask_with_meaning("two paths together", Mode::Semantic))[0].to_owned();
    assert!(lab.index.maintain().expect("maintained"));
    let after = lab.ask_with_meaning("two paths together", Mode::Semantic);
    assert_eq!((before.as_str(), names(&after)[0]), ("join_paths", "join_paths"));
    assert!(!lab.index.maintain().expect("maintained"), "once is enough");
}

#[test]
fn searches_run_beside_changes() {
    let lab = project();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..10 {
                let text = format!("def keep(): pass\n# round {round}\n");
                lab.index.apply([FileChange::put("a.py", Some("python"), text)]).expect("applied");
                lab.index.maintain().expect("maintained");
            }
        });
        while !writer.is_finished() {
            assert_eq!(names(&lab.search("join_paths", Mode::Symbol)), ["join_paths"]);
            let rounds = lab.search("# round", Mode::Text).hits.len();
            assert!(rounds <= 1, "two versions of a file at once");
        }
    });
}

#[test]
fn a_file_that_is_saved_again_and_again_leaves_no_objects_behind() {
    let lab = project();
    let objects = || std::fs::read_dir(lab.dir.path().join("objects")).expect("objects").count();
    lab.index.maintain().expect("maintained");
    let before = objects();
    for number in 0..20 {
        lab.index
            .apply([FileChange::put("src/urls.py", Some("python"), format!("saved = {number}\n"))])
            .expect("applied");
        lab.index.maintain().expect("maintained");
    }
    assert!(objects() <= before + 3, "{} objects, before {before}", objects());
}
