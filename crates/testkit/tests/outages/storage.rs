//! Object storage that is away for a while, and disks that are full: the coordinator's and the worker's.

use anyhow::{Context, Result, ensure};
use engunity_protocol::{
    JobId,
    job::{Job, JobState, RunRequest},
    problem::ErrorCode,
    project::Project,
};
use engunity_testkit::{
    Client, Proxy, ServiceConfig, TestLab, client::ApiResponse, disk::SmallDisk, eventually, sse::Watcher,
};
use rand::RngCore;
use reqwest::Url;
use serde_json::Value;

use crate::{TIMEOUT, shell};

/// A way to object storage that can be cut, and its address.
async fn storage() -> Result<(Proxy, String)> {
    let endpoint = Url::parse(&ServiceConfig::from_env()?.s3.endpoint)?;
    let host = endpoint.host_str().context("a host")?;
    let proxy = Proxy::start(format!("{host}:{}", endpoint.port_or_known_default().unwrap_or(80))).await?;
    let address = format!("http://{}", proxy.address);
    Ok((proxy, address))
}

fn refused(answer: &ApiResponse, words: &str) -> Result<()> {
    let problem = answer.problem()?;
    ensure!(answer.status == 503 && problem.code == ErrorCode::Unavailable, "{problem:?}");
    ensure!(problem.detail.contains(words), "{problem:?}");
    Ok(())
}

/// Bytes that nothing makes smaller.
fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    rand::rng().fill_bytes(&mut noise);
    noise
}

async fn files(user: &Client, project: &Project) -> Result<usize> {
    Ok(user.get(&format!("/code/{}/files", project.id)).await?.ok()?.json::<Vec<Value>>()?.len())
}

async fn until_set_back(user: &Client, job: JobId, words: &str) -> Result<Job> {
    let because =
        |job: &Job| job.waiting.as_ref().is_some_and(|waiting| waiting.because.contains("tries failed"));
    let waiting = user.job_when(job, TIMEOUT, because).await?;
    tokio::time::timeout(TIMEOUT, told(user, job, words)).await??;
    Ok(waiting)
}

/// Reads a job's events until one says `words`.
async fn told(user: &Client, job: JobId, words: &str) -> Result<()> {
    let mut events = user.events(job, 0).await?;
    while let Some(event) = events.next().await? {
        if serde_json::to_string(&event.event)?.contains(words) {
            return Ok(());
        }
    }
    anyhow::bail!("nobody was told of {words:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_refused_without_object_storage_and_taken_when_it_is_back() -> Result<()> {
    let (proxy, address) = storage().await?;
    let lab = TestLab::builder().workers(0).env("ENGUNITY__S3__ENDPOINT", address).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    user.upload(project.id, "first.bin", noise(1000)).await?.ok()?;
    proxy.close();
    let content = noise(5000);
    refused(&user.upload(project.id, "second.bin", content.clone()).await?, "object storage")?;
    ensure!(files(&user, &project).await? == 1, "nothing changed");
    proxy.open();
    eventually("it is taken", TIMEOUT, || async {
        Ok(Some(user.upload(project.id, "second.bin", content.clone()).await?.ok()?))
    })
    .await?;
    ensure!(files(&user, &project).await? == 2);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_wait_for_object_storage() -> Result<()> {
    let (proxy, address) = storage().await?;
    let lab = TestLab::builder().env("ENGUNITY__S3__ENDPOINT", address).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let line = "echo on; sleep 2; mkdir out; for i in 1 2 3; do head -c 100000 /dev/urandom > out/$i; done";
    let run = RunRequest { artifacts: vec!["out/**".into()], ..shell(line) };
    let job = user.run(project.id, &run).await?;
    let mut watcher = Watcher::default();
    let mut events = user.events(job.id, 0).await?;
    while watcher.stdout.is_empty() {
        watcher.take(events.next().await?.expect("an event"))?;
    }
    proxy.close();
    eventually("the worker has tried to store", TIMEOUT, || async {
        Ok((proxy.refused() > 0).then_some(()))
    })
    .await?;
    proxy.open();
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
    let kept = user.artifacts(job.id).await?;
    ensure!(kept.len() == 3 && kept.iter().all(|artifact| artifact.size == 100_000), "{kept:?}");
    for artifact in kept {
        let bytes = user.get(&format!("/jobs/{}/artifacts/{}", job.id, artifact.path)).await?.ok()?.body;
        ensure!(blake3::hash(&bytes).to_hex().as_str() == artifact.hash, "{} is damaged", artifact.path);
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_files_that_can_not_be_fetched() -> Result<()> {
    let (proxy, address) = storage().await?;
    let lab = TestLab::builder().env("ENGUNITY__S3__ENDPOINT", address).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    user.write(project.id, "a.txt", "content").await?;
    // The snapshot is stored when the run is accepted; a worker that has not seen it has to fetch it.
    lab.workers[0].kill9()?;
    let job = user.run(project.id, &shell("cat a.txt")).await?;
    proxy.close();
    lab.workers[0].start().await?;
    let waiting = until_set_back(&user, job.id, "files could not be fetched").await?;
    ensure!(waiting.state == JobState::Queued, "{waiting:?}");
    proxy.open();
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded && done.attempt > 1, "{done:?}");
    let output = user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?.ok()?;
    ensure!(output.text() == "content", "{:?}", output.text());
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_coordinator_refuses_uploads_and_nothing_else() -> Result<()> {
    let Some(disk) = SmallDisk::new(2048)? else { return Ok(()) };
    let lab = TestLab::builder().workers(0).env("TMPDIR", disk.path().display()).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let large = noise(5 << 20);
    refused(&user.upload(project.id, "large.bin", large.clone()).await?, "disk is full")?;
    let hash = blake3::hash(&large).to_hex().to_string();
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(large.len() as u64);
    builder.append_data(&mut header, hash, &*large)?;
    let blobs = user.request(reqwest::Method::PUT, &format!("/code/{}/blobs", project.id));
    refused(&user.send(blobs.body(builder.into_inner()?)).await?, "disk is full")?;
    ensure!(files(&user, &project).await? == 0, "nothing changed");
    eventually("what was received is gone from the disk", TIMEOUT, || async {
        Ok(disk.files()?.is_empty().then_some(()))
    })
    .await?;
    user.upload(project.id, "small.bin", noise(1000)).await?.ok()?;
    disk.resize(64 << 10)?;
    user.upload(project.id, "large.bin", large).await?.ok()?;
    ensure!(files(&user, &project).await? == 2);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_worker_delays_a_run_and_says_so() -> Result<()> {
    let Some(disk) = SmallDisk::new(1024)? else { return Ok(()) };
    let scratch = disk.path().display();
    let lab = TestLab::builder().env("ENGUNITY__WORKER__SCRATCH_DIR", scratch).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    user.write(project.id, "small.txt", "fits").await?;
    let first = user.run(project.id, &shell("cat small.txt")).await?;
    ensure!(user.job_end(first.id, TIMEOUT).await?.state == JobState::Succeeded, "a small project fits");
    user.upload(project.id, "large.bin", noise(3 << 20)).await?.ok()?;
    let job = user.run(project.id, &shell("wc -c < large.bin")).await?;
    until_set_back(&user, job.id, "disk is full").await?;
    disk.resize(64 << 10)?;
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded, "{done:?}");
    lab.finish().await
}
