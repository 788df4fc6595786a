//! Bulk calls: many files deleted, moved and copied at once, and given back by the trash as they were.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use engunity_protocol::bulk::{BulkOutcome, TrashRestored};
use engunity_protocol::history::TrashEntry;
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::Client;
use serde_json::{Value, json};

use crate::{field, lab, refused};

pub async fn bulk(user: &Client, project: &str, body: Value) -> Result<BulkOutcome> {
    user.post(&format!("/code/{project}/files/bulk"), body).await?.ok()?.json()
}

pub async fn trash(user: &Client, project: &str) -> Result<Vec<TrashEntry>> {
    user.get(&format!("/code/{project}/trash")).await?.ok()?.json()
}

pub async fn restore(user: &Client, project: &str, body: Value) -> Result<TrashRestored> {
    user.post(&format!("/code/{project}/trash/restore"), body).await?.ok()?.json()
}

pub async fn files(user: &Client, project: &str) -> Result<Vec<Value>> {
    user.get(&format!("/code/{project}/files?limit=10000")).await?.ok()?.json()
}

pub async fn paths(user: &Client, project: &str) -> Result<Vec<String>> {
    let files = files(user, project).await?;
    Ok(files.iter().map(|file| file["path"].as_str().unwrap_or_default().to_owned()).collect())
}

/// A project with these files; a name that ends with a slash is an empty folder.
pub async fn filled(user: &Client, names: &[&str]) -> Result<String> {
    let project = user.project("demo").await?.id;
    for name in names {
        match name.strip_suffix('/') {
            Some(folder) => {
                let body = json!({"path": folder, "type": "folder"});
                user.post(&format!("/code/{project}/files"), body).await?.ok()?;
            }
            None => drop(user.write(project, name, &format!("content of {name}")).await?),
        }
    }
    Ok(project.to_string())
}

/// What is done, as `from > to`, and what fails, as `path: code`.
fn said(outcome: &BulkOutcome) -> (Vec<String>, Vec<String>) {
    let done = outcome.done.iter().map(|done| format!("{} > {}", done.from, done.path)).collect();
    let failed = outcome.failed.iter().map(|failed| format!("{}: {}", failed.path, failed.code)).collect();
    (done, failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_deletions_are_one_call_and_come_back() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    let names: Vec<String> = (0..2000).map(|n| format!("many/f{n:04}.txt")).collect();
    let mut tar = tar::Builder::new(Vec::new());
    for name in names.iter().map(String::as_str).chain(["stays.txt"]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(name.len() as u64);
        tar.append_data(&mut header, name, name.as_bytes())?;
    }
    user.upload(project, "p.tar", tar.into_inner()?).await?.ok()?;
    let project = project.to_string();
    let before = files(&user, &project).await?;
    let revision = revision(&lab, &project).await?;
    let outcome = bulk(&user, &project, json!({"operation": "delete", "paths": names})).await?;
    ensure!((outcome.done.len(), outcome.failed.len()) == (2000, 0), "{:?}", outcome.failed);
    ensure!(paths(&user, &project).await? == ["many", "stays.txt"]);
    ensure!(self::revision(&lab, &project).await? == revision + 1, "one transaction, one revision");
    let page = user.get(&format!("/code/{project}/trash?limit=1000")).await?.ok()?;
    ensure!(crate::header(&page, "link").contains("rel=\"next\""));
    ensure!(page.json::<Vec<TrashEntry>>()?.iter().all(|one| Some(one.deletion_id) == outcome.deletion_id));
    let back = restore(&user, &project, json!({"deletion_id": outcome.deletion_id})).await?;
    ensure!((back.done.len(), back.failed.len()) == (2000, 0), "{:?}", back.failed);
    ensure!(files(&user, &project).await? == before, "the same ids, times, sizes and hashes");
    ensure!(trash(&user, &project).await?.is_empty());
    lab.finish().await
}

async fn revision(lab: &engunity_testkit::TestLab, project: &str) -> Result<i64> {
    let sql = "SELECT revision FROM code_projects WHERE id = $1";
    Ok(lab.database.client().await?.query_one(sql, &[&project]).await?.get(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_restored_as_it_was() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(9);
    tar.append_data(&mut header, "d/bin/run.sh", &b"#!/bin/sh"[..])?;
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    tar.append_data(&mut header, "d/data.bin", &b"\0\x01\x02"[..])?;
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "d/link", "bin/run.sh")?;
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    tar.append_data(&mut header, "d/empty/deep", &b""[..])?;
    user.upload(project, "p.tar", tar.into_inner()?).await?.ok()?;
    let project = project.to_string();
    let before = files(&user, &project).await?;
    let archive = unpacked(&user, &project).await?;
    ensure!(archive.iter().any(|line| line.contains("755")), "{archive:?}");

    let folder = before[0]["id"].as_str().unwrap_or_default();
    user.delete(&format!("/code/files/{folder}")).await?.ok()?;
    ensure!(paths(&user, &project).await?.is_empty());
    let entries = trash(&user, &project).await?;
    ensure!(entries.len() == 1, "a folder with all in it is one entry: {entries:?}");
    let entry = &entries[0];
    ensure!((entry.path.as_str(), entry.files, entry.size) == ("d", 3, 22), "{entry:?}");
    ensure!(entry.deleted_by.as_ref().is_some_and(|person| person.name == "A Tester"), "{entry:?}");
    let days = (entry.expires_at.expect("a time") - entry.deleted_at).num_days();
    ensure!(days == 30, "{days}");

    let back = restore(&user, &project, json!({"ids": [entry.id]})).await?;
    ensure!(back.done.len() == 1 && back.done[0].id.to_string() == folder && back.done[0].path == "d");
    ensure!(files(&user, &project).await? == before);
    ensure!(unpacked(&user, &project).await? == archive, "modes, times, links and empty folders");
    let again = restore(&user, &project, json!({"ids": [entry.id]})).await?;
    ensure!(again.done.is_empty() && again.failed[0].code == NotFound, "{again:?}");
    lab.finish().await
}

/// Each entry of the downloaded archive: kind, mode, time, path, target.
async fn unpacked(user: &Client, project: &str) -> Result<Vec<String>> {
    let packed = user.get(&format!("/code/{project}/archive")).await?.ok()?.body;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
    let mut lines = Vec::new();
    for entry in archive.entries()? {
        let entry = entry?;
        let (header, target) = (entry.header(), entry.link_name()?);
        let (mode, time) = (header.mode()?, header.mtime()?);
        lines.push(format!(
            "{:?} {mode:o} {time} {} {target:?}",
            header.entry_type(),
            entry.path()?.display()
        ));
    }
    Ok(lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_and_copies_say_what_became_of_each_item() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = filled(&user, &["a/x.txt", "a/d/y.txt", "b/x.txt", "c.txt", "e/"]).await?;
    let move_to = |into: &str, paths: &[&str]| json!({"operation": "move", "paths": paths, "into": into});
    let outcome = bulk(&user, &project, move_to("b", &["a/x.txt", "a/d", "none", "b"])).await?;
    ensure!(
        said(&outcome)
            == (
                vec!["a/d > b/d".into()],
                vec!["a/x.txt: conflict".into(), "b: invalid_input".into(), "none: not_found".into()]
            ),
        "{outcome:?}"
    );
    ensure!(
        paths(&user, &project).await? == ["a", "a/x.txt", "b", "b/d", "b/d/y.txt", "b/x.txt", "c.txt", "e"]
    );
    let mut replacing = move_to("b", &["a/x.txt"]);
    replacing["on_conflict"] = "replace".into();
    let outcome = bulk(&user, &project, replacing).await?;
    ensure!(outcome.done.len() == 1 && outcome.deletion_id.is_some(), "{outcome:?}");
    let entries = trash(&user, &project).await?;
    ensure!(entries.len() == 1 && entries[0].path == "b/x.txt", "what was replaced: {entries:?}");
    let moved = files(&user, &project).await?.into_iter().find(|file| file["path"] == "b/x.txt").unwrap();
    let moved: Value =
        user.get(&format!("/code/files/{}", moved["id"].as_str().unwrap_or_default())).await?.ok()?.json()?;
    ensure!(moved["content"] == "content of a/x.txt", "{moved}");
    let numbered = json!({"ids": [entries[0].id], "on_conflict": "rename"});
    ensure!(restore(&user, &project, numbered).await?.done[0].path == "b/x (1).txt");

    let copy = json!({"operation": "copy", "paths": ["b", "c.txt"], "into": "", "on_conflict": "rename"});
    let outcome = bulk(&user, &project, copy).await?;
    ensure!(said(&outcome).0 == ["b > b (1)", "c.txt > c (1).txt"], "{outcome:?}");
    let now = paths(&user, &project).await?;
    ensure!(now.contains(&"b (1)/d/y.txt".to_owned()) && now.contains(&"b/d/y.txt".to_owned()), "{now:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bulk_calls_are_refused() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = filled(&user, &["a.txt", "d/"]).await?;
    let url = format!("/code/{project}/files/bulk");
    for (body, name) in [
        (json!({"operation": "delete", "paths": []}), "paths"),
        (json!({"operation": "delete", "paths": vec!["a"; 10_001]}), "paths"),
        (json!({"operation": "delete", "paths": ["a.txt", "../x"]}), "paths[1]"),
        (json!({"operation": "delete", "paths": ["a.txt"], "into": "d"}), "into"),
        (json!({"operation": "move", "paths": ["a.txt"]}), "into"),
        (json!({"operation": "move", "paths": ["a.txt"], "into": "/"}), "into"),
        (json!({"operation": "burn", "paths": ["a.txt"]}), "operation"),
    ] {
        field(&user.post(&url, body).await?, name)?;
    }
    let into = |folder: &str| json!({"operation": "copy", "paths": ["a.txt"], "into": folder});
    refused(&user.post(&url, into("none")).await?, NotFound)?;
    refused(&user.post(&url, into("a.txt")).await?, Conflict)?;
    let url = format!("/code/{project}/trash/restore");
    field(&user.post(&url, json!({})).await?, "ids")?;
    field(&user.post(&url, json!({"ids": []})).await?, "ids")?;
    ensure!(paths(&user, &project).await? == ["a.txt", "d"], "nothing changed");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_folders_are_made_and_the_trash_is_emptied_for_good() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = filled(&user, &["a/b/one.txt", "a/b/two.txt", "three.txt"]).await?;
    for path in ["a/b/one.txt", "a", "three.txt"] {
        bulk(&user, &project, json!({"operation": "delete", "paths": [path]})).await?;
    }
    let entries = trash(&user, &project).await?;
    let listed: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    ensure!(listed == ["three.txt", "a", "a/b/one.txt"], "newest first: {listed:?}");
    let one = json!({"ids": [entries[2].id]});
    ensure!(restore(&user, &project, one).await?.done[0].path == "a/b/one.txt");
    let folder = restore(&user, &project, json!({"ids": [entries[1].id]})).await?;
    ensure!(folder.failed[0].code == Conflict, "the folder is there again: {folder:?}");

    user.delete(&format!("/code/{project}/trash/{}", entries[0].id)).await?.ok()?;
    refused(&user.delete(&format!("/code/{project}/trash/{}", entries[0].id)).await?, NotFound)?;
    ensure!(trash(&user, &project).await?.len() == 1);
    user.delete(&format!("/code/{project}/trash")).await?.ok()?;
    ensure!(trash(&user, &project).await?.is_empty());
    let gone = restore(&user, &project, json!({"ids": [entries[1].id]})).await?;
    ensure!(gone.failed[0].code == NotFound, "{gone:?}");
    ensure!(paths(&user, &project).await? == ["a", "a/b", "a/b/one.txt"]);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_twenty_thousand_files_goes_and_comes_back() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id.to_string();
    let sql = "WITH d AS (INSERT INTO code_files (id, project_id, path, name, type) VALUES (gen_random_uuid()::text, $1, 'd', 'd', 'folder') RETURNING id)
        INSERT INTO code_files (project_id, path, name, type, parent_id, content, hash, size)
        SELECT $1, 'd/f' || n, 'f' || n, 'file', d.id, 'text ' || n, 'hash of ' || n, length('text ' || n) FROM d, generate_series(1, 20000) n";
    lab.database.client().await?.execute(sql, &[&project]).await?;
    let started = Instant::now();
    let deleted = bulk(&user, &project, json!({"operation": "delete", "paths": ["d"]})).await?;
    let entries = trash(&user, &project).await?;
    ensure!((entries.len(), entries[0].files) == (1, 20_000), "{entries:?}");
    let back = restore(&user, &project, json!({"deletion_id": deleted.deletion_id})).await?;
    ensure!(back.done.len() == 1, "{back:?}");
    let moved = json!({"operation": "copy", "paths": ["d"], "into": "", "on_conflict": "rename"});
    ensure!(bulk(&user, &project, moved).await?.done[0].path == "d (1)");
    ensure!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    let sql = "SELECT count(*) FROM code_files WHERE project_id = $1";
    let count: i64 = lab.database.client().await?.query_one(sql, &[&project]).await?.get(0);
    ensure!(count == 40_002, "{count}");
    lab.finish().await
}
