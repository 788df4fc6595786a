//! Watching a job: every watcher sees the same bytes in the same order, whatever breaks in between.

use std::time::Duration;

use anyhow::{Result, ensure};
use engunity_protocol::{
    JobId,
    job::{JobState, RunRequest},
    spec::Command,
};
use engunity_testkit::{Client, TestLab, eventually, sse::Watcher};
use futures::future::try_join_all;

const TIMEOUT: Duration = Duration::from_secs(60);

/// Prints numbered lines for about two seconds, on both streams.
const COUNTS: &str =
    "for i in $(seq 1 200); do echo line $i; [ $((i % 10)) = 0 ] && echo err $i >&2; sleep 0.01; done";

fn counting() -> RunRequest {
    RunRequest {
        command: Some(Command::Shell(COUNTS.into())),
        runtime: Some("bash".into()),
        ..RunRequest::default()
    }
}

fn expected() -> (Vec<u8>, Vec<u8>) {
    let lines: String = (1..=200).map(|i| format!("line {i}\n")).collect();
    let errors: String = (1..=20).map(|i| format!("err {}\n", i * 10)).collect();
    (lines.into_bytes(), errors.into_bytes())
}

/// Follows to the end, reconnecting after every `most` events, or when the stream breaks.
async fn follow_in_pieces(user: Client, job: JobId, most: usize) -> Result<Watcher> {
    let mut watcher = Watcher::default();
    eventually("the whole job is seen", TIMEOUT, || async { Ok(user.job(job).await.ok()) }).await?;
    let deadline = std::time::Instant::now() + TIMEOUT;
    while watcher.result.is_none() {
        ensure!(std::time::Instant::now() < deadline, "the result did not come: {watcher:?}");
        let Ok(mut events) = user.events(job, watcher.last).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        for _ in 0..most {
            let Ok(Some(event)) = events.next().await else { break };
            watcher.take(event)?;
        }
    }
    Ok(watcher)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_watchers_see_the_same_however_often_they_reconnect() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).start().await?;
    let user = lab.user("eve").await?;
    let project = user.project("demo").await?;
    let job = user.run(project.id, &counting()).await?;
    let elsewhere = user.at(&lab.coordinators[1].url());
    let watchers = try_join_all([
        follow_in_pieces(user.clone(), job.id, usize::MAX),
        follow_in_pieces(user.clone(), job.id, 1),
        follow_in_pieces(elsewhere.clone(), job.id, usize::MAX),
        follow_in_pieces(elsewhere, job.id, 3),
    ]);
    let watchers = watchers.await?;
    let late = follow_in_pieces(user, job.id, usize::MAX).await?;
    let (stdout, stderr) = expected();
    for watcher in watchers.iter().chain([&late]) {
        ensure!(watcher.stdout == stdout, "{}", String::from_utf8_lossy(&watcher.stdout));
        ensure!(watcher.stderr == stderr, "{}", String::from_utf8_lossy(&watcher.stderr));
        ensure!(watcher.result == late.result && watcher.last == late.last, "the end differs");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_and_its_watcher_survive_the_coordinators_restart() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("eve").await?;
    let project = user.project("demo").await?;
    let job = user.run(project.id, &counting()).await?;
    let watching = tokio::spawn(follow_in_pieces(user.clone(), job.id, usize::MAX));
    eventually("some output is there", TIMEOUT, || async {
        let output = user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?;
        Ok((output.body.len() > 100).then_some(()))
    })
    .await?;
    lab.coordinators[0].restart().await?;
    let watcher = watching.await??;
    let (stdout, stderr) = expected();
    ensure!(watcher.stdout == stdout && watcher.stderr == stderr, "{watcher:?}");
    let result = watcher.result.expect("a result");
    ensure!(result.state == JobState::Succeeded && result.attempt == 1, "{result:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_of_the_broker_in_mid_run_loses_nothing() -> Result<()> {
    let lab = TestLab::builder().broker_proxy().start().await?;
    let user = lab.user("eve").await?;
    let project = user.project("demo").await?;
    let job = user.run(project.id, &counting()).await?;
    let watching = tokio::spawn(follow_in_pieces(user.clone(), job.id, usize::MAX));
    for bytes in [100, 600, 1200] {
        eventually("some output is there", TIMEOUT, || async {
            let output = user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?;
            Ok((output.body.len() > bytes).then_some(()))
        })
        .await?;
        lab.proxy.as_ref().expect("a proxy").cut();
    }
    let watcher = watching.await??;
    let (stdout, stderr) = expected();
    ensure!(watcher.stdout == stdout && watcher.stderr == stderr, "{watcher:?}");
    ensure!(watcher.result.expect("a result").state == JobState::Succeeded, "it runs to its end");
    lab.finish().await
}
