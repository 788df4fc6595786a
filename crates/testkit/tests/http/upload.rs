//! Uploads: plain files and archives in, refusals that change nothing, storage that is away, a project that goes.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode::{self, *};
use engunity_protocol::project::Project;
use engunity_testkit::{Client, TestLab, eventually};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tar::{EntryType, Header};

use crate::{field, lab, refused};

fn tar_of(entries: &[(EntryType, &str, &[u8])]) -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, name, content) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        builder.append(&header, *content)?;
    }
    Ok(builder.into_inner()?)
}

async fn files(user: &Client, project: &Project) -> Result<Vec<Value>> {
    user.get(&format!("/code/{}/files?limit=10000", project.id)).await?.ok()?.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_become_files() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let archive = tar_of(&[
        (EntryType::Directory, "p/", b""),
        (EntryType::Regular, "p/src/main.py", b"print(1)\n"),
        (EntryType::Regular, "p/logo.png", b"\x89PNG\0\xff"),
    ])?;
    let answered: Project = user.upload(project.id, "p.tar", archive.clone()).await?.ok()?.json()?;
    let path = answered.storage_path.expect("the archive is kept");
    ensure!(
        path.starts_with(&format!("{}/projects/{}/", answered.user_id, project.id))
            && path.ends_with("/p.tar"),
        "{path}"
    );
    ensure!(lab.objects.get(&path, 1 << 20).await?.as_ref() == archive.as_slice(), "as it came");
    let listed = files(&user, &project).await?;
    let shown: Vec<_> =
        listed.iter().map(|f| (f["path"].as_str().unwrap_or_default(), f["binary"] == true)).collect();
    ensure!(
        shown == [("p", false), ("p/logo.png", true), ("p/src", false), ("p/src/main.py", false)],
        "{shown:?}"
    );
    field(&user.upload(project.id, ".", b"x".to_vec()).await?, "path")?;
    let logo = listed[1]["id"].as_str().unwrap_or_default();
    ensure!(user.get(&format!("/code/files/{logo}/content")).await?.ok()?.body == b"\x89PNG\0\xff");

    // Again with another content: rewritten in place, ids stay; the old archive goes.
    let second = tar_of(&[(EntryType::Regular, "p/src/main.py", b"print(2)\n")])?;
    let answered: Project = user.upload(project.id, "p.tar", second).await?.ok()?.json()?;
    ensure!(answered.storage_path.as_deref() != Some(path.as_str()));
    let main: Value = user
        .get(&format!("/code/files/{}", listed[3]["id"].as_str().unwrap_or_default()))
        .await?
        .ok()?
        .json()?;
    ensure!(main["content"] == "print(2)\n" && files(&user, &project).await?.len() == 4);

    user.upload(project.id, "notes.md", b"# hi\n".to_vec()).await?.ok()?;
    let part = Part::bytes(b"x".to_vec()).file_name("whatever");
    let form = Form::new().text("path", "deep/er.txt").part("file", part);
    user.send(user.request(Method::POST, &format!("/code/{}/upload", project.id)).multipart(form))
        .await?
        .ok()?;
    let paths: Vec<_> = files(&user, &project).await?.iter().map(|f| f["path"].to_string()).collect();
    ensure!(paths.contains(&"\"notes.md\"".into()) && paths.contains(&"\"deep/er.txt\"".into()), "{paths:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_uploads_change_nothing() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    user.write(project.id, "taken", "a file").await?;
    let before = files(&user, &project).await?;
    let good = (EntryType::Regular, "good.txt", b"good".as_slice());
    let cases: [(EntryType, &str, ErrorCode); 4] = [
        (EntryType::Regular, "../evil", BadArchive),
        (EntryType::Regular, "a/../../evil", BadArchive),
        (EntryType::Fifo, "../evil", BadArchive),
        (EntryType::Regular, "taken/evil", Conflict),
    ];
    for (kind, name, code) in cases {
        let answer = user.upload(project.id, "a.tar", tar_of(&[good, (kind, name, b"")])?).await?;
        refused(&answer, code)?;
        let named = name.trim_end_matches("/evil").trim_start_matches("a/").trim_start_matches("../");
        ensure!(answer.problem()?.detail.contains(named), "{}", answer.text());
    }
    field(
        &user
            .send(
                user.request(Method::POST, &format!("/code/{}/upload", project.id))
                    .multipart(Form::new().text("path", "x")),
            )
            .await?,
        "file",
    )?;
    field(&user.upload(project.id, "..", b"x".to_vec()).await?, "path")?;
    let unclear = user.request(Method::POST, &format!("/code/{}/upload?strip=maybe", project.id));
    field(&user.send(unclear.multipart(Form::new())).await?, "strip")?;
    let json = user.post(&format!("/code/{}/upload", project.id), json!({})).await?;
    refused(&json, UnsupportedMediaType)?;
    refused(&user.upload(project.id, "big", vec![0; (50 << 20) + 1]).await?, PayloadTooLarge)?;
    refused(&user.upload(project.id, "bigger", vec![0; 60 << 20]).await?, PayloadTooLarge)?;
    ensure!(files(&user, &project).await? == before, "nothing changed");
    lab.finish().await
}

fn link(name: &str, target: &str) -> Result<Vec<u8>> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    header.set_mode(0o777);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_link(&mut header, name, target)?;
    let mut tar = builder.into_inner()?;
    tar.truncate(tar.len() - 1024);
    Ok(tar)
}

/// Path, type, whether it is executable, time of change, and target or text.
type PackedEntry = (String, EntryType, bool, u64, String);

/// Name, type, executable, time and what it holds or leads to, of each entry of a downloaded archive.
fn entries(packed: &[u8]) -> Result<Vec<PackedEntry>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let mut found = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        let (mode, modified) = (entry.header().mode()?, entry.header().mtime()?);
        let mut text = String::new();
        match entry.link_name()? {
            Some(target) => text = target.display().to_string(),
            None => drop(std::io::Read::read_to_string(&mut entry, &mut text)?),
        }
        let name = entry.path()?.display().to_string();
        found.push((name, kind, kind == EntryType::Regular && mode & 0o111 != 0, modified, text));
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_part_of_a_project_and_what_is_not_is_named() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let mut archive = link("lib/current.py", "v2.py")?;
    archive.extend(link("bin/tool", "../nothing/there")?);
    archive.extend(link("out", "/etc/passwd")?);
    archive.extend(tar_of(&[
        (EntryType::Regular, "lib/v2.py", b"print(2)\n"),
        (EntryType::Regular, "LIB/v2.py", b"print(3)\n"),
        (EntryType::Fifo, "pipe", b""),
        (EntryType::Regular, "/etc/evil", b""),
        (EntryType::Regular, "__MACOSX/._v2.py", b""),
    ])?);
    let answered: Value = user.upload(project.id, "a.tar", archive).await?.ok()?.json()?;
    ensure!(answered["id"] == json!(project.id), "the project stands beside: {answered}");
    let skipped: Vec<_> = answered["skipped"].as_array().into_iter().flatten().collect();
    let paths: Vec<_> = skipped.iter().filter_map(|entry| entry["path"].as_str()).collect();
    ensure!(paths == ["pipe", "/etc/evil", "__MACOSX/._v2.py"], "{answered}");
    ensure!(answered["skipped_total"] == 3 && skipped.iter().all(|entry| entry["why"].is_string()));

    let listed = files(&user, &project).await?;
    let shown: Vec<_> = listed
        .iter()
        .filter(|file| file["type"] == "file")
        .map(|file| (file["path"].as_str().unwrap_or_default(), file["target"].as_str()))
        .collect();
    let expected = [
        ("LIB/v2.py", None),
        ("bin/tool", Some("../nothing/there")),
        ("lib/current.py", Some("v2.py")),
        ("lib/v2.py", None),
        ("out", Some("/etc/passwd")),
    ];
    ensure!(shown == expected, "{shown:?}");
    let current = listed.iter().find(|file| file["path"] == "lib/current.py").expect("it is listed");
    let at = format!("/code/files/{}", current["id"].as_str().unwrap_or_default());
    let read: Value = user.get(&at).await?.ok()?.json()?;
    ensure!(read["content"] == "v2.py" && read["target"] == "v2.py", "{read}");
    field(&user.patch(&at, json!({"content": ""})).await?, "content")?;
    let changed: Value = user.patch(&at, json!({"content": "../LIB/v2.py"})).await?.ok()?.json()?;
    ensure!(changed["target"] == "../LIB/v2.py", "{changed}");

    let packed = user.get(&format!("/code/{}/archive", project.id)).await?.ok()?.body;
    let entries = entries(&packed)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    ensure!(entries.iter().all(|entry| now.abs_diff(entry.3) < 600), "their own times: {entries:?}");
    let links: Vec<_> = entries.iter().filter(|entry| entry.1 == EntryType::Symlink).collect();
    let links: Vec<_> = links.iter().map(|entry| (entry.0.as_str(), entry.4.as_str())).collect();
    let expected =
        [("bin/tool", "../nothing/there"), ("lib/current.py", "../LIB/v2.py"), ("out", "/etc/passwd")];
    ensure!(links == expected, "{links:?}");
    let executable: Vec<_> = entries.iter().filter(|entry| entry.2).map(|entry| entry.0.as_str()).collect();
    ensure!(executable == ["LIB/v2.py", "lib/v2.py"], "{executable:?}");

    // What was downloaded is taken as it came.
    let copy = user.project("copy").await?;
    let answered: Value = user.upload(copy.id, "a.tar.gz", packed.clone()).await?.ok()?.json()?;
    ensure!(answered["skipped_total"] == 0, "{answered}");
    ensure!(files(&user, &copy).await?.iter().filter(|file| file["target"].is_string()).count() == 3);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_files_fit_into_one_upload() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let names: Vec<String> = (0..10_000).map(|n| format!("d{}/f{n}.txt", n % 100)).collect();
    let entries: Vec<_> =
        names.iter().map(|name| (EntryType::Regular, name.as_str(), b"content".as_slice())).collect();
    let started = Instant::now();
    user.upload(project.id, "many.tar", tar_of(&entries)?).await?.ok()?;
    eprintln!("10,000 files took {:?}", started.elapsed());
    let page = user.get(&format!("/code/{}/files?limit=10000", project.id)).await?.ok()?;
    ensure!(page.json::<Vec<Value>>()?.len() == 10_000 && page.headers.contains_key("link"));
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_is_away_is_said_and_nothing_changes() -> Result<()> {
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__S3__ENDPOINT", "http://127.0.0.1:9")
        .start()
        .await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    refused(&user.upload(project.id, "a.txt", b"text".to_vec()).await?, Unavailable)?;
    ensure!(files(&user, &project).await?.is_empty());
    user.write(project.id, "small.txt", "needs no storage").await?;
    // Other requests need no storage: it stays behind the balancer, as soon as the broker is there.
    let ready = || async {
        let ready = reqwest::get(format!("{}/readyz", user.base())).await?;
        Ok(if ready.status() == StatusCode::OK { Some(ready.json::<Value>().await?) } else { None })
    };
    let said = eventually("it is ready", Duration::from_secs(30), ready).await?;
    ensure!(
        said["status"] == "degraded" && said["postgres"] == "ok" && said["object_storage"] != "ok",
        "{said}"
    );
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_deleted_in_mid_upload_leaves_nothing() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let lab = TestLab::builder().workers(0).env("TMPDIR", scratch.path().display()).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Vec<u8>>>(1);
    let body = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let request = user.request(Method::POST, &format!("/code/{}/upload", project.id));
    let request = request
        .header("content-type", "multipart/form-data; boundary=b")
        .body(reqwest::Body::wrap_stream(body));
    let uploading = tokio::spawn({
        let user = user.clone();
        async move { user.send(request).await }
    });
    sender
        .send(Ok(
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nbegin".to_vec()
        ))
        .await?;
    eventually("the file is being received", Duration::from_secs(60), || async {
        Ok(std::fs::read_dir(scratch.path())?.next().map(drop))
    })
    .await?;
    ensure!(user.delete(&format!("/code/{}", project.id)).await?.status == StatusCode::NO_CONTENT);
    sender.send(Ok(b" end\r\n--b--\r\n".to_vec())).await?;
    drop(sender);
    refused(&uploading.await??, NotFound)?;
    let left = lab
        .database
        .client()
        .await?
        .query_one("SELECT count(*) FROM code_files", &[])
        .await?
        .get::<_, i64>(0);
    ensure!(left == 0);
    let prefix = format!("1/projects/{}/", project.id);
    let objects = futures::StreamExt::count(lab.objects.list(&prefix)).await;
    ensure!(objects == 0, "{objects} objects are left below {prefix}");
    lab.finish().await
}
