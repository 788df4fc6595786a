//! Parts that are half broken: a database that refuses for a while, a coordinator that is cut off from its database or
//! frozen, one row that is locked.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engunity_protocol::job::{Job, JobState};
use engunity_testkit::{Client, TestLab, eventually, rabbitmq::RabbitMq};

use crate::{TIMEOUT, shell};

/// Longer than a lease, and than the broker waits for a silent peer.
const LONG: Duration = Duration::from_secs(25);

/// Makes every insert of output that `condition` names fail with this code.
async fn fail_output(lab: &TestLab, code: &str, condition: &str) -> Result<()> {
    let sql = format!(
        "CREATE OR REPLACE FUNCTION test_failure() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'as the test wants' USING ERRCODE = '{code}'; END $$;
         DROP TRIGGER IF EXISTS test_failure ON job_events;
         CREATE TRIGGER test_failure BEFORE INSERT ON job_events FOR EACH ROW WHEN ({condition})
         EXECUTE FUNCTION test_failure()"
    );
    Ok(lab.database.client().await?.batch_execute(&sql).await?)
}

async fn work_again(lab: &TestLab) -> Result<()> {
    Ok(lab.database.client().await?.batch_execute("DROP TRIGGER test_failure ON job_events").await?)
}

async fn output(user: &Client, job: &Job) -> Result<String> {
    Ok(user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?.ok()?.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_survive_every_error_that_is_no_refusal() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    // Full disk, out of memory, read-only, cancelled, and one that no list of ours names.
    for code in ["53100", "53200", "25006", "57014", "XX000"] {
        fail_output(&lab, code, "NEW.stream IS NOT NULL").await?;
        let job = user.run(project.id, &shell("echo begun; sleep 1; echo done")).await?;
        user.job_when(job.id, TIMEOUT, |job| job.state == JobState::Running).await?;
        // Longer than the events are held by one consumer.
        tokio::time::sleep(Duration::from_secs(5)).await;
        ensure!(user.job(job.id).await?.state == JobState::Running, "{code}: its end is not recorded");
        work_again(&lab).await?;
        let done = user.job_end(job.id, TIMEOUT).await?;
        ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{code}: {done:?}");
        ensure!(output(&user, &done).await? == "begun\ndone\n", "{code}");
    }
    ensure!(lab.vhost.messages("dead-letters").await?.is_empty(), "nothing was dropped");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_refused_for_its_content_goes_to_the_dead_letters() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    fail_output(&lab, "22021", "position('poison'::bytea IN NEW.bytes) > 0").await?;
    let bad = user.run(project.id, &shell("echo a; sleep 0.2; echo poison; sleep 0.2; echo b")).await?;
    let good = user.run(project.id, &shell("echo a; sleep 0.2; echo cure; sleep 0.2; echo b")).await?;
    for job in [&bad, &good] {
        ensure!(user.job_end(job.id, TIMEOUT).await?.state == JobState::Succeeded, "both end");
    }
    ensure!(output(&user, &good).await? == "a\ncure\nb\n", "nothing of the other is lost");
    let dead = lab.vhost.messages("dead-letters").await?;
    ensure!(dead.len() == 1, "{dead:?}");
    let headers = &dead[0]["properties"]["headers"];
    ensure!(headers["engunity-queue"] == "events", "{headers}");
    ensure!(headers["engunity-reason"].to_string().contains("as the test wants"), "{headers}");
    let metrics = reqwest::get(format!("{}/metrics", lab.client().base())).await?.text().await?;
    ensure!(metrics.contains("engunity_events_refused_total{reason=\"refused\"} 1"), "{metrics}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_refused_still_ends_its_job() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let sql = "CREATE FUNCTION test_failure() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'as the test wants' USING ERRCODE = '22P05'; END $$;
        CREATE TRIGGER test_failure BEFORE UPDATE ON jobs FOR EACH ROW WHEN (NEW.state = 'succeeded')
        EXECUTE FUNCTION test_failure()";
    lab.database.client().await?.batch_execute(sql).await?;
    let job = user.run(project.id, &shell("echo done")).await?;
    let done = user.job_end(job.id, TIMEOUT).await?;
    let verdict = done.verdict.as_ref().context("a verdict")?;
    ensure!(done.state == JobState::Failed && verdict.evidence.contains("could not be stored"), "{done:?}");
    ensure!(output(&user, &done).await? == "done\n", "what was said before it is kept");
    lab.finish().await
}

/// Runs one job after the other while `hurt` is at work on coordinator 1, and a long one from before it; all must end at
/// their first attempt.
async fn jobs_go_on(lab: &TestLab, hurt: impl AsyncFnOnce(&TestLab) -> Result<()>) -> Result<()> {
    let user = lab.user("kim").await?.at(&lab.coordinators[1].url());
    let project = user.project("demo").await?;
    let mut long = Vec::new();
    for _ in 0..2 {
        let line = "for i in $(seq 1 27); do echo $i; sleep 1; done";
        long.push(user.run(project.id, &shell(line)).await?);
    }
    for job in &long {
        user.job_when(job.id, TIMEOUT, |job| job.state == JobState::Running).await?;
    }
    let short = async {
        let began = std::time::Instant::now();
        while began.elapsed() < LONG {
            let job = user.run(project.id, &shell("echo hi")).await?;
            let done = user.job_end(job.id, TIMEOUT).await?;
            ensure!(done.state == JobState::Succeeded, "{done:?}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    };
    tokio::try_join!(hurt(lab), short)?;
    for job in &long {
        let done = user.job_end(job.id, TIMEOUT).await?;
        ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
        let expected: String = (1..=27).map(|n| format!("{n}\n")).collect();
        ensure!(output(&user, &done).await? == expected, "the output of {} is not whole", done.id);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_is_cut_off_from_the_database_leaves_the_work_to_another() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).workers(2).links().start().await?;
    jobs_go_on(&lab, async |lab| {
        lab.links["coordinator-1"].database.freeze();
        tokio::time::sleep(LONG).await;
        lab.links["coordinator-1"].database.open();
        Ok(())
    })
    .await?;
    eventually("it serves again", TIMEOUT, || async {
        let answer = reqwest::get(format!("{}/readyz", lab.client().base())).await?;
        Ok((answer.status() == 200).then_some(()))
    })
    .await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_coordinator_hurts_no_job_of_another() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).workers(2).start().await?;
    jobs_go_on(&lab, async |lab| {
        lab.coordinators[0].stop()?;
        tokio::time::sleep(LONG).await;
        lab.coordinators[0].cont()
    })
    .await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_holds_up_no_other_lease() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let locked = user.run(project.id, &shell("sleep 12; echo locked")).await?;
    let other = user.run(project.id, &shell("sleep 12; echo other")).await?;
    for job in [&locked, &other] {
        user.job_when(job.id, TIMEOUT, |job| job.state == JobState::Running).await?;
    }
    let holder = lab.database.client().await?;
    holder.batch_execute("BEGIN").await?;
    holder.execute("SELECT FROM jobs WHERE id = $1 FOR UPDATE", &[&locked.id.0]).await?;
    tokio::time::sleep(Duration::from_secs(9)).await;
    holder.batch_execute("ROLLBACK").await?;
    for job in [&locked, &other] {
        let done = user.job_end(job.id, TIMEOUT).await?;
        ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_far_beyond_its_limit_is_ended_for_its_worker() -> Result<()> {
    let lab = TestLab::builder().env("ENGUNITY__COORDINATOR__OVERDUE_SECONDS", 60).start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let job = user.run(project.id, &shell("sleep 25")).await?;
    user.job_when(job.id, TIMEOUT, |job| job.state == JobState::Running).await?;
    // As if it had begun an hour ago.
    let sql = "UPDATE jobs SET started_at = started_at - interval '1 hour' WHERE id = $1";
    lab.database.client().await?.execute(sql, &[&job.id.0]).await?;
    let done = user.job_end(job.id, Duration::from_secs(20)).await?;
    let verdict = done.verdict.as_ref().context("a verdict")?;
    ensure!(done.state == JobState::TimedOut && verdict.evidence.contains("did not end it"), "{done:?}");
    eventually("its sandbox is gone", Duration::from_secs(15), || async {
        Ok(lab.containers()?.is_empty().then_some(()))
    })
    .await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_images_takes_no_jobs_from_others() -> Result<()> {
    let lab = TestLab::builder()
        .workers(2)
        .env_of("worker-1", "ENGUNITY__RUNTIMES__IMAGE_PREFIX", "no-such-registry/")
        .start()
        .await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    for number in 0..10 {
        let job = user.run(project.id, &shell(&format!("echo {number}"))).await?;
        let done = user.job_end(job.id, TIMEOUT).await?;
        let worker = done.worker_id.as_ref().context("a worker")?;
        ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
        ensure!(worker.0 == lab.workers[1].identity(), "{done:?}");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_no_worker_can_do_says_so() -> Result<()> {
    let prefix = "no-such-registry/";
    let lab =
        TestLab::builder().env_of("worker-1", "ENGUNITY__RUNTIMES__IMAGE_PREFIX", prefix).start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let job = user.run(project.id, &shell("echo never")).await?;
    let says =
        |job: &Job| job.waiting.as_ref().is_some_and(|waiting| waiting.because.contains("no worker offers"));
    let waiting = user.job_when(job.id, TIMEOUT, says).await?;
    ensure!(waiting.state == JobState::Queued && waiting.attempt == 0, "{waiting:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_project_with_much_output_holds_up_no_lease() -> Result<()> {
    let lab = TestLab::builder().workers(1).start().await?;
    let user = lab.user("kim").await?;
    let (doomed, kept) = (user.project("doomed").await?, user.project("kept").await?);
    let big = user.run(doomed.id, &shell("echo big; sleep 25")).await?;
    let other = user.run(kept.id, &shell("sleep 15; echo other")).await?;
    for job in [&big, &other] {
        user.job_when(job.id, TIMEOUT, |job| job.state == JobState::Running).await?;
    }
    // A gigabyte would take the test too long; the number of rows is what batches are counted in.
    let sql = "INSERT INTO job_events (job_id, number, attempt, event, stream, byte_start, bytes)
        SELECT $1, 1000000 + n, 1, 'output', 'stdout', n, decode(repeat('ab', 2000), 'hex') FROM generate_series(1, 20000) n";
    lab.database.client().await?.execute(sql, &[&big.id.0]).await?;
    user.delete(&format!("/code/{}", doomed.id)).await?.ok()?;
    ensure!(user.get(&format!("/code/{}", doomed.id)).await?.status == 404, "it is hidden at once");
    ensure!(user.job_end(big.id, TIMEOUT).await?.state == JobState::Cancelled, "its job is cancelled");
    let done = user.job_end(other.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
    let client = lab.database.client().await?;
    eventually("nothing of it is left", TIMEOUT, || async {
        let sql = "SELECT (SELECT count(*) FROM job_events WHERE job_id = $1) + (SELECT count(*) FROM jobs WHERE id = $1)
            + (SELECT count(*) FROM code_projects WHERE deleted_at IS NOT NULL)";
        let left: i64 = client.query_one(sql, &[&big.id.0]).await?.get(0);
        Ok((left == 0).then_some(()))
    })
    .await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_of_the_broker_costs_no_lease_and_no_byte() -> Result<()> {
    let node = RabbitMq::start().await?;
    let lab = TestLab::builder().broker(&node.url(), &node.management_url()).start().await?;
    let user = lab.user("kim").await?;
    let project = user.project("demo").await?;
    let line = "for i in $(seq 1 20); do echo $i; sleep 1; done";
    let running = user.run(project.id, &shell(line)).await?;
    user.job_when(running.id, TIMEOUT, |job| job.state == JobState::Running).await?;
    node.alarm(true)?;
    let status = || async {
        let answer = reqwest::get(format!("{}/readyz", lab.client().base())).await?;
        anyhow::Ok((answer.status(), answer.json::<serde_json::Value>().await?))
    };
    eventually("it says that the broker is blocked", TIMEOUT, || async {
        let (code, body) = status().await?;
        let blocked = body["broker"].as_str().is_some_and(|broker| broker.contains("blocked"));
        ensure!(code == 200, "it still accepts jobs: {body}");
        Ok((blocked && body["status"] == "degraded").then_some(()))
    })
    .await?;
    let waiting = user.run(project.id, &shell("echo later")).await?;
    // Longer than a lease, and than a worker may be silent.
    tokio::time::sleep(Duration::from_secs(12)).await;
    ensure!(
        user.job(running.id).await?.attempt == 1 && user.job(waiting.id).await?.state == JobState::Queued
    );
    node.alarm(false)?;
    let done = user.job_end(running.id, TIMEOUT).await?;
    ensure!(done.state == JobState::Succeeded && done.attempt == 1, "{done:?}");
    let expected: String = (1..=20).map(|n| format!("{n}\n")).collect();
    ensure!(output(&user, &done).await? == expected, "its output is whole");
    ensure!(user.job_end(waiting.id, TIMEOUT).await?.state == JobState::Succeeded, "it recovers by itself");
    ensure!(status().await?.1["status"] == "ready");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_goes_before_the_listener() -> Result<()> {
    let lab =
        TestLab::builder().workers(0).env("ENGUNITY__COORDINATOR__SHUTDOWN_GRACE_SECONDS", 3).start().await?;
    let user = lab.user("kim").await?;
    lab.coordinators[0].terminate()?;
    eventually("it says that it drains", Duration::from_secs(3), || async {
        let answer = reqwest::get(format!("{}/readyz", user.base())).await?;
        let code = answer.status();
        Ok((code == 503 && answer.json::<serde_json::Value>().await?["status"] == "draining").then_some(()))
    })
    .await?;
    ensure!(user.get("/auth/me").await?.status == 200, "it still serves");
    ensure!(lab.coordinators[0].ended(TIMEOUT).await? == Some(0), "it ends well");
    lab.finish().await
}
