//! `engunity search` and `engunity index`: what they print, and how they exit.

mod scripted;
#[allow(dead_code)] // a part is used here
mod support;

use anyhow::{Result, ensure};
use engunity_testkit::TestLab;
use scripted::*;
use serde_json::{Value, json};
use support::Person;

fn hit(path: &str, line: u32, snippet: &str, highlights: Value) -> Value {
    json!({"project_id": PROJECT, "file_id": JOB, "path": path, "language": null, "start_line": line, "end_line": line,
        "snippet": snippet, "snippet_line": line, "highlights": highlights, "score": 1.0})
}

fn found(hits: &[Value], notes: &[&str]) -> Value {
    json!({"took_ms": 1.5, "coverage": {"files": 2, "indexed": 2, "embedded": 0, "skipped": 0}, "exact": true,
        "hits": hits, "notes": notes})
}

#[tokio::test]
async fn a_search_prints_and_exits_like_grep() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = server(|asked| match asked.path.as_str() {
        path if path.contains("q=nothing") => json_of(&found(&[], &[])),
        path if path.contains("q=%28") => {
            let problem = json!({"type": "x", "title": "bad", "status": 422, "detail": "1 field is wrong",
                "code": "invalid_input", "errors": [{"field": "q", "message": "unclosed group"}]});
            answer("422 Unprocessable Entity", "application/problem+json", problem.to_string().as_bytes())
        }
        path if path.contains("mode=regex") && path.contains("lang=rust") && path.contains("context=1") => {
            json_of(&found(&[hit("a.rs", 7, "fn x() {\u{1b}[2J}", json!([[3, 4]]))], &[]))
        }
        path if path.contains("mode=hybrid") && path.contains("q=two+words") => {
            let hits = [hit("b.rs", 1, "two", json!([[0, 3]])), hit("a.rs", 2, "words", json!([]))];
            json_of(&found(&hits, &["3 files wait"]))
        }
        path if path.ends_with(PROJECT) => json_of(&project("demo")),
        _ => answer("404 Not Found", "text/plain", b""),
    })
    .await?;
    let search = |args: &'static [&'static str]| {
        let (server, dir) = (server.clone(), dir.path().to_owned());
        let args: Vec<&str> = ["-p", PROJECT, "search"].into_iter().chain(args.iter().copied()).collect();
        async move { engunity(&server, &dir, &args).await }
    };
    let said = search(&["--regex", "x", "--lang", "rust", "-C", "1"]).await?;
    ensure!(said.status.code() == Some(0), "{}", text(&said.stderr));
    ensure!(text(&said.stdout) == "a.rs:7:fn x() {\u{fffd}[2J}\n", "{}", text(&said.stdout));
    let said = search(&["two", "words"]).await?;
    ensure!(text(&said.stdout) == "b.rs:1:two\na.rs:2:words\n", "{}", text(&said.stdout));
    ensure!(text(&said.stderr).contains("3 files wait"), "{}", text(&said.stderr));
    let said = search(&["nothing"]).await?;
    ensure!(said.status.code() == Some(1) && said.stdout.is_empty() && said.stderr.is_empty());
    let said = search(&["nothing", "--json"]).await?;
    let printed: Value = serde_json::from_slice(&said.stdout)?;
    ensure!(said.status.code() == Some(1) && printed["hits"] == json!([]), "{printed}");
    for wrong in [&["--regex", "("][..], &["--regex", "--symbol", "x"], &[]] {
        let said = engunity(&server, dir.path(), &[&["search", "-p", PROJECT], wrong].concat()).await?;
        ensure!(said.status.code() == Some(2) && said.stdout.is_empty(), "{wrong:?}: {}", text(&said.stderr));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_folder_is_searched() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let files = [("src/a.py", "def first_needle():\n    pass\n"), ("b.txt", "a needle\nno\n")];
    let folder = ada.folder("demo", &files)?;
    ensure!(ada.run_in(&folder, &["upload"]).await?.code == 0);
    let said = ada.run_in(&folder, &["search", "--text", "needle"]).await?;
    ensure!(
        said.code == 0 && said.stdout == "b.txt:1:a needle\nsrc/a.py:1:def first_needle():\n",
        "{said:?}"
    );
    let built = ada.json(&folder, &["index", "build", "--json"]).await?;
    ensure!(built["state"] == "ready" && built["files"] == 2, "{built}");
    let said = ada.run_in(&folder, &["search", "--regex", "^def \\w+_needle", "-g", "src/**"]).await?;
    ensure!(said.code == 0 && said.stdout == "src/a.py:1:def first_needle():\n", "{said:?}");
    let said = ada.run_in(&folder, &["search", "--files", "b.txt"]).await?;
    ensure!(said.code == 0 && said.stdout == "b.txt\n", "{said:?}");
    ensure!(ada.run_in(&folder, &["search", "--text", "no such text"]).await?.code == 1);
    let status = ada.run_in(&folder, &["index"]).await?;
    ensure!(status.code == 0 && status.stdout.starts_with("ready"), "{status:?}");
    let runs = ada.json(&folder, &["jobs", "--json"]).await?;
    ensure!(runs == json!([]), "index jobs are no runs: {runs}");
    let indexes = ada.json(&folder, &["jobs", "--kind", "index", "--json"]).await?;
    ensure!(indexes[0]["kind"] == "index", "{indexes}");
    lab.finish().await
}
