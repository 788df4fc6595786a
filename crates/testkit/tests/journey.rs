//! One user's way through the whole product: register, upload, run, watch, fetch, cancel.

use std::{io::Write, time::Duration};

use anyhow::{Result, ensure};
use engunity_protocol::{
    job::{JobClass, JobState, RunRequest},
    spec::Command,
    verdict::Reason,
};
use engunity_testkit::{TestLab, sse::Watcher};
use futures::future::try_join_all;
use reqwest::Method;

const TIMEOUT: Duration = Duration::from_secs(60);

fn shell(line: &str) -> RunRequest {
    RunRequest {
        command: Some(Command::Shell(line.to_owned())),
        runtime: Some("bash".into()),
        ..RunRequest::default()
    }
}

/// A tar.gz with a small program.
fn archive() -> Result<Vec<u8>> {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let program = "echo out; echo err >&2; mkdir -p made; echo kept > made/report.txt; exit 3\n";
    for (path, content) in [("main.sh", program), ("data/words.txt", "alpha\nbeta\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, content.as_bytes())?;
    }
    let mut encoder = builder.into_inner()?;
    encoder.flush()?;
    Ok(encoder.finish()?)
}

/// A program that is reached by links only, as npm installs them.
fn linked() -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content, mode) in [
        ("real.txt", "the real text\n", 0o644),
        ("node_modules/hello/cli.sh", "#!/bin/sh\necho hello from $0\n", 0o755),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        builder.append_data(&mut header, path, content.as_bytes())?;
    }
    for (path, target) in [("docs/link", "../real.txt"), ("node_modules/.bin/hello", "../hello/cli.sh")] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, path, target)?;
    }
    Ok(builder.into_inner()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn symbolic_links_work_in_a_run() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    user.upload(project.id, "linked.tar", linked()?).await?.ok()?;
    let line = "cat docs/link; readlink docs/link; node_modules/.bin/hello";
    let job = user.run(project.id, &shell(line)).await?;
    let job = user.job_end(job.id, TIMEOUT).await?;
    ensure!(job.state == JobState::Succeeded, "{job:?}");
    let output = user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?.ok()?.text();
    ensure!(output == "the real text\n../real.txt\nhello from node_modules/.bin/hello\n", "{output:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_run_watch_and_fetch() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    user.upload(project.id, "demo.tar.gz", archive()?).await?.ok()?;

    let run = RunRequest { artifacts: vec!["made/**".into()], ..shell("cat data/words.txt; bash main.sh") };
    let job = user.run(project.id, &run).await?;
    ensure!(job.state == JobState::Queued || job.state == JobState::Running, "{job:?}");

    let mut watcher = Watcher::default();
    ensure!(watcher.follow(&mut user.events(job.id, 0).await?).await?, "the stream ends with the result");
    let result = watcher.result.clone().expect("a result");
    ensure!(result.state == JobState::Failed, "{result:?}");
    let verdict = result.verdict.clone().expect("a verdict");
    ensure!(verdict.reason == Reason::Exit && verdict.exit_code == Some(3), "{verdict:?}");
    ensure!(String::from_utf8_lossy(&watcher.stdout).contains("beta"), "{watcher:?}");
    ensure!(watcher.stderr.ends_with(b"err\n"), "{watcher:?}");
    ensure!(watcher.states.last().map(String::as_str) == Some("running"), "{:?}", watcher.states);

    let raw = user.get(&format!("/jobs/{}/output?stream=stdout&offset=0", job.id)).await?.ok()?;
    ensure!(raw.body == watcher.stdout, "the raw output is what the stream said");
    let artifacts = user.artifacts(job.id).await?;
    ensure!(artifacts.len() == 1 && artifacts[0].path == "made/report.txt", "{artifacts:?}");
    let report = user.get(&format!("/jobs/{}/artifacts/{}", job.id, artifacts[0].path)).await?.ok()?;
    ensure!(report.body == b"kept\n", "{}", report.text());
    let known = format!("\"{}\"", artifacts[0].hash);
    let again = user.request(Method::GET, &format!("/jobs/{}/artifacts/{}", job.id, artifacts[0].path));
    let again = user.send(again.header("If-None-Match", known)).await?;
    ensure!(again.status == 304 && again.body.is_empty(), "{again:?}");
    let part = user.request(Method::GET, &format!("/jobs/{}/artifacts/{}", job.id, artifacts[0].path));
    let part = user.send(part.header("Range", "bytes=1-2")).await?;
    ensure!(part.status == 206 && part.body == b"ep", "{part:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_cancelled_and_a_queued_one_at_once() -> Result<()> {
    let lab = TestLab::builder().env("ENGUNITY__WORKER__SLOTS", 1).start().await?;
    let user = lab.user("bob").await?;
    let project = user.project("demo").await?;
    let running = user.run(project.id, &shell("echo here; sleep 100")).await?;
    user.job_when(running.id, TIMEOUT, |job| job.state == JobState::Running).await?;
    let mut events = user.events(running.id, 0).await?;
    let mut watcher = Watcher::default();
    while watcher.stdout.is_empty() {
        watcher.take(events.next().await?.expect("an event"))?;
    }

    let quick = shell("true");
    let queued = try_join_all((0..3).map(|_| user.run(project.id, &quick))).await?;
    user.cancel(queued[2].id).await?.ok()?;
    let gone = user.job(queued[2].id).await?;
    ensure!(gone.state == JobState::Cancelled && gone.attempt == 0, "{gone:?}");

    // How soon a program is dead is measured where nothing else is: with the sandbox (`latency.rs`).
    user.cancel(running.id).await?.ok()?;
    tokio::time::timeout(TIMEOUT, watcher.follow(&mut events)).await??;
    let result = watcher.result.expect("a result");
    ensure!(result.state == JobState::Cancelled, "{result:?}");
    for job in &queued[..2] {
        ensure!(user.job_end(job.id, TIMEOUT).await?.state == JobState::Succeeded, "the others run");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_runs_of_one_user_do_not_delay_another_user() -> Result<()> {
    let lab = TestLab::builder().env("ENGUNITY__WORKER__SLOTS", 1).start().await?;
    let (many, one) = (lab.user("many").await?, lab.user("one").await?);
    let (theirs, mine) = (many.project("theirs").await?, one.project("mine").await?);
    let bulk = RunRequest { class: JobClass::Interactive, ..shell("sleep 0.2") };
    let first = try_join_all((0..20).map(|_| many.run(theirs.id, &bulk))).await?;
    let job = one.run(mine.id, &shell("true")).await?;
    let ended = one.job_end(job.id, TIMEOUT).await?.finished_at;
    try_join_all(first.iter().map(|job| many.cancel(job.id))).await?;
    let theirs = try_join_all(first.iter().map(|job| many.job_end(job.id, TIMEOUT))).await?;
    // By the database's clock, not by when this test got round to looking.
    let later = theirs.iter().filter(|job| job.finished_at > ended).count();
    ensure!(later >= 12, "only {later} of 20 ended after the other user's one run");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_of_another_user_are_hidden() -> Result<()> {
    let lab = TestLab::start().await?;
    let (owner, stranger) = (lab.user("owner").await?, lab.user("stranger").await?);
    let project = owner.project("secret").await?;
    let file = owner.write(project.id, "a.sh", "echo secret").await?;
    let job = owner.run(project.id, &shell("cat a.sh")).await?;
    owner.job_end(job.id, TIMEOUT).await?;
    let file_id = file["id"].as_str().unwrap_or_default().to_owned();
    for path in [
        format!("/code/{}", project.id),
        format!("/code/{}/files", project.id),
        format!("/code/files/{file_id}"),
        format!("/code/{}/archive", project.id),
        format!("/jobs/{}", job.id),
        format!("/jobs/{}/events", job.id),
        format!("/jobs/{}/output?stream=stdout&offset=0", job.id),
        format!("/jobs/{}/artifacts", job.id),
    ] {
        let answer = stranger.get(&path).await?;
        ensure!(answer.status == 404, "GET {path}: {} {}", answer.status, answer.text());
        ensure!(!answer.text().contains("secret"), "GET {path} tells something");
        let unsigned = lab.client().get(&path).await?;
        ensure!(unsigned.status == 401, "GET {path} without a token: {}", unsigned.status);
    }
    ensure!(stranger.cancel(job.id).await?.status == 404, "cancel");
    ensure!(stranger.delete(&format!("/code/{}", project.id)).await?.status == 404, "delete");
    let theirs = stranger.get("/jobs").await?.ok()?.text();
    ensure!(theirs == "[]", "{theirs}");
    lab.finish().await
}
