//! PostgreSQL is away for longer than a lease while a program runs: the program does not notice, and nothing of it is lost.

use std::time::Duration;

use anyhow::{Result, ensure};
use engunity_protocol::job::JobState;
use engunity_store::LEASE_SECONDS;
use engunity_testkit::{TestLab, eventually};

use crate::{TIMEOUT, shell};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_while_the_database_is_away() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let line = "for i in $(seq 1 60); do echo line $i; sleep 0.1; done";
    let (first, second) =
        (user.run(project.id, &shell(line)).await?, user.run(project.id, &shell("echo short")).await?);
    let path = format!("/jobs/{}/output?stream=stdout&offset=0", first.id);
    let output = || user.get(&path);
    eventually("some output is there", TIMEOUT, || async {
        Ok((output().await?.body.len() > 50).then_some(()))
    })
    .await?;
    lab.database.set_reachable(false).await?;
    let away = async {
        eventually("requests say that the database is away", TIMEOUT, || async {
            Ok((user.job(first.id).await.is_err() && user.get("/jobs").await?.status == 503).then_some(()))
        })
        .await?;
        // Heartbeats go on and can't be recorded: nobody may be taken for dead because of that.
        tokio::time::sleep(Duration::from_secs_f64(LEASE_SECONDS + 2.0)).await;
        Ok::<(), anyhow::Error>(())
    };
    let away = away.await;
    lab.database.set_reachable(true).await?;
    away?;
    for job in [first.id, second.id] {
        let done = user.job_end(job, TIMEOUT).await?;
        ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
    }
    let expected: String = (1..=60).map(|i| format!("line {i}\n")).collect();
    ensure!(output().await?.text() == expected, "{}", output().await?.text());
    lab.finish().await
}
