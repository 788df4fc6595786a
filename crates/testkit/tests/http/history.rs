//! The local history: whatever changes a file leaves a version of what it was, and any version can be had back.

use anyhow::{Context, Result, ensure};
use engunity_protocol::ProjectId;
use engunity_protocol::file::File;
use engunity_protocol::history::{Cause, Version};
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::{Client, TestLab};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::bulk::{bulk, paths, restore, trash};
use crate::{header, lab, refused};

async fn history(user: &Client, project: ProjectId, path: &str) -> Result<Vec<Version>> {
    user.get(&format!("/code/{project}/history?path={path}")).await?.ok()?.json()
}

async fn content(user: &Client, project: ProjectId, version: &Version) -> Result<String> {
    let answer = user.get(&format!("/code/{project}/history/{}/content", version.id)).await?.ok()?;
    ensure!(header(&answer, "etag") == format!("\"{}\"", version.hash));
    Ok(answer.text())
}

/// Each entry as `cause: content`, newest first.
async fn told(user: &Client, project: ProjectId, path: &str) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for version in history(user, project, path).await? {
        let now = if version.current { " (now)" } else { "" };
        lines.push(format!("{}: {}{now}", version.cause, content(user, project, &version).await?));
    }
    Ok(lines)
}

async fn file_at(user: &Client, project: ProjectId, path: &str) -> Result<File> {
    let files: Vec<File> = user.get(&format!("/code/{project}/files?limit=1000")).await?.ok()?.json()?;
    files.into_iter().find(|file| file.path == path).with_context(|| format!("no {path}"))
}

async fn save(user: &Client, project: ProjectId, path: &str, text: &str) -> Result<()> {
    let id = file_at(user, project, path).await?.id;
    user.patch(&format!("/code/files/{id}"), json!({"content": text})).await?.ok().map(drop)
}

/// Makes the last saves old enough not to be one version with the next.
async fn pause(lab: &TestLab) -> Result<()> {
    let sql = "UPDATE code_files SET content_from = content_from - interval '11 seconds'";
    lab.database.client().await?.execute(sql, &[]).await.map(drop).map_err(Into::into)
}

async fn sync(user: &Client, project: ProjectId, path: &str, text: &str) -> Result<()> {
    let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    let manifest = json!({"files": [{"path": path, "hash": hash, "size": text.len()}], "keep": true});
    user.post(&format!("/code/{project}/sync"), manifest).await?.ok()?;
    let mut tar = tar::Builder::new(Vec::new());
    let mut head = tar::Header::new_gnu();
    head.set_size(text.len() as u64);
    tar.append_data(&mut head, "x", text.as_bytes())?;
    let blobs = user.request(Method::PUT, &format!("/code/{project}/blobs")).body(tar.into_inner()?);
    user.send(blobs).await?.ok()?;
    let commit = user.request(Method::POST, &format!("/code/{project}/sync/commit"));
    user.send(commit).await?.ok().map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_changes_a_file_leaves_a_version() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.write(project, "a.txt", "created").await?;
    save(&user, project, "a.txt", "saved").await?;
    user.upload(project, "a.txt", b"uploaded".to_vec()).await?.ok()?;
    let mut tar = tar::Builder::new(Vec::new());
    let mut head = tar::Header::new_gnu();
    head.set_size(8);
    tar.append_data(&mut head, "a.txt", &b"unpacked"[..])?;
    user.upload(project, "p.tar", tar.into_inner()?).await?.ok()?;
    sync(&user, project, "a.txt", "synced").await?;
    let id = file_at(&user, project, "a.txt").await?.id;
    let put = user.request(Method::PUT, &format!("/code/files/{id}/content")).body("put");
    user.send(put).await?.ok()?;
    user.delete(&format!("/code/files/{id}")).await?.ok()?;
    let deleted = told(&user, project, "a.txt").await?;
    ensure!(deleted[..2] == ["delete: put", "save: put"], "of a deleted file too: {deleted:?}");
    let key = project.to_string();
    restore(&user, &key, json!({"ids": [trash(&user, &key).await?[0].id]})).await?;
    user.write(project, "other/a.txt", "another").await?;
    let replace =
        json!({"operation": "move", "paths": ["other/a.txt"], "into": "", "on_conflict": "replace"});
    bulk(&user, &key, replace).await?;
    let first = history(&user, project, "a.txt").await?.pop().context("the first version")?;
    let body = json!({"path": "a.txt"});
    let url = format!("/code/{project}/history/{}/restore", first.id);
    let back: Value = user.post(&url, body).await?.ok()?.json()?;
    ensure!(back["content"] == "created" && back["path"] == "a.txt", "{back}");

    let all = told(&user, project, "a.txt").await?;
    let wanted = [
        "restore: created (now)",
        "move: another",
        "replace: put",
        "restore: put",
        "delete: put",
        "save: put",
        "sync: synced",
        "upload: unpacked",
        "upload: uploaded",
        "save: saved",
        "create: created",
    ];
    // What one transaction does has one time, so only the ends have an order; the file that moved here had a version elsewhere.
    let sorted = |lines: &[&str]| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines.sort();
        lines
    };
    let found = sorted(&all.iter().map(String::as_str).collect::<Vec<_>>());
    ensure!(found == sorted(&[&wanted[..], &["create: another"]].concat()), "{all:?}");
    ensure!(all.first().map(String::as_str) == Some(wanted[0]), "{all:?}");
    let authors = history(&user, project, "a.txt").await?;
    ensure!(authors.iter().all(|v| v.author.as_ref().is_some_and(|a| a.name == "A Tester")));
    ensure!(history(&user, project, "none").await?.is_empty());
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_saves_are_one_version() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.write(project, "a.txt", "0").await?;
    for n in 1..=5 {
        save(&user, project, "a.txt", &n.to_string()).await?;
    }
    ensure!(told(&user, project, "a.txt").await? == ["save: 5 (now)", "create: 0"]);
    pause(&lab).await?;
    save(&user, project, "a.txt", "6").await?;
    save(&user, project, "a.txt", "6").await?;
    ensure!(told(&user, project, "a.txt").await? == ["save: 6 (now)", "save: 5", "create: 0"]);
    let page = user.get(&format!("/code/{project}/history?path=a.txt&limit=2")).await?.ok()?;
    let next = header(&page, "link").split(['<', '>']).nth(1).context("a next page")?.to_owned();
    let rest: Vec<Version> = user.get(next.trim_start_matches("/api/v1")).await?.ok()?.json()?;
    ensure!(rest.len() == 1 && rest[0].cause == Cause::Create, "{rest:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn history_follows_a_file_that_moves() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.write(project, "d/a.txt", "one").await?;
    let folder = file_at(&user, project, "d").await?.id;
    user.patch(&format!("/code/files/{folder}"), json!({"name": "e"})).await?.ok()?;
    save(&user, project, "e/a.txt", "two").await?;
    ensure!(told(&user, project, "e/a.txt").await? == ["save: two (now)", "move: one", "create: one"]);
    let before = history(&user, project, "d/a.txt").await?;
    ensure!(before.len() == 1 && before[0].path == "d/a.txt" && !before[0].current, "{before:?}");
    // Without a path it goes back to the file, wherever that is.
    let url = format!("/code/{project}/history/{}/restore", before[0].id);
    let back: Value = user.send(user.request(Method::POST, &url)).await?.ok()?.json()?;
    ensure!(back["path"] == "e/a.txt" && back["content"] == "one", "{back}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_contents_links_and_modes_have_versions() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    let old: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    user.upload(project, "a.bin", old.clone()).await?.ok()?;
    user.upload(project, "a.bin", b"\0new".to_vec()).await?.ok()?;
    let versions = history(&user, project, "a.bin").await?;
    ensure!(versions.len() == 2 && versions[1].size == 3_000_000, "{versions:?}");
    let url = format!("/code/{project}/history/{}", versions[1].id);
    let whole = user.get(&format!("{url}/content")).await?.ok()?;
    ensure!(whole.body == old);
    let part = user.request(Method::GET, &format!("{url}/content")).header("range", "bytes=10-19");
    let part = user.send(part).await?;
    ensure!(part.status == StatusCode::PARTIAL_CONTENT && part.body == old[10..20]);
    let known =
        user.request(Method::GET, &format!("{url}/content")).header("if-none-match", header(&whole, "etag"));
    ensure!(user.send(known).await?.status == StatusCode::NOT_MODIFIED);
    let back: File = user.post(&format!("{url}/restore"), json!({})).await?.ok()?.json()?;
    ensure!(back.size == 3_000_000 && back.binary, "{back:?}");

    let manifest = |mode: u32| {
        let hash = blake3::hash(b"a.bin").to_hex().to_string();
        json!({"files": [{"path": "link", "hash": hash, "size": 5, "mode": mode}], "keep": true})
    };
    let commit = format!("/code/{project}/sync/commit");
    sync(&user, project, "text", "a.bin").await?;
    user.post(&commit, manifest(0o120_000)).await?.ok()?;
    ensure!(file_at(&user, project, "link").await?.target.as_deref() == Some("a.bin"));
    sync(&user, project, "link", "no link").await?;
    let link = history(&user, project, "link").await?.pop().context("the link")?;
    let url = format!("/code/{project}/history/{}/restore", link.id);
    let back: File = user.post(&url, json!({})).await?.ok()?.json()?;
    ensure!(back.target.as_deref() == Some("a.bin"), "a link again: {back:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_restored_where_it_is_wanted() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.write(project, "d/a.py", "one").await?;
    let folder = file_at(&user, project, "d").await?.id;
    user.delete(&format!("/code/files/{folder}")).await?.ok()?;
    let gone = history(&user, project, "d/a.py").await?;
    let url = format!("/code/{project}/history/{}/restore", gone[0].id);
    let back: File = user.post(&url, json!({})).await?.ok()?.json()?;
    ensure!(back.path == "d/a.py" && back.language.as_deref() == Some("python"), "{back:?}");
    let elsewhere: File = user.post(&url, json!({"path": "x/y/b.txt"})).await?.ok()?.json()?;
    ensure!(elsewhere.path == "x/y/b.txt" && elsewhere.id != back.id);
    refused(&user.post(&url, json!({"path": "x/y"})).await?, Conflict)?;
    refused(&user.post(&url, json!({"path": "x/y/b.txt/z"})).await?, Conflict)?;
    refused(&user.post(&url, json!({"path": "../z"})).await?, InvalidInput)?;
    let none = format!("/code/{project}/history/0193564e-0000-7000-8000-000000000001");
    refused(&user.post(&format!("{none}/restore"), json!({})).await?, NotFound)?;
    refused(&user.get(&format!("{none}/content")).await?, NotFound)?;
    // For good: with the entry of the trash goes the history of its files.
    user.delete(&format!("/code/{project}/trash")).await?.ok()?;
    refused(&user.post(&url, json!({})).await?, NotFound)?;
    ensure!(told(&user, project, "d/a.py").await? == ["restore: one (now)"]);
    ensure!(paths(&user, &project.to_string()).await?.len() == 5);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_history_nor_trash_counts_for_the_quota_but_what_comes_back_does() -> Result<()> {
    let builder = TestLab::builder().coordinators(1).workers(0).env("ENGUNITY__QUOTA__PROJECT_FILES", 3);
    let lab = builder.start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    let key = project.to_string();
    for name in ["a", "b", "c"] {
        user.write(project, name, name).await?;
    }
    bulk(&user, &key, json!({"operation": "delete", "paths": ["a", "b"]})).await?;
    user.write(project, "d", "d").await?;
    let ids: Vec<_> = trash(&user, &key).await?.iter().map(|entry| entry.id).collect();
    let back = restore(&user, &key, json!({"ids": ids})).await?;
    ensure!(back.done.len() == 1 && back.failed[0].code == QuotaExceeded, "{back:?}");
    let gone = history(&user, project, "b").await?;
    let url = format!("/code/{project}/history/{}/restore", gone[0].id);
    refused(&user.post(&url, json!({"path": "e"})).await?, QuotaExceeded)?;
    user.write(project, "e", "e").await.expect_err("it is full");
    lab.finish().await
}
