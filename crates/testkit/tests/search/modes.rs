//! A real project, uploaded as an archive, in each mode.

use anyhow::{Result, ensure};
use engunity_protocol::{index::IndexState, search::SearchAnswer};
use engunity_testkit::TestLab;
use serde_json::{Value, json};

use crate::{grep, index, index_status, own_sources, paths, places, project_of, search};

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_project_is_found_in_each_mode() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let files = own_sources("crates/protocol/src");
    let project = project_of(&user, &files).await?;
    ensure!(index_status(&user, project).await?.state == IndexState::None);
    let status = index(&user, project).await?;
    ensure!(status.files == files.len() as u64 && status.chunks > status.files, "{status:?}");
    ensure!(status.segments >= 1 && status.indexed_at.is_some() && status.skipped.is_empty(), "{status:?}");

    // Exactly what grep finds, with the lines as they stand.
    let mode = [("mode", "regex"), ("limit", "10000")];
    for (pattern, plain) in
        [("fn [a-z_]+\\(", None), ("pub struct", Some("pub struct")), ("Snapshot", Some("Snapshot"))]
    {
        let answer = search(&user, project, pattern, &mode).await?;
        ensure!(answer.exact && !answer.truncated, "{answer:?}");
        if let Some(text) = plain {
            ensure!(places(&answer.hits) == grep(&files, |line| line.contains(text)), "{pattern}");
        }
        let highlighted = answer.hits.iter().all(|hit| hit.highlights.iter().all(|[from, to]| from < to));
        ensure!(!answer.hits.is_empty() && highlighted, "{pattern}");
    }
    let insensitive =
        search(&user, project, "snapshot", &[("mode", "regex"), ("case", "insensitive"), ("limit", "10000")])
            .await?;
    let expected = grep(&files, |line| line.to_lowercase().contains("snapshot"));
    ensure!(places(&insensitive.hits) == expected);
    let text = search(&user, project, "(seq)", &[("mode", "text"), ("limit", "10000")]).await?;
    ensure!(places(&text.hits) == grep(&files, |line| line.contains("(seq)")), "{text:?}");

    let symbol = search(&user, project, "ExecuteSpec", &[("mode", "symbol")]).await?;
    let symbols: Vec<&str> =
        symbol.hits.iter().filter_map(|hit| hit.symbol.as_ref()).map(|s| s.name.as_str()).collect();
    ensure!(symbols.contains(&"ExecuteSpec"), "{symbol:?}");
    let path = search(&user, project, "verdct.rs", &[("mode", "path")]).await?;
    ensure!(path.hits.first().is_some_and(|hit| hit.path.ends_with("verdict.rs")), "{path:?}");
    for mode in ["hybrid", "lexical"] {
        let answer =
            search(&user, project, "terminal state of a verdict", &[("mode", mode), ("explain", "true")])
                .await?;
        ensure!(
            paths(&answer).iter().any(|path| path.ends_with("verdict.rs")),
            "{mode}: {:?}",
            paths(&answer)
        );
        ensure!(answer.hits.iter().all(|hit| hit.why.is_some() && hit.file_id.is_some()), "{mode}");
        ensure!(answer.coverage.files == files.len() as u64, "{:?}", answer.coverage);
    }
    filters(&user, project, &files).await?;
    lab.finish().await
}

async fn filters(
    user: &engunity_testkit::Client,
    project: engunity_protocol::ProjectId,
    files: &[(String, String)],
) -> Result<()> {
    let regex = [("mode", "regex"), ("limit", "10000")];
    let job = search(user, project, "pub", &[regex[0], regex[1], ("path", "**/job/*.rs")]).await?;
    ensure!(
        !job.hits.is_empty() && paths(&job).iter().all(|path| path.contains("/job/")),
        "{:?}",
        paths(&job)
    );
    let python = search(user, project, "pub", &[regex[0], regex[1], ("lang", "python")]).await?;
    ensure!(python.hits.is_empty(), "{python:?}");
    let rust = search(user, project, "pub", &[regex[0], regex[1], ("lang", "rust")]).await?;
    ensure!(places(&rust.hits) == grep(files, |line| line.contains("pub")));
    let few = search(user, project, "pub", &[regex[0], ("limit", "3")]).await?;
    ensure!(few.hits.len() == 3 && few.truncated, "{few:?}");
    let wide = search(user, project, "pub enum SearchMode", &[regex[0], ("context", "2")]).await?;
    let [hit] = wide.hits.as_slice() else { anyhow::bail!("{wide:?}") };
    ensure!(hit.snippet.lines().count() == 5 && hit.snippet_line == hit.start_line - 2, "{hit:?}");
    let [from, to] = hit.highlights[0];
    let marked: Vec<u16> = hit.snippet.encode_utf16().collect();
    ensure!(
        String::from_utf16_lossy(&marked[from as usize..to as usize]) == "pub enum SearchMode",
        "{hit:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_searched_is_refused_or_said() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    let long = format!("{}b", "a".repeat(100_000));
    user.write(project, "a.txt", &long).await?;
    let get = |query: String| {
        let user = user.clone();
        async move { user.get(&format!("/code/{project}/search?{query}")).await }
    };
    for broken in ["%28", "%5B", "a%7B1000000%7D%7B1000000%7D", "%28%3F%3Cname"] {
        let answer = get(format!("q={broken}&mode=regex")).await?;
        let problem = answer.problem()?;
        ensure!(
            problem.status == 422 && problem.errors.first().is_some_and(|e| e.field == "q"),
            "{problem:?}"
        );
    }
    let glob = get("q=x&path=%5B".into()).await?.problem()?;
    ensure!(glob.status == 422 && glob.errors.first().is_some_and(|e| e.field == "path"), "{glob:?}");
    // A pattern that takes other engines forever.
    let hard: SearchAnswer = get("q=%28a%2B%29%2B%24&mode=regex".into()).await?.ok()?.json()?;
    ensure!(hard.took_ms < 10_000.0, "{hard:?}");
    // This worker has no model: the answer says so instead of finding nothing without a word.
    let meaning: SearchAnswer = get("q=letters&mode=semantic".into()).await?.ok()?.json()?;
    ensure!(meaning.hits.is_empty() && !meaning.exact && meaning.notes.len() == 1, "{meaning:?}");
    ensure!(meaning.coverage.embedded == 0, "{meaning:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_left_out_are_named() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.upload(project, "logo.png", b"\x89PNG\r\n\x1a\n\0\0\0needle".to_vec()).await?.ok()?;
    user.write(project, "a.txt", "needle").await?;
    let status = index(&user, project).await?;
    ensure!(status.skipped.iter().any(|file| file.path == "logo.png" && !file.why.is_empty()), "{status:?}");
    let answer = search(&user, project, "needle", &[("mode", "regex")]).await?;
    ensure!(paths(&answer) == ["a.txt"] && answer.coverage.skipped == 1, "{answer:?}");
    let document: Value = user.get("/openapi.json").await?.ok()?.json()?;
    ensure!(
        document["components"]["schemas"]["SearchAnswer"]["required"].as_array().is_some(),
        "it is described"
    );
    ensure!(document["paths"]["/api/v1/code/{project_id}/search"]["get"]["parameters"] != json!([]));
    lab.finish().await
}
