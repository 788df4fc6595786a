//! The container engine dies in the middle of a run: the run begins again once there is an engine, here or elsewhere.

use anyhow::{Result, ensure};
use engunity_protocol::{
    fleet::Worker,
    job::{Job, JobState},
};
use engunity_testkit::{Client, TestLab, docker_engine::DockerEngine, eventually, sse::Watcher};

use crate::{TIMEOUT, shell};

/// Waits until the fleet says how many slots are free.
async fn free_slots(user: &Client, wanted: u32) -> Result<()> {
    eventually("the fleet's free slots", TIMEOUT, || async {
        let workers: Vec<Worker> = user.get("/workers").await?.ok()?.json()?;
        let free: u32 = workers.iter().map(|worker| worker.slots - worker.busy).sum();
        Ok((free == wanted).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_survives_the_death_of_its_engine() -> Result<()> {
    let image = format!("{}runtime-bash:latest", std::env::var("ENGUNITY__RUNTIMES__IMAGE_PREFIX")?);
    let Some(mut engine) = DockerEngine::start(&image).await? else { return Ok(()) };
    let lab = TestLab::builder().env("ENGUNITY__DOCKER__SOCKET", engine.socket()).start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let job = user.run(project.id, &shell("echo begun; sleep 8; echo done")).await?;
    let mut watcher = Watcher::default();
    let mut events = user.events(job.id, 0).await?;
    while watcher.stdout.is_empty() {
        watcher.take(events.next().await?.expect("an event"))?;
    }
    engine.kill9()?;
    let waits = |job: &Job| job.state == JobState::Queued;
    let waiting = user.job_when(job.id, TIMEOUT, waits).await?;
    ensure!(waiting.attempt == 1 && waiting.waiting.is_some(), "{waiting:?}");
    free_slots(&user, 0).await?;

    engine.up().await?;
    let done = user.job_end(job.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded && done.attempt >= 2, "{done:?}");
    let output = user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?.ok()?;
    ensure!(output.text() == "begun\ndone\n", "{:?}", output.text());
    while events.next().await.is_ok_and(|event| event.is_some_and(|event| watcher.take(event).is_ok())) {}
    ensure!(watcher.stdout == b"begun\ndone\n" && watcher.result.is_some(), "{watcher:?}");
    free_slots(&user, 2).await?;
    eventually("no container is left", TIMEOUT, || async {
        Ok(engine.containers()?.is_empty().then_some(()))
    })
    .await?;
    lab.finish().await
}
