//! Projects: the five calls, their refusals, pages.

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode::*;
use engunity_protocol::project::Project;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{field, header, lab, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_project_lives() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let body = json!({"name": " Demo ", "description": "d", "language": "python", "repository_url": "https://example.com/r"});
    let made = user.post("/code/", body).await?;
    ensure!(made.status == StatusCode::CREATED);
    let shown: Value = made.json()?;
    let keys: Vec<_> = shown.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    for key in [
        "id",
        "user_id",
        "name",
        "description",
        "language",
        "repository_url",
        "storage_path",
        "created_at",
        "updated_at",
    ] {
        ensure!(keys.contains(&key), "{key} is missing in {shown}");
    }
    let project: Project = made.json()?;
    ensure!(project.name == "Demo" && project.storage_path.is_none());
    let path = format!("/code/{}", project.id);
    ensure!(header(&made, "location") == format!("/api/v1{path}"));
    for path in [path.clone(), format!("{path}/")] {
        ensure!(user.get(&path).await?.ok()?.json::<Project>()? == project);
    }
    let changed: Project =
        user.patch(&path, json!({"name": "New", "description": null})).await?.ok()?.json()?;
    ensure!(
        changed.name == "New"
            && changed.description.is_none()
            && changed.language.as_deref() == Some("python")
    );
    ensure!(changed.updated_at > project.updated_at && changed.created_at == project.created_at);
    ensure!(user.delete(&path).await?.status == StatusCode::NO_CONTENT);
    refused(&user.get(&path).await?, NotFound)?;
    refused(&user.delete(&path).await?, NotFound)?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    for (body, name) in [
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "x".repeat(201)}), "name"),
        (json!({"name": "a\0b"}), "name"),
        (json!({"name": ["a"]}), "name"),
        (json!({"name": "a", "description": 1}), "description"),
        (json!({"name": "a", "colour": "red"}), "colour"),
    ] {
        field(&user.post("/code/", body).await?, name)?;
    }
    let broken =
        user.request(Method::POST, "/code/").header("content-type", "application/json").body("{\"name\": ");
    refused(&user.send(broken).await?, MalformedBody)?;
    for path in ["/code/none", "/code/00000000-0000-0000-0000-000000000000", "/code/x%00y", "/code/%ff"] {
        refused(&user.get(path).await?, NotFound)?;
    }
    field(&user.get("/code/?limit=0").await?, "limit")?;
    field(&user.get("/code/?limit=many").await?, "limit")?;
    field(&user.get("/code/?cursor=%21").await?, "cursor")?;
    let files = format!("/code/{}/files", user.project("p").await?.id);
    // A NUL, as no cursor of ours has it.
    field(&user.get(&format!("{files}?cursor=YQBi")).await?, "cursor")?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_through_all_projects_once() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    for number in 0..7 {
        user.project(&format!("p{number}")).await?;
    }
    let mut path = "/code/?limit=3".to_owned();
    let mut names = Vec::new();
    loop {
        let page = user.get(&path).await?.ok()?;
        names.extend(page.json::<Vec<Project>>()?.into_iter().map(|p| p.name));
        let link = header(&page, "link");
        let Some(next) = link.strip_prefix("</api/v1").and_then(|link| link.strip_suffix(">; rel=\"next\""))
        else {
            break;
        };
        path = next.to_owned();
    }
    ensure!(names == ["p6", "p5", "p4", "p3", "p2", "p1", "p0"], "{names:?}");
    lab.finish().await
}
