//! Nothing grows without bound: what nobody needs any more goes, row and object, once it is old enough.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engunity_protocol::{
    job::{Job, JobState, RunRequest},
    spec::Command,
};
use engunity_testkit::{Client, TestLab, eventually};
use futures::StreamExt;
use serde_json::json;

const TIMEOUT: Duration = Duration::from_secs(90);

/// Makes everything in the database older, and lets the coordinator's clocks strike: they do when it starts.
async fn days_pass(lab: &TestLab, days: f64) -> Result<()> {
    let older = format!(
        "DO $$ DECLARE c record; BEGIN
            FOR c IN SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
                AND data_type = 'timestamp with time zone' AND table_name <> 'schema_migrations'
            LOOP EXECUTE format('UPDATE %I SET %I = %I - make_interval(secs => {})', c.table_name, c.column_name, c.column_name); END LOOP;
        END $$",
        days * 86_400.0
    );
    lab.coordinators[0].kill9()?;
    lab.database.client().await?.batch_execute(&older).await?;
    lab.coordinators[0].start().await
}

async fn rows(lab: &TestLab, of: &str) -> Result<i64> {
    Ok(lab.database.client().await?.query_one(&format!("SELECT count(*) FROM {of}"), &[]).await?.get(0))
}

async fn objects(lab: &TestLab, below: &str) -> usize {
    lab.objects.list(below).count().await
}

async fn until_none(lab: &TestLab, of: &str) -> Result<()> {
    eventually(&format!("no rows are left in {of}"), TIMEOUT, || async {
        Ok((rows(lab, of).await? == 0).then_some(()))
    })
    .await
}

async fn until_objects(lab: &TestLab, below: &str, wanted: usize) -> Result<()> {
    eventually(&format!("{wanted} objects are left below {below:?}"), TIMEOUT, || async {
        Ok((objects(lab, below).await == wanted).then_some(()))
    })
    .await
}

async fn run(user: &Client, project: engunity_protocol::ProjectId, line: &str) -> Result<Job> {
    let run = RunRequest {
        command: Some(Command::Shell(line.into())),
        runtime: Some("bash".into()),
        artifacts: vec!["out/**".into()],
        ..RunRequest::default()
    };
    let job = user.run(project, &run).await?;
    let job = user.job_end(job.id, TIMEOUT).await?;
    ensure!(job.state == JobState::Succeeded, "{job:?}");
    Ok(job)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_or_deleted_leaves_nothing_behind() -> Result<()> {
    let lab = TestLab::builder()
        .env("ENGUNITY__RETENTION__OUTPUT_DAYS", 10)
        .env("ENGUNITY__RETENTION__JOB_DAYS", 100)
        .env("ENGUNITY__RETENTION__HISTORY_DAYS", 1)
        .start()
        .await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let binary = |fill: u8| [vec![0, fill], vec![fill; 3000]].concat();
    user.upload(project.id, "a.bin", binary(1)).await?.ok()?;
    let first = run(&user, project.id, "mkdir out; cp a.bin out/copy; echo said").await?;
    // Another content takes the first one's place: its version, its blob, its archive and its snapshot are past.
    user.upload(project.id, "a.bin", binary(2)).await?.ok()?;
    run(&user, project.id, "mkdir out; cp a.bin out/copy; echo said").await?;
    // A sync that nobody commits.
    let manifest = json!({"files": [{"path": "x", "hash": "a".repeat(64), "size": 1, "mode": 0o644}]});
    user.post(&format!("/code/{}/sync", project.id), manifest).await?.ok()?;
    user.post("/auth/ticket", json!({})).await?.ok()?;
    ensure!((objects(&lab, "blobs/").await, objects(&lab, "snapshots/").await) == (2, 2));
    ensure!(objects(&lab, "jobs/").await == 2, "an artifact each");

    days_pass(&lab, 2.0).await?;
    for table in ["syncs", "tickets", "trash", "file_versions"] {
        until_none(&lab, table).await?;
    }
    until_objects(&lab, "blobs/", 1).await?;
    until_objects(&lab, "snapshots/", 1).await?;
    until_objects(&lab, &format!("{}/projects/", project.user_id), 1).await?;
    user.job_when(first.id, TIMEOUT, |job| job.state == JobState::Succeeded)
        .await
        .context("jobs stay longer")?;
    ensure!(rows(&lab, "job_events WHERE stream IS NOT NULL").await? > 0, "and so does their output");

    days_pass(&lab, 20.0).await?;
    until_none(&lab, "job_events WHERE stream IS NOT NULL").await?;
    eventually("the job itself stays, with what it made", TIMEOUT, || async {
        Ok((user.artifacts(first.id).await?.len() == 1).then_some(()))
    })
    .await?;

    days_pass(&lab, 100.0).await?;
    for table in ["jobs", "job_events", "dispatches", "refresh_tokens"] {
        until_none(&lab, table).await?;
    }
    // What they left in storage waits for its own, shorter, time.
    days_pass(&lab, 1.0).await?;
    until_none(&lab, "dead_attempts").await?;
    until_objects(&lab, "jobs/", 0).await?;

    eventually("the project is deleted", TIMEOUT, || async {
        Ok(user.delete(&format!("/code/{}", project.id)).await?.status.is_success().then_some(()))
    })
    .await?;
    days_pass(&lab, 2.0).await?;
    // Figures of a day stay for a year; the rest is one row for each that lives.
    let left_alone =
        ["users", "schema_migrations", "workers", "coordinators", "turns", "usage_days", "periodic_work"];
    for table in tables(&lab).await?.iter().filter(|table| !left_alone.contains(&table.as_str())) {
        until_none(&lab, table).await?;
    }
    until_objects(&lab, "", 0).await?;
    eventually("only who lives is listed", TIMEOUT, || async {
        let (workers, coordinators) = (rows(&lab, "workers").await?, rows(&lab, "coordinators").await?);
        Ok((workers == 1 && coordinators == 1).then_some(()))
    })
    .await?;
    lab.finish().await
}

async fn tables(lab: &TestLab) -> Result<Vec<String>> {
    let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let rows = lab.database.client().await?.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
