//! Search from outside, with real workers: what was saved is found, what is gone is not, and no failure shows half an index.

mod failures;
mod freshness;
mod modes;
mod projects;

use std::time::Duration;

use anyhow::{Result, ensure};
use engunity_protocol::{
    ProjectId,
    index::{IndexState, IndexStatus},
    job::Job,
    search::{SearchAnswer, SearchHit},
};
use engunity_testkit::{Client, TestLab, eventually};
use serde_json::json;

const TIMEOUT: Duration = Duration::from_secs(90);
const AUTOMATIC: &str = "ENGUNITY__INDEX__AUTOMATIC";

/// A lab whose coordinators make index jobs by themselves.
async fn automatic_lab(workers: usize) -> Result<TestLab> {
    TestLab::builder().workers(workers).env(AUTOMATIC, true).start().await
}

/// Searches, with `rest` of a query string such as `&mode=regex`. The text is passed as it stands.
async fn search(
    user: &Client,
    project: ProjectId,
    text: &str,
    rest: &[(&str, &str)],
) -> Result<SearchAnswer> {
    let request = user.request(reqwest::Method::GET, &format!("/code/{project}/search"));
    user.send(request.query(&[("q", text)]).query(rest)).await?.ok()?.json()
}

async fn index_status(user: &Client, project: ProjectId) -> Result<IndexStatus> {
    user.get(&format!("/code/{project}/index")).await?.ok()?.json()
}

/// Builds the index and waits until it is complete.
async fn index(user: &Client, project: ProjectId) -> Result<IndexStatus> {
    let job: Job = user.post(&format!("/code/{project}/index"), json!({})).await?.ok()?.json()?;
    user.job_end(job.id, TIMEOUT).await?;
    indexed(user, project).await
}

/// Waits until the index has everything.
async fn indexed(user: &Client, project: ProjectId) -> Result<IndexStatus> {
    eventually("the index is complete", TIMEOUT, || async {
        let status = index_status(user, project).await?;
        Ok((status.state == IndexState::Ready && status.pending == 0).then_some(status))
    })
    .await
}

/// Path and line of each hit, sorted.
fn places(hits: &[SearchHit]) -> Vec<(String, u32)> {
    let mut places: Vec<_> = hits.iter().map(|hit| (hit.path.clone(), hit.start_line)).collect();
    places.sort();
    places
}

fn paths(answer: &SearchAnswer) -> Vec<&str> {
    let mut paths: Vec<_> = answer.hits.iter().map(|hit| hit.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// This repository's own sources below a folder, as (path, text).
fn own_sources(folder: &str) -> Vec<(String, String)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let walk = ignore::WalkBuilder::new(format!("{root}/{folder}")).build().flatten();
    let files = walk.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut files: Vec<_> = files
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(root).ok()?.display().to_string();
            Some((path, std::fs::read_to_string(entry.path()).ok()?))
        })
        .collect();
    files.sort();
    files
}

/// A new project with these files.
async fn project_of(user: &Client, files: &[(String, String)]) -> Result<ProjectId> {
    let project = user.project("demo").await?.id;
    let archive = engunity_testkit::snapshot::project(files);
    let answer = user.upload(project, "sources.tar.zst", archive).await?;
    ensure!(answer.status.is_success(), "{}", answer.text());
    Ok(project)
}

/// The lines that contain `text`, as `grep --fixed-strings` has them.
fn grep(files: &[(String, String)], matches: impl Fn(&str) -> bool) -> Vec<(String, u32)> {
    let of = |(path, text): &(String, String)| {
        let lines = text.lines().enumerate().filter(|(_, line)| matches(line));
        lines.map(|(at, _)| (path.clone(), at as u32 + 1)).collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}
