//! Bulk sync: only what is missing is sent, a commit is all or nothing, and the archive gives everything back.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode::*;
use engunity_protocol::project::Project;
use engunity_protocol::sync::{BlobsStored, SyncPlan};
use engunity_testkit::{Client, client::ApiResponse};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{field, lab, refused};

fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

fn manifest(files: &[(&str, &[u8])]) -> Value {
    let files: Vec<_> = files.iter().map(|(path, content)| json!({"path": path, "hash": hash(content), "size": content.len(), "mode": 0o755})).collect();
    json!({"files": files})
}

async fn plan(user: &Client, project: &Project, files: &[(&str, &[u8])]) -> Result<SyncPlan> {
    user.post(&format!("/code/{}/sync", project.id), manifest(files)).await?.ok()?.json()
}

async fn send(user: &Client, project: &Project, contents: &[&[u8]]) -> Result<ApiResponse> {
    let mut builder = tar::Builder::new(Vec::new());
    for content in contents {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, hash(content), *content)?;
    }
    user.send(user.request(Method::PUT, &format!("/code/{}/blobs", project.id)).body(builder.into_inner()?))
        .await
}

async fn commit(user: &Client, project: &Project) -> Result<ApiResponse> {
    user.send(user.request(Method::POST, &format!("/code/{}/sync/commit", project.id))).await
}

async fn download(user: &Client, project: &Project) -> Result<BTreeMap<String, Vec<u8>>> {
    let packed = user.get(&format!("/code/{}/archive", project.id)).await?.ok()?.body;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
    let mut files = BTreeMap::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if entry.header().entry_type().is_file() {
            files.insert(entry.path()?.display().to_string(), content);
        }
    }
    Ok(files)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_missing_is_sent() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let large = vec![7_u8; 3 << 20];
    let first: Vec<(&str, &[u8])> =
        vec![("a.txt", b"alpha"), ("d/b.bin", b"\0\x01"), ("d/large", &large), ("same", b"alpha")];
    let planned = plan(&user, &project, &first).await?;
    ensure!(planned.added == 4 && planned.missing.len() == 3 && planned.removed.is_empty(), "{planned:?}");
    refused(&commit(&user, &project).await?, Conflict)?;
    ensure!(download(&user, &project).await?.is_empty(), "a refused commit changes nothing");
    let stored: BlobsStored = send(&user, &project, &[b"alpha", b"\0\x01", &large]).await?.ok()?.json()?;
    ensure!(stored.stored == [hash(b"alpha"), hash(b"\0\x01"), hash(&large)]);
    ensure!(plan(&user, &project, &first).await?.missing.is_empty());
    commit(&user, &project).await?.ok()?;
    let expected: BTreeMap<String, Vec<u8>> =
        first.iter().map(|(path, content)| (path.to_string(), content.to_vec())).collect();
    ensure!(download(&user, &project).await? == expected);

    let second: Vec<(&str, &[u8])> = vec![("a.txt", b"beta"), ("d/b.bin", b"\0\x01"), ("e/new", b"alpha")];
    let planned = plan(&user, &project, &second).await?;
    ensure!(
        planned.missing == [hash(b"beta")]
            && planned.changed == 1
            && planned.added == 1
            && planned.unchanged == 1,
        "{planned:?}"
    );
    ensure!(planned.removed == ["d/large", "same"]);
    send(&user, &project, &[b"beta"]).await?.ok()?;
    commit(&user, &project).await?.ok()?;
    let expected: BTreeMap<String, Vec<u8>> =
        second.iter().map(|(path, content)| (path.to_string(), content.to_vec())).collect();
    ensure!(download(&user, &project).await? == expected);
    refused(&commit(&user, &project).await?, Conflict)?;

    // Another project of the same user may use the content, another user may not.
    let other = user.project("other").await?;
    ensure!(plan(&user, &other, &[("x", b"beta")]).await?.missing.is_empty());
    let stranger = lab.user("bob").await?;
    let theirs = stranger.project("theirs").await?;
    ensure!(plan(&stranger, &theirs, &[("x", b"beta")]).await?.missing == [hash(b"beta")]);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn content_follows_files_that_move() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    send(&user, &project, &[b"alpha", b"beta"]).await?.ok()?;
    let steps: [&[(&str, &[u8])]; 4] = [
        &[("a.txt", b"alpha"), ("b.txt", b"beta")],
        &[("moved/a.txt", b"alpha"), ("b.txt", b"beta")],
        &[("moved/a.txt", b"beta"), ("b.txt", b"alpha")],
        &[("c.txt", b"alpha"), ("d.txt", b"beta")],
    ];
    for files in steps {
        ensure!(plan(&user, &project, files).await?.missing.is_empty(), "{files:?}");
        commit(&user, &project).await?.ok()?;
        let expected = files.iter().map(|(path, content)| (path.to_string(), content.to_vec())).collect();
        ensure!(download(&user, &project).await? == expected, "{files:?}");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_does_not_understate_sizes() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    send(&user, &project, &[b"alpha"]).await?.ok()?;
    let files = json!({"files": [{"path": "a.txt", "hash": hash(b"alpha"), "size": 0, "mode": 0o644}]});
    user.post(&format!("/code/{}/sync", project.id), files).await?.ok()?;
    field(&commit(&user, &project).await?, "files")?;
    ensure!(download(&user, &project).await?.is_empty());
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_manifests_and_tars_are_refused() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let path = format!("/code/{}/sync", project.id);
    let entry = |path: &str, hash: &str| json!({"path": path, "hash": hash, "size": 1, "mode": 0o644});
    let good = "a".repeat(64);
    for (files, name) in [
        (json!([entry("../x", &good)]), "files[0].path"),
        (json!([entry("a", &good), entry("a", &good)]), "files[1].path"),
        (json!([entry("a", &good), entry("a/b", &good)]), "files[1].path"),
        (json!([entry("a", "xyz")]), "files[0].hash"),
        (json!([{"path": "a", "hash": good, "size": 1_u64 << 40}]), "files[0].size"),
        (json!([{"path": "a", "hash": good, "size": -1}]), "files[0].size"),
    ] {
        field(&user.post(&path, json!({"files": files})).await?, name)?;
    }
    let put = |body: &'static [u8]| {
        user.send(user.request(Method::PUT, &format!("/code/{}/blobs", project.id)).body(body))
    };
    refused(&put(b"this is no tar at all").await?, BadArchive)?;
    ensure!(put(b"").await?.ok()?.json::<BlobsStored>()?.stored.is_empty());
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_learns_its_language_from_what_comes_in_once() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project: Project = user.post("/code/", json!({"name": "mixed"})).await?.ok()?.json()?;
    let language = async |files: &[(&str, &[u8])]| -> Result<Option<String>> {
        plan(&user, &project, files).await?;
        send(&user, &project, &files.iter().map(|(_, content)| *content).collect::<Vec<_>>()).await?.ok()?;
        Ok(commit(&user, &project).await?.ok()?.json::<Project>()?.language)
    };
    ensure!(language(&[("README", b"words")]).await?.is_none(), "no file that runs");
    let python: Vec<(&str, &[u8])> = vec![("a.py", b"1"), ("b.py", b"2"), ("run.sh", b"3")];
    ensure!(language(&python).await?.as_deref() == Some("python"));
    ensure!(language(&[("x.go", b"4")]).await?.as_deref() == Some("python"), "what was said once stays");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_folders_are_part_of_a_manifest() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let sync = format!("/code/{}/sync", project.id);
    let folders = async |folders: Value| -> Result<Vec<String>> {
        user.post(&sync, json!({"files": [], "folders": folders})).await?.ok()?;
        commit(&user, &project).await?.ok()?;
        let files: Vec<Value> = user.get(&format!("/code/{}/files", project.id)).await?.ok()?.json()?;
        Ok(files.iter().map(|file| file["path"].as_str().unwrap_or_default().to_owned()).collect())
    };
    ensure!(folders(json!(["a/b", "c"])).await? == ["a", "a/b", "c"]);
    ensure!(folders(json!(["c"])).await? == ["c"], "what is not named any more is removed");
    for (wrong, name) in
        [("../x", "folders[0]"), ("a//b", "folders[0]"), ("f", "folders[0]"), ("f/x", "folders[0]")]
    {
        let mut body = manifest(&[("f", b"")]);
        body["folders"] = json!([wrong]);
        field(&user.post(&sync, body).await?, name)?;
    }
    Ok(())
}
