//! What one project may hold: exact after every kind of change, whichever coordinator makes it.

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode::QuotaExceeded;
use engunity_testkit::{Client, TestLab, client::ApiResponse};
use serde_json::{Value, json};

use crate::refused;

const MIB: usize = 1 << 20;

async fn lab(coordinators: usize) -> Result<TestLab> {
    let lab = TestLab::builder().coordinators(coordinators).workers(0);
    lab.env("ENGUNITY__QUOTA__PROJECT_MB", 1).env("ENGUNITY__QUOTA__PROJECT_FILES", 6).start().await
}

async fn create(user: &Client, project: &str, path: &str, bytes: usize) -> Result<ApiResponse> {
    let body = json!({"path": path, "type": "file", "content": "x".repeat(bytes)});
    user.post(&format!("/code/{project}/files"), body).await
}

async fn save(user: &Client, file: &str, bytes: usize) -> Result<ApiResponse> {
    user.patch(&format!("/code/files/{file}"), json!({"content": "x".repeat(bytes)})).await
}

async fn id(answer: ApiResponse) -> Result<String> {
    Ok(answer.ok()?.json::<Value>()?["id"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_counted_exactly_as_files_grow_and_shrink() -> Result<()> {
    let lab = lab(1).await?;
    let user = lab.user("ada").await?;
    let project = user.project("full").await?.id.to_string();
    let file = id(create(&user, &project, "a/x.txt", MIB / 2).await?).await?;
    save(&user, &file, MIB).await?.ok()?;
    refused(&save(&user, &file, MIB + 1).await?, QuotaExceeded)?;
    refused(&create(&user, &project, "y.txt", 1).await?, QuotaExceeded)?;
    let kept: Value = user.get(&format!("/code/files/{file}")).await?.ok()?.json()?;
    ensure!(kept["size"] == MIB, "a refused save changes nothing: {}", kept["size"]);
    save(&user, &file, MIB - 1).await?.ok()?;
    create(&user, &project, "y.txt", 1).await?.ok()?;
    refused(&save(&user, &file, MIB).await?, QuotaExceeded)?;

    let folder = kept["parent_id"].as_str().unwrap_or_default();
    user.delete(&format!("/code/files/{folder}")).await?.ok()?;
    create(&user, &project, "z.txt", MIB - 1).await?.ok()?;
    refused(&create(&user, &project, "w.txt", 1).await?, QuotaExceeded)?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_count_as_files() -> Result<()> {
    let lab = lab(1).await?;
    let user = lab.user("ada").await?;
    let project = user.project("many").await?.id.to_string();
    create(&user, &project, "a/b/one", 0).await?.ok()?;
    let two = id(create(&user, &project, "a/b/two", 0).await?).await?;
    create(&user, &project, "c/three", 0).await?.ok()?;
    refused(&create(&user, &project, "four", 0).await?, QuotaExceeded)?;
    user.delete(&format!("/code/files/{two}")).await?.ok()?;
    refused(&create(&user, &project, "d/four", 0).await?, QuotaExceeded)?;
    create(&user, &project, "c/four", 0).await?.ok()?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_coordinators_changes_count_too() -> Result<()> {
    let lab = lab(2).await?;
    let here = lab.user("ada").await?;
    let there = here.at(&lab.coordinators[1].url());
    let project = here.project("shared").await?.id.to_string();
    let one = id(create(&here, &project, "one", 10).await?).await?;
    let two = id(create(&there, &project, "two", 10).await?).await?;
    save(&here, &one, MIB / 2).await?.ok()?;
    save(&there, &two, MIB / 4).await?.ok()?;
    save(&there, &two, MIB / 2).await?.ok()?;
    refused(&save(&here, &one, MIB / 2 + 1).await?, QuotaExceeded)?;
    save(&there, &two, MIB / 2 - 1).await?.ok()?;
    save(&here, &one, MIB / 2 + 1).await?.ok()?;
    refused(&save(&there, &two, MIB / 2).await?, QuotaExceeded)?;
    lab.finish().await
}
