//! What was saved a moment ago is found, also where no index has it yet; what was renamed or deleted is not.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use engunity_protocol::search::SearchAnswer;
use engunity_testkit::TestLab;
use serde_json::json;

use crate::{automatic_lab, index, indexed, paths, project_of, search};

const REGEX: [(&str, &str); 1] = [("mode", "regex")];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_is_found_before_any_job() -> Result<()> {
    // No job is made by itself, so that only the overlay can find what is new.
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let files: Vec<_> =
        (0..20).map(|n| (format!("src/m{n}.py"), format!("def f{n}():\n    return {n}\n"))).collect();
    let project = project_of(&user, &files).await?;
    index(&user, project).await?;
    let file = user.write(project, "src/new.py", "def quokka_lives_here():\n    pass\n").await?;
    let saved = Instant::now();
    let id = file["id"].as_str().unwrap_or_default().to_owned();
    for (text, mode) in [
        ("quokka_lives_here", "regex"),
        ("quokka", "hybrid"),
        ("quokka_lives_here", "symbol"),
        ("new.py", "path"),
    ] {
        let answer = search(&user, project, text, &[("mode", mode)]).await?;
        let hit = answer.hits.first();
        ensure!(hit.is_some_and(|hit| hit.path == "src/new.py"), "{mode}: {answer:?}");
        ensure!(hit.and_then(|hit| hit.file_id).is_some_and(|found| found.to_string() == id), "{mode}");
        ensure!(answer.coverage.files == 21, "{:?}", answer.coverage);
    }
    ensure!(saved.elapsed() < Duration::from_secs(5), "{:?}", saved.elapsed());

    let path = format!("/code/files/{id}");
    user.patch(&path, json!({"content": "def wombat():\n    pass\n"})).await?.ok()?;
    ensure!(search(&user, project, "quokka", &REGEX).await?.hits.is_empty(), "the former content is gone");
    ensure!(paths(&search(&user, project, "wombat", &REGEX).await?) == ["src/new.py"]);
    user.patch(&path, json!({"name": "renamed.py"})).await?.ok()?;
    ensure!(paths(&search(&user, project, "wombat", &REGEX).await?) == ["src/renamed.py"]);
    user.delete(&path).await?.ok()?;
    ensure!(search(&user, project, "wombat", &REGEX).await?.hits.is_empty());

    // The same for files of the index, and for a whole folder.
    let listed: Vec<serde_json::Value> = user.get(&format!("/code/{project}/files")).await?.ok()?.json()?;
    let folder = listed.iter().find(|file| file["path"] == "src").and_then(|file| file["id"].as_str());
    let folder = format!("/code/files/{}", folder.unwrap_or_default());
    user.patch(&folder, json!({"name": "lib"})).await?.ok()?;
    ensure!(paths(&search(&user, project, "def f7\\(", &REGEX).await?) == ["lib/m7.py"]);
    user.delete(&folder).await?.ok()?;
    let empty = search(&user, project, "def", &REGEX).await?;
    ensure!(empty.hits.is_empty() && empty.coverage.files == 0, "{empty:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn unsaved_buffers_count_instead_of_their_files() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.write(project, "a.py", "saved = 1\n").await?;
    index(&user, project).await?;
    let buffers =
        json!([{"path": "a.py", "text": "unsaved = 1\n"}, {"path": "new.py", "text": "unsaved = 2\n"}]);
    let ask = |q: &str| {
        let (user, body) = (user.clone(), json!({"q": q, "mode": "regex", "buffers": buffers}));
        async move { user.post(&format!("/code/{project}/search"), body).await }
    };
    let answer: SearchAnswer = ask("^unsaved").await?.ok()?.json()?;
    ensure!(paths(&answer) == ["a.py", "new.py"], "{answer:?}");
    let ids: Vec<bool> = answer.hits.iter().map(|hit| hit.file_id.is_some()).collect();
    ensure!(ids.iter().filter(|has| **has).count() == 1, "the new one has no id yet: {answer:?}");
    let hidden: SearchAnswer = ask("^saved").await?.ok()?.json()?;
    ensure!(hidden.hits.is_empty(), "{hidden:?}");
    ensure!(paths(&search(&user, project, "^saved", &REGEX).await?) == ["a.py"], "nothing was saved by that");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_indexed_by_themselves_with_one_job_for_many() -> Result<()> {
    let lab = automatic_lab(1).await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    for n in 0..30 {
        user.write(project, &format!("f{n}.txt"), &format!("number {n}\n")).await?;
        let answer = search(&user, project, &format!("number {n}$"), &REGEX).await?;
        ensure!(paths(&answer) == [format!("f{n}.txt")], "found at once: {answer:?}");
    }
    let status = indexed(&user, project).await?;
    ensure!(status.files == 30, "{status:?}");
    let jobs: Vec<serde_json::Value> = user.get("/jobs?kind=index").await?.ok()?.json()?;
    ensure!(jobs.len() < 15, "{} jobs for 30 changes", jobs.len());
    ensure!(paths(&search(&user, project, "number 7$", &REGEX).await?) == ["f7.txt"]);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_project_without_an_index_says_what_is_missing_and_gets_one() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let files: Vec<_> = (0..1000).map(|n| (format!("f{n:04}.txt"), format!("number {n}\n"))).collect();
    let project = project_of(&user, &files).await?;
    let before = search(&user, project, "number", &[("mode", "regex"), ("limit", "10000")]).await?;
    ensure!(!before.exact && before.notes.len() == 1 && before.coverage.files == 1000, "{:?}", before.notes);
    ensure!(before.coverage.indexed < 1000 && !before.hits.is_empty(), "{:?}", before.coverage);
    // The search has asked for the index itself.
    indexed(&user, project).await?;
    let after = search(&user, project, "number", &[("mode", "regex"), ("limit", "10000")]).await?;
    ensure!(
        after.exact && after.hits.len() == 1000 && after.coverage.indexed == 1000,
        "{:?}",
        after.coverage
    );
    lab.finish().await
}
