//! Files and folders: create, read, rewrite under If-Match, rename, move, delete, raw bytes.

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::Client;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{field, header, lab, refused};

async fn create(user: &Client, project: &str, body: Value) -> Result<Value> {
    let made = user.post(&format!("/code/{project}/files"), body).await?;
    ensure!(made.status == StatusCode::CREATED, "{}", made.text());
    let file: Value = made.json()?;
    ensure!(header(&made, "location") == format!("/api/v1/code/files/{}", id(&file)));
    Ok(file)
}

async fn paths(user: &Client, project: &str) -> Result<Vec<String>> {
    let files: Vec<Value> = user.get(&format!("/code/{project}/files")).await?.ok()?.json()?;
    ensure!(files.iter().all(|file| file.get("content").is_none()), "a list leaves content out");
    Ok(files.iter().map(|file| file["path"].as_str().unwrap_or_default().to_owned()).collect())
}

fn id(file: &Value) -> &str {
    file["id"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_made_with_their_folders() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id.to_string();
    let file = create(&user, &project, json!({"path": "src/lib/a.py", "type": "file", "content": "x = 1\n"}))
        .await?;
    ensure!(
        file["name"] == "a.py"
            && file["language"] == "python"
            && file["size"] == 6
            && file["content"] == "x = 1\n",
        "{file}"
    );
    ensure!(file["etag"] == blake3::hash(b"x = 1\n").to_hex().as_str());
    let folder = create(&user, &project, json!({"name": "docs", "type": "folder"})).await?;
    ensure!(folder["etag"].is_null() && folder["parent_id"].is_null() && folder["content"].is_null());
    let below =
        create(&user, &project, json!({"name": "b.md", "parent_id": id(&folder), "type": "file"})).await?;
    ensure!(below["path"] == "docs/b.md" && below["content"] == "" && below["parent_id"] == folder["id"]);
    ensure!(paths(&user, &project).await? == ["docs", "docs/b.md", "src", "src/lib", "src/lib/a.py"]);

    let files = format!("/code/{project}/files");
    refused(&user.post(&files, json!({"path": "src/lib/a.py", "type": "file"})).await?, Conflict)?;
    refused(&user.post(&files, json!({"path": "src", "type": "file"})).await?, Conflict)?;
    refused(&user.post(&files, json!({"path": "docs/b.md/c", "type": "file"})).await?, Conflict)?;
    for (body, name) in [
        (json!({"type": "file"}), "path"),
        (json!({"path": "a", "name": "b", "type": "file"}), "name"),
        (json!({"path": "../a", "type": "file"}), "path"),
        (json!({"path": "/a", "type": "file"}), "path"),
        (json!({"path": "a\0", "type": "file"}), "path"),
        (json!({"name": "a/b", "type": "file"}), "name"),
        (json!({"path": "a", "type": "link"}), "type"),
        (json!({"path": "a"}), "type"),
        (json!({"path": "a", "type": "folder", "content": ""}), "content"),
        (json!({"name": "a", "parent_id": "x", "type": "file"}), "parent_id"),
        (json!({"name": "a", "parent_id": id(&below), "type": "file"}), "parent_id"),
    ] {
        field(&user.post(&files, body).await?, name)?;
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn content_changes_under_if_match() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id.to_string();
    let file = create(&user, &project, json!({"path": "a.txt", "type": "file", "content": "one"})).await?;
    let path = format!("/code/files/{}", id(&file));
    let read = user.get(&path).await?.ok()?;
    let first = header(&read, "etag").to_owned();
    ensure!(first == format!("\"{}\"", file["etag"].as_str().unwrap_or_default()));
    let again = user.send(user.request(Method::GET, &path).header("if-none-match", &first)).await?;
    ensure!(again.status == StatusCode::NOT_MODIFIED && again.body.is_empty());

    let write = |text: &str, tag: &str| {
        user.send(user.request(Method::PATCH, &path).header("if-match", tag).json(&json!({"content": text})))
    };
    let changed = write("two", &first).await?.ok()?;
    ensure!(changed.json::<Value>()?["content"] == "two" && header(&changed, "etag") != first);
    let stale = write("three", &first).await?;
    refused(&stale, PreconditionFailed)?;
    ensure!(stale.problem()?.etag.as_deref() == Some(header(&changed, "etag").trim_matches('"')));
    ensure!(header(&stale, "etag") == header(&changed, "etag"));
    let rename = |tag: &str| {
        user.send(user.request(Method::PATCH, &path).header("if-match", tag).json(&json!({"name": "b.txt"})))
    };
    refused(&rename(&first).await?, PreconditionFailed)?;
    ensure!(rename(header(&changed, "etag")).await?.ok()?.json::<Value>()?["path"] == "b.txt");
    ensure!(write("three", "*").await?.status == StatusCode::OK);
    ensure!(user.patch(&path, json!({"content": "four"})).await?.status == StatusCode::OK);

    // Bytes in any encoding, under the same condition.
    let content = format!("{path}/content");
    let put = |bytes: &'static [u8], tag: &str| {
        user.send(user.request(Method::PUT, &content).header("if-match", tag).body(bytes))
    };
    let tag = header(&user.get(&path).await?, "etag").to_owned();
    let latin = put(b"Z\xfcrich", &tag).await?.ok()?;
    ensure!(latin.json::<Value>()?["binary"] == true && header(&latin, "etag") != tag);
    ensure!(user.get(&content).await?.body == &b"Z\xfcrich"[..]);
    refused(&put(b"lost", &tag).await?, PreconditionFailed)?;
    let text = put("Zürich".as_bytes(), header(&latin, "etag")).await?.ok()?;
    ensure!(user.get(&path).await?.json::<Value>()?["content"] == "Zürich");
    ensure!(text.json::<Value>()?["binary"] == false);

    // Of many writers with one tag, exactly one wins.
    let tag = header(&user.get(&path).await?, "etag").to_owned();
    let texts: Vec<String> = (0..8).map(|n| format!("by {n}")).collect();
    let writes = texts.iter().map(|text| write(text, &tag));
    let statuses: Vec<u16> =
        futures::future::try_join_all(writes).await?.iter().map(|a| a.status.as_u16()).collect();
    ensure!(
        statuses.iter().filter(|s| **s == 200).count() == 1
            && statuses.iter().filter(|s| **s == 412).count() == 7,
        "{statuses:?}"
    );
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_move_with_all_that_is_in_them() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id.to_string();
    for path in ["a/b/c.txt", "a/b/d/e.txt", "ab/x.txt"] {
        create(&user, &project, json!({"path": path, "type": "file", "content": path})).await?;
    }
    let files: Vec<Value> = user.get(&format!("/code/{project}/files")).await?.ok()?.json()?;
    let of = |path: &str| {
        files.iter().find(|file| file["path"] == path).map(|file| id(file).to_owned()).unwrap_or_default()
    };
    let patch = |path: &str, body: Value| {
        let path = format!("/code/files/{}", of(path));
        let user = user.clone();
        async move { user.patch(&path, body).await }
    };
    ensure!(patch("a/b", json!({"name": "z"})).await?.ok()?.json::<Value>()?["path"] == "a/z");
    ensure!(
        paths(&user, &project).await? == ["a", "a/z", "a/z/c.txt", "a/z/d", "a/z/d/e.txt", "ab", "ab/x.txt"]
    );
    field(&patch("a", json!({"parent_id": of("a/b")})).await?, "parent_id")?;
    field(&patch("a", json!({"parent_id": of("a")})).await?, "parent_id")?;
    field(&patch("a", json!({"name": "x/y"})).await?, "name")?;
    field(&patch("a", json!({"name": ".."})).await?, "name")?;
    refused(&patch("a", json!({"name": "ab"})).await?, Conflict)?;
    refused(&patch("a", json!({"content": "text"})).await?, Conflict)?;
    patch("a/b", json!({"parent_id": null, "name": "A"})).await?.ok()?;
    patch("ab/x.txt", json!({"parent_id": of("a/b/d"), "name": "x.rs"})).await?.ok()?;
    ensure!(paths(&user, &project).await? == ["A", "A/c.txt", "A/d", "A/d/e.txt", "A/d/x.rs", "a", "ab"]);
    let moved: Value = user.get(&format!("/code/files/{}", of("ab/x.txt"))).await?.ok()?.json()?;
    ensure!(moved["language"] == "rust" && moved["content"] == "ab/x.txt");
    ensure!(user.delete(&format!("/code/files/{}", of("a/b"))).await?.status == StatusCode::NO_CONTENT);
    ensure!(paths(&user, &project).await? == ["a", "ab"]);
    refused(&user.get(&format!("/code/files/{}", of("a/b/c.txt"))).await?, NotFound)?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn large_and_odd_content_is_kept() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id.to_string();
    let large = "ü".repeat(900_000);
    for (name, content, binary) in [
        ("large.txt", large.as_str(), false),
        ("nul.bin", "a\0b", true),
        ("page.html", "<script>1</script>", false),
    ] {
        let file = create(&user, &project, json!({"path": name, "type": "file", "content": content})).await?;
        let read: Value = user.get(&format!("/code/files/{}", id(&file))).await?.ok()?.json()?;
        ensure!(read["binary"] == binary && read["size"] == content.len(), "{name}");
        ensure!(if binary { read["content"].is_null() } else { read["content"] == content }, "{name}");
        let raw = user.get(&format!("/code/files/{}/content", id(&file))).await?.ok()?;
        ensure!(raw.body == content.as_bytes(), "{name}");
        ensure!(
            header(&raw, "content-disposition").starts_with("attachment")
                && header(&raw, "x-content-type-options") == "nosniff"
        );
        ensure!(header(&raw, "content-security-policy").starts_with("sandbox"));
    }
    let text = "x".repeat((10 << 20) + 1);
    refused(
        &user
            .post(&format!("/code/{project}/files"), json!({"path": "huge", "type": "file", "content": text}))
            .await?,
        PayloadTooLarge,
    )?;
    lab.finish().await
}
