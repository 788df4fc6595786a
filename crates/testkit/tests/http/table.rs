//! Every route there is, from the served document: who may call it, with which method and which body, and that no
//! call reads, lists or changes what is another user's.

use std::time::Duration;

use anyhow::{Result, ensure};
use engunity_protocol::job::RunRequest;
use engunity_protocol::problem::ErrorCode::{self, *};
use engunity_testkit::{Client, eventually};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{field, header, lab, refused};

/// One operation of the document.
struct Call {
    method: Method,
    /// Without `/api/v1`, with its braces.
    path: String,
    signed: bool,
    /// Media types of its body, if it has one.
    body: Vec<String>,
    needs_body: bool,
}

async fn calls(client: &Client) -> Result<Vec<Call>> {
    let document: Value = client.get("/openapi.json").await?.ok()?.json()?;
    let mut calls = Vec::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let body = &operation["requestBody"];
            calls.push(Call {
                method: method.to_uppercase().parse()?,
                path: path.to_owned(),
                signed: operation.get("security").is_some(),
                body: body["content"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(kind, _)| kind.clone())
                    .collect(),
                needs_body: body["required"] == true,
            });
        }
    }
    ensure!(calls.len() > 30, "the document is nearly empty");
    Ok(calls)
}

/// The path with ids that no one has.
fn nowhere(path: &str) -> String {
    let mut filled = path.to_owned();
    while let (Some(start), Some(end)) = (filled.find('{'), filled.find('}')) {
        filled.replace_range(start..=end, "0193564e-0000-7000-8000-000000000001");
    }
    filled
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_exactly() -> Result<()> {
    let lab = lab().await?;
    let anyone = lab.client();
    let user = lab.user("ada").await?;
    for call in calls(&anyone).await? {
        let path = nowhere(&call.path);
        let what = format!("{} {path}", call.method);
        let check = |answer: &engunity_testkit::client::ApiResponse, code: ErrorCode| {
            refused(answer, code).map_err(|e| e.context(what.clone()))
        };
        let json = |client: &Client| {
            client.request(call.method.clone(), &path).header("content-type", "application/json").body("{}")
        };
        if call.signed {
            check(&anyone.send(json(&anyone)).await?, Unauthenticated)?;
        }
        let wrong = user.send(user.request(Method::from_bytes(b"BREW")?, &path)).await?;
        check(&wrong, MethodNotAllowed)?;
        ensure!(
            header(&wrong, "allow").split(", ").any(|m| m == call.method.as_str()),
            "{what}: {}",
            header(&wrong, "allow")
        );
        let slash = user.send(user.request(Method::from_bytes(b"BREW")?, &format!("{path}/"))).await?;
        check(&slash, MethodNotAllowed)?;
        let wants_text =
            call.body.iter().any(|kind| kind == "application/json" || kind == "multipart/form-data");
        if wants_text {
            let text =
                user.request(call.method.clone(), &path).header("content-type", "text/plain").body("text");
            check(&user.send(text).await?, UnsupportedMediaType)?;
        }
        if call.needs_body && call.body.iter().any(|kind| kind == "application/json") {
            let broken =
                user.request(call.method.clone(), &path).header("content-type", "application/json").body("{");
            let broken = user.send(broken).await?;
            ensure!([400, 404].contains(&broken.status.as_u16()), "{what}: {}", broken.text());
            let huge = user
                .request(call.method.clone(), &path)
                .header("content-type", "application/json")
                .body(vec![b' '; 40 << 20]);
            check(&user.send(huge).await?, PayloadTooLarge)?;
        }
    }
    for path in ["/none", "/code/x/none", "/auth", "/jobs/x/y/z"] {
        refused(&user.get(path).await?, NotFound)?;
    }
    let picture = user.request(Method::GET, "/code/").header("accept", "image/png");
    refused(&user.send(picture).await?, NotAcceptable)?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_reaches_resources_of_another_user() -> Result<()> {
    let lab = lab().await?;
    let (ada, bob) = (lab.user("ada").await?, lab.user("bob").await?);
    let project = ada.project("secret").await?;
    let file = ada.write(project.id, "secret.txt", "secret text").await?;
    let token: Value = ada.post("/auth/tokens", json!({"name": "secret"})).await?.ok()?.json()?;
    let run = RunRequest {
        command: Some(engunity_protocol::spec::Command::Shell("true".into())),
        runtime: Some("bash".into()),
        ..RunRequest::default()
    };
    let job = ada.run(project.id, &run).await?;
    let gone = ada.write(project.id, "gone/secret.txt", "secret text").await?;
    ada.delete(&format!("/code/files/{}", gone["parent_id"].as_str().unwrap_or_default())).await?.ok()?;
    let trash: Vec<Value> = ada.get(&format!("/code/{}/trash", project.id)).await?.ok()?.json()?;
    let trash = trash[0]["id"].as_str().unwrap_or_default().to_owned();
    let dump = || async {
        let client = lab.database.client().await?;
        let sql = "SELECT (SELECT jsonb_agg(f)::text FROM code_files f), (SELECT jsonb_agg(t.id)::text FROM personal_tokens t),
            (SELECT jsonb_agg(jsonb_build_array(p.id, p.name, p.storage_path))::text FROM code_projects p),
            (SELECT jsonb_agg(d ORDER BY d.id)::text FROM deleted_files d WHERE d.path LIKE 'gone%')";
        let row = client.query_one(sql, &[]).await?;
        Ok::<_, anyhow::Error>((0..4).map(|n| row.get::<_, Option<String>>(n)).collect::<Vec<_>>())
    };
    let before = dump().await?;
    for call in calls(&bob).await?.iter().filter(|call| call.signed && call.path.contains('{')) {
        let path = call
            .path
            .replace("{project_id}", &project.id.to_string())
            .replace("{file_id}", file["id"].as_str().unwrap_or_default())
            .replace("{trash_id}", &trash)
            .replace("{version_id}", file["id"].as_str().unwrap_or_default())
            .replace("{job_id}", &job.id.to_string())
            .replace("{token_id}", token["id"].as_str().unwrap_or_default())
            .replace("{path}", "x");
        let path = if path.ends_with("/history") { format!("{path}?path=secret.txt") } else { path };
        let answer = bob.send(request(&bob, call, &path)).await?;
        let code = if path.starts_with("/admin/") { Forbidden } else { NotFound };
        refused(&answer, code).map_err(|e| e.context(format!("{} {path}", call.method)))?;
        ensure!(!answer.text().contains("secret"), "{} {path}: {}", call.method, answer.text());
    }
    for path in ["/code/", "/jobs", "/auth/tokens"] {
        ensure!(bob.get(path).await?.ok()?.json::<Vec<Value>>()?.is_empty(), "{path}");
    }
    let theirs = bob.project("theirs").await?;
    let mine: Value = bob.write(theirs.id, "mine.txt", "x").await?;
    ensure!(ada.get("/jobs").await?.ok()?.json::<Vec<Value>>()?.len() == 1);
    let folder = ada
        .post(&format!("/code/{}/files", project.id), json!({"path": "d", "type": "folder"}))
        .await?
        .ok()?
        .json::<Value>()?;
    let into = json!({"parent_id": folder["id"]});
    field(
        &bob.patch(&format!("/code/files/{}", mine["id"].as_str().unwrap_or_default()), into).await?,
        "parent_id",
    )?;
    ada.delete(&format!("/code/files/{}", folder["id"].as_str().unwrap_or_default())).await?.ok()?;
    bob.delete(&format!("/code/{}", theirs.id)).await?.ok()?;
    // The row of a deleted project goes some seconds later.
    let unchanged = || async { Ok((dump().await? == before).then_some(())) };
    eventually("nothing has changed", Duration::from_secs(60), unchanged).await?;
    ada.cancel(job.id).await?.ok()?;
    lab.finish().await
}

/// A request that would be fine if the thing were one's own.
fn request(client: &Client, call: &Call, path: &str) -> reqwest::RequestBuilder {
    let request = client.request(call.method.clone(), path);
    if call.body.iter().any(|kind| kind == "multipart/form-data") {
        return request.multipart(
            reqwest::multipart::Form::new()
                .part("file", reqwest::multipart::Part::bytes(b"x".to_vec()).file_name("x")),
        );
    }
    match path.rsplit('/').next().unwrap_or_default() {
        "search" if call.body.is_empty() => request.query(&[("q", "x")]),
        _ if call.body.is_empty() => request,
        "search" => request.json(&json!({"q": "x"})),
        "files" => request.json(&json!({"path": "x", "type": "file"})),
        "bulk" => request.json(&json!({"operation": "delete", "paths": ["secret.txt"]})),
        "restore" if path.contains("/trash/") => {
            request.json(&json!({"ids": ["0193564e-0000-7000-8000-000000000001"]}))
        }
        "sync" | "commit" => request.json(&json!({"files": []})),
        "runs" => request.json(&json!({"command": "true", "runtime": "bash"})),
        "blobs" => request.body(Vec::new()),
        _ => request.json(&json!({})),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_without_an_engine_say_so() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = format!("/code/{}", user.project("demo").await?.id);
    let index: Value = user.get(&format!("{project}/index")).await?.ok()?.json()?;
    ensure!(index["state"] == "none" && index["skipped"] == json!([]), "{index}");
    let asked = json!({"file_content": "x", "language": "python", "instruction": "shorten it"});
    refused(&user.post("/code/refine/", asked.clone()).await?, NotConfigured)?;
    let streamed = user.request(Method::POST, "/code/refine").header("accept", "text/event-stream");
    refused(&user.send(streamed.json(&asked)).await?, NotConfigured)?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_needs_a_worker_once_there_are_files() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let id = user.project("demo").await?.id;
    let project = format!("/code/{id}");
    for path in ["/code/search?q=x".to_owned(), format!("{project}/search?q=x")] {
        let answer: Value = user.get(&path).await?.ok()?.json()?;
        ensure!(answer["hits"] == json!([]) && answer["exact"] == true, "{answer}");
        ensure!(answer["coverage"]["files"] == 0, "{answer}");
    }
    user.write(id, "a.py", "x = 1").await?;
    refused(&user.get(&format!("{project}/search?q=x")).await?, Unavailable)?;
    refused(&user.get("/code/search?q=x").await?, Unavailable)?;
    let job = user.post(&format!("{project}/index"), json!({})).await?;
    ensure!(job.status == StatusCode::ACCEPTED, "{job:?}");
    let (location, job): (String, Value) = (header(&job, "location").to_owned(), job.json()?);
    ensure!(job["kind"] == "index" && job["state"] == "queued", "{job}");
    ensure!(location == format!("/api/v1/jobs/{}", job["id"].as_str().unwrap_or_default()), "{location}");
    let again: Value = user.post(&format!("{project}/index"), json!({})).await?.ok()?.json()?;
    ensure!(again["id"] == job["id"], "a project has one unfinished index job: {again}");
    let index: Value = user.get(&format!("{project}/index")).await?.ok()?.json()?;
    ensure!(index["state"] == "building" && index["job_id"] == job["id"] && index["pending"] == 1, "{index}");
    user.delete(&format!("/code/{id}")).await?.ok()?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_makes_no_sense_is_refused_by_field() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = format!("/code/{}/search", user.project("demo").await?.id);
    let long = "x".repeat(10_000);
    for (query, wrong) in [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        (format!("q={long}").as_str(), "q"),
        ("q=x&mode=psychic", "mode"),
        ("q=x&case=upper", "case"),
        ("q=x&limit=0", "limit"),
        ("q=x&limit=many", "limit"),
        ("q=x&context=99", "context"),
        ("q=x&explain=maybe", "explain"),
        ("q=x&path=", "path"),
    ] {
        for path in [project.as_str(), "/code/search"] {
            field(&user.get(&format!("{path}?{query}")).await?, wrong)
                .map_err(|e| e.context(query.to_owned()))?;
        }
    }
    let buffer = |path: &str| json!({"path": path, "text": "x"});
    let post = |body: Value| user.post(&project, body);
    field(&post(json!({"q": "x", "mode": "psychic"})).await?, "mode")?;
    field(&post(json!({"q": "x", "buffers": [buffer("../x")]})).await?, "buffers[0].path")?;
    field(&post(json!({"q": "x", "buffers": [buffer("x"), buffer("x")]})).await?, "buffers")?;
    let many: Vec<Value> = (0..51).map(|n| buffer(&format!("{n}"))).collect();
    field(&post(json!({"q": "x", "buffers": many})).await?, "buffers")?;
    let huge = json!({"path": "x", "text": "x".repeat(3 << 20)});
    field(&post(json!({"q": "x", "buffers": [huge]})).await?, "buffers")?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_how_it_is() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    user.project("demo").await?;
    let at = |path: &str| reqwest::get(format!("{}{path}", user.base()));
    ensure!(at("/healthz").await?.status() == StatusCode::OK);
    // The coordinator listens before the broker has let it in.
    let ready: Value = eventually("readiness", Duration::from_secs(60), || async {
        let ready: Value = at("/readyz").await?.json().await?;
        Ok((ready["ready"] == true).then_some(ready))
    })
    .await?;
    ensure!(
        ready["broker"] == "ok" && ready["object_storage"] == "ok" && ready["postgres"] == "ok",
        "{ready}"
    );
    let metrics = at("/metrics").await?.text().await?;
    ensure!(
        metrics.contains("engunity_http_requests_total{") && metrics.contains("route=\"/api/v1/code\""),
        "{metrics}"
    );
    let docs = user.get("/docs").await?.ok()?;
    ensure!(
        !docs.text().contains("http://") && !docs.text().contains("https://"),
        "the docs page needs no other origin"
    );
    ensure!(header(&docs, "content-security-policy").contains("script-src 'self'"));
    lab.finish().await
}
