//! The trash and the history of files at the command line.

use anyhow::Result;
use engunity_testkit::TestLab;

use crate::support::Person;

#[tokio::test]
async fn what_was_deleted_is_listed_restored_and_emptied() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let folder = ada.folder("demo", &[("src/a.py", "1\n"), ("src/b.py", "2\n"), ("c.txt", "3\n")])?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let empty = ada.run_in(&folder, &["trash"]).await?;
    assert_eq!((empty.code, empty.stdout.lines().count()), (0, 1), "{empty:?}");

    std::fs::remove_dir_all(folder.join("src"))?;
    std::fs::remove_file(folder.join("c.txt"))?;
    std::fs::write(folder.join("d.txt"), "4\n")?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let listed = ada.json(&folder, &["trash", "--json"]).await?;
    let paths: Vec<&str> =
        listed.as_array().unwrap().iter().filter_map(|entry| entry["path"].as_str()).collect();
    assert!(paths.len() == 2 && paths.contains(&"src") && paths.contains(&"c.txt"), "{listed}");
    let table = ada.run_in(&folder, &["trash", "list"]).await?;
    assert!(table.code == 0 && table.stdout.contains("src/"), "{table:?}");

    let inside = ada.run_in(&folder, &["trash", "restore", "src/a.py"]).await?;
    assert!(inside.code == 125 && inside.stderr.contains("with the folder src"), "{inside:?}");
    let unknown = ada.run_in(&folder, &["trash", "restore", "nothing"]).await?;
    assert!(unknown.code == 125 && unknown.stderr.contains("try: engunity trash list"), "{unknown:?}");
    let back = ada.run_in(&folder, &["trash", "restore", "src/", "c.txt"]).await?;
    assert_eq!((back.code, back.stdout.as_str()), (0, "restored c.txt\nrestored src\n"), "{back:?}");

    ada.json(&folder, &["upload", "--json"]).await?;
    ada.json(&folder, &["trash", "restore", "--json", "c.txt"]).await?;
    std::fs::write(folder.join("c.txt"), "3\n")?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let taken = ada.run_in(&folder, &["trash", "restore", "src"]).await?;
    assert_eq!(taken.code, 0, "{taken:?}");
    ada.json(&folder, &["upload", "--json"]).await?;
    ada.folder("demo", &[("src/new.py", "5\n")])?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let taken = ada.run_in(&folder, &["trash", "restore", "src"]).await?;
    assert!(taken.code == 125 && taken.stderr.contains("exists already"), "{taken:?}");
    let beside = ada.run_in(&folder, &["trash", "restore", "--rename", "src"]).await?;
    assert_eq!((beside.code, beside.stdout.as_str()), (0, "restored src (1)\n"), "{beside:?}");

    let asked = ada.run_in(&folder, &["trash", "empty"]).await?;
    assert!(asked.code == 125 && asked.stderr.contains("--yes"), "{asked:?}");
    let emptied = ada.json(&folder, &["trash", "empty", "--yes", "--json"]).await?;
    assert!(emptied["emptied"].is_string());
    assert_eq!(ada.json(&folder, &["trash", "--json"]).await?, serde_json::json!([]));
    lab.finish().await
}

#[tokio::test]
async fn versions_are_listed_shown_compared_and_restored() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let folder = ada.folder("demo", &[("a.txt", "one\nsame\n"), ("stays", "")])?;
    ada.json(&folder, &["upload", "--json"]).await?;
    std::fs::write(folder.join("a.txt"), "two\nsame\n")?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let versions = ada.json(&folder, &["history", "a.txt", "--json"]).await?;
    assert_eq!(versions.as_array().map(Vec::len), Some(2), "{versions}");
    assert_eq!((&versions[0]["current"], &versions[1]["cause"]), (&true.into(), &"sync".into()));
    let table = ada.run_in(&folder, &["history", "./a.txt"]).await?;
    assert!(table.code == 0 && table.stdout.contains("sync (now)"), "{table:?}");

    let shown = ada.run_in(&folder, &["history", "a.txt", "--show", "2"]).await?;
    assert_eq!((shown.code, shown.stdout.as_str()), (0, "one\nsame\n"));
    let id = versions[1]["id"].as_str().unwrap_or_default();
    let shown = ada.json(&folder, &["history", "a.txt", "--show", id, "--json"]).await?;
    assert_eq!((&shown["content"], &shown["encoding"]), (&"one\nsame\n".into(), &"utf-8".into()));
    let diff = ada.run_in(&folder, &["history", "a.txt", "--diff", "2"]).await?;
    assert_eq!(diff.stdout, "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-one\n+two\n same\n", "{diff:?}");
    let restored = ada.json(&folder, &["history", "a.txt", "--restore", id, "--json"]).await?;
    assert_eq!(restored["content"], "one\nsame\n");

    std::fs::remove_file(folder.join("a.txt"))?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let gone = ada.json(&folder, &["history", "a.txt", "--json"]).await?;
    assert_eq!((&gone[0]["cause"], &gone[0]["current"]), (&"delete".into(), &false.into()));
    let diff = ada.run_in(&folder, &["history", "a.txt", "--diff", "1"]).await?;
    assert!(diff.stdout.contains("+++ /dev/null"), "{diff:?}");

    for args in [["history", "a.txt", "--show", "99"], ["history", "none", "--show", "1"]] {
        let said = ada.run_in(&folder, &args).await?;
        assert!(said.code == 125 && said.stdout.is_empty() && said.stderr.contains("try: "), "{said:?}");
    }
    let both = ada.run_in(&folder, &["history", "a.txt", "--show", "1", "--diff", "2"]).await?;
    assert!(both.code == 125 && both.stderr.contains("cannot be used with"), "{both:?}");
    lab.finish().await
}
