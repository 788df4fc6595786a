//! Workers that die, indexes that are damaged, projects that are deleted.

use anyhow::{Context, Result, ensure};
use engunity_artifacts::keys;
use engunity_protocol::{
    index::IndexState,
    job::{Job, JobState},
};
use engunity_testkit::{TestLab, eventually};
use futures::TryStreamExt;
use serde_json::json;

use crate::{TIMEOUT, index, index_status, indexed, own_sources, paths, project_of, search};

const REGEX: [(&str, &str); 2] = [("mode", "regex"), ("limit", "10000")];

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_while_it_builds_leaves_nothing_half() -> Result<()> {
    let lab = TestLab::builder().workers(2).start().await?;
    let user = lab.user("ada").await?;
    let files: Vec<_> = (0..30)
        .flat_map(|copy| {
            let own = own_sources("crates/protocol/src").into_iter();
            own.map(move |(path, text)| (format!("{copy}/{path}"), text)).collect::<Vec<_>>()
        })
        .collect();
    let project = project_of(&user, &files).await?;
    let job: Job = user.post(&format!("/code/{project}/index"), json!({})).await?.ok()?.json()?;
    let running = user.job_when(job.id, TIMEOUT, |job| job.state != JobState::Queued).await?;
    let worker = running.worker_id.context("a worker")?;
    let killed = lab.workers.iter().find(|process| process.identity() == worker.0).context("one of ours")?;
    killed.kill9()?;
    let status = index_status(&user, project).await?;
    ensure!(status.state == IndexState::Building || status.files == files.len() as u64, "{status:?}");
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded, "{done:?}");
    let status = indexed(&user, project).await?;
    ensure!(status.files == files.len() as u64, "{status:?}");
    let answer = search(&user, project, "^pub struct JobReady", &REGEX).await?;
    ensure!(answer.exact && answer.hits.len() == 30, "{:?}", answer.coverage);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_built_anew() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.write(project, "a.txt", "needle\n").await?;
    index(&user, project).await?;
    let parts: Vec<_> = lab.objects.list(&keys::index_prefix(project)).try_collect().await?;
    for part in parts {
        lab.objects.put(&part.key, bytes(b"no index")).await?;
    }
    // A new process of the worker keeps its cache, so the folder has to go too.
    lab.workers[0].kill9()?;
    lab.forget_scratch(0)?;
    lab.workers[0].start().await?;
    let answer = search(&user, project, "needle", &REGEX).await?;
    ensure!(paths(&answer).is_empty() || paths(&answer) == ["a.txt"], "{answer:?}");
    eventually("the index is built anew", TIMEOUT, || async {
        let answer = search(&user, project, "needle", &REGEX).await?;
        Ok((paths(&answer) == ["a.txt"] && answer.exact).then_some(()))
    })
    .await?;
    indexed(&user, project).await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_deleted_projects_index_are_collected() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    user.write(project, "a.txt", "needle\n").await?;
    index(&user, project).await?;
    let prefix = keys::index_prefix(project);
    let parts = || async { Ok::<Vec<_>, anyhow::Error>(lab.objects.list(&prefix).try_collect().await?) };
    ensure!(!parts().await?.is_empty());
    user.delete(&format!("/code/{project}")).await?.ok()?;
    let client = lab.database.client().await?;
    eventually("no rows are left", TIMEOUT, || async {
        let sql = "SELECT (SELECT count(*) FROM indexes) + (SELECT count(*) FROM index_changes)";
        let left: i64 = client.query_one(sql, &[]).await?.get(0);
        Ok((left == 0).then_some(()))
    })
    .await?;
    let scheduled = client.query("SELECT 1 FROM trash WHERE key = $1", &[&prefix]).await?;
    ensure!(scheduled.len() == 1, "the objects are scheduled for deletion");
    ensure!(user.get(&format!("/code/{project}/search?q=needle")).await?.problem()?.status == 404);
    lab.finish().await
}

fn bytes(text: &'static [u8]) -> bytes::Bytes {
    bytes::Bytes::from_static(text)
}
