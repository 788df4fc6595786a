//! Live input: what is typed reaches the program, once, whoever repeats it, and only from its owner.

use std::time::Duration;

use anyhow::{Result, ensure};
use engunity_protocol::{
    JobId,
    job::{InputMode, JobState, RunRequest},
    problem::ErrorCode,
    spec::{Command, TerminalSize},
};
use engunity_testkit::{Client, TestLab, eventually};
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_secs(60);

fn shell(line: &str) -> RunRequest {
    RunRequest {
        command: Some(Command::Shell(line.into())),
        runtime: Some("bash".into()),
        ..RunRequest::default()
    }
}

async fn output(user: &Client, job: JobId) -> Result<String> {
    Ok(user.get(&format!("/jobs/{job}/output?stream=stdout")).await?.ok()?.text())
}

async fn until(user: &Client, job: JobId, text: &str) -> Result<String> {
    let look = || async { output(user, job).await.map(|output| output.contains(text).then_some(output)) };
    eventually(&format!("{text:?} is printed"), TIMEOUT, look).await
}

/// Sends input; returns the next offset, or why not.
async fn send(user: &Client, job: JobId, body: Value) -> Result<std::result::Result<u64, ErrorCode>> {
    let answer = user.post(&format!("/jobs/{job}/input"), body).await?;
    if answer.status.is_success() {
        return Ok(Ok(answer.json::<Value>()?["offset"].as_u64().unwrap_or(u64::MAX)));
    }
    Ok(Err(answer.problem()?.code))
}

/// The same, once the program runs.
async fn type_in(user: &Client, job: JobId, body: Value) -> Result<std::result::Result<u64, ErrorCode>> {
    let attempt = || async {
        let answer = send(user, job, body.clone()).await?;
        Ok((answer != Err(ErrorCode::NotRunning)).then_some(answer))
    };
    eventually("the program runs", TIMEOUT, attempt).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_on_a_terminal_reads_what_is_typed() -> Result<()> {
    let lab = TestLab::start().await?;
    let (user, other) = (lab.user("ada").await?, lab.user("eve").await?);
    let project = user.project("demo").await?;
    let line = "stty size; printf 'name? '; read name; echo hello $name; trap 'stty size' WINCH; \
        while [ ! -e stop ]; do read -t 0.1 x && echo got $x; done";
    let terminal = Some(TerminalSize { rows: 30, cols: 100 });
    let request = RunRequest { tty: true, terminal, ..shell(line) };
    let request =
        RunRequest { command: Some(Command::Argv(vec!["bash".into(), "-c".into(), line.into()])), ..request };
    let job = user.run(project.id, &request).await?.id;
    until(&user, job, "name? ").await?;
    let typed = json!({"source": "s", "offset": 0, "data": "you\n"});
    ensure!(send(&other, job, typed.clone()).await? == Err(ErrorCode::NotFound), "only the owner types");
    ensure!(send(&user, job, typed.clone()).await? == Ok(4));
    ensure!(send(&user, job, typed).await? == Ok(4), "the answer was lost");
    let text = until(&user, job, "hello you").await?;
    ensure!(text.starts_with("30 100\r\nname? "), "{text:?}");
    let size = json!({"terminal": {"rows": 40, "cols": 120}});
    ensure!(send(&user, job, size).await?.is_ok());
    until(&user, job, "40 120").await?;
    ensure!(send(&user, job, json!({"data": "AwM=", "encoding": "base64"})).await?.is_ok());
    let ended = user.job_end(job, TIMEOUT).await?;
    ensure!(ended.verdict.as_ref().and_then(|verdict| verdict.signal) == Some(2), "Ctrl-C: {ended:?}");
    ensure!(!output(&user, job).await?.contains("got you"), "it was typed once");
    ensure!(send(&user, job, json!({"data": "x"})).await? == Err(ErrorCode::JobFinished));
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pipes_take_live_input_where_it_was_asked_for() -> Result<()> {
    let lab = TestLab::start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let request =
        RunRequest { input: Some(InputMode::Live), stdin: Some("1\n".into()), ..shell("cat; echo end") };
    let job = user.run(project.id, &request).await?.id;
    ensure!(type_in(&user, job, json!({"source": "s", "offset": 0, "data": "2\n"})).await? == Ok(2));
    ensure!(
        send(&user, job, json!({"source": "s", "offset": 2, "data": "3\n", "end": true})).await? == Ok(4)
    );
    ensure!(user.job_end(job, TIMEOUT).await?.state == JobState::Succeeded);
    ensure!(output(&user, job).await? == "1\n2\n3\nend\n");

    let job = user.run(project.id, &shell("sleep 3; cat; echo end")).await?.id;
    ensure!(type_in(&user, job, json!({"data": "x"})).await? == Err(ErrorCode::InputClosed));
    ensure!(user.job_end(job, TIMEOUT).await?.state == JobState::Succeeded);
    ensure!(output(&user, job).await? == "end\n", "without a word about input there is none");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn input_for_a_run_that_waits_is_refused_and_bad_input_named() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    let job = user.run(project.id, &RunRequest { tty: true, ..shell("cat") }).await?.id;
    ensure!(send(&user, job, json!({"data": "x"})).await? == Err(ErrorCode::NotRunning));
    for wrong in [
        json!({"data": "x".repeat(70_000)}),
        json!({"data": "?", "encoding": "base64"}),
        json!({"terminal": {"rows": 0, "cols": 80}}),
        json!({"nonsense": 1}),
    ] {
        ensure!(send(&user, job, wrong).await? == Err(ErrorCode::InvalidInput));
    }
    let flat =
        RunRequest { tty: true, terminal: Some(TerminalSize { rows: 2000, cols: 80 }), ..shell("cat") };
    let answer = user.post(&format!("/code/{}/runs", project.id), serde_json::to_value(&flat)?).await?;
    ensure!(answer.problem()?.errors[0].field == "terminal");
    lab.finish().await
}
