//! Limits of use: what one user may take, what it is told, and that secrets do not outlive their job.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::{Client, TestLab};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::admin::bash;
use crate::refused;

const TIMEOUT: Duration = Duration::from_secs(60);

async fn with(settings: &[(&str, &str)]) -> Result<TestLab> {
    let lab = TestLab::builder().coordinators(1).workers(0);
    settings.iter().fold(lab, |lab, (name, value)| lab.env(name, value)).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_jobs_are_accepted_than_a_user_may_have() -> Result<()> {
    let lab = with(&[("ENGUNITY__USER_LIMITS__QUEUED_JOBS", "5")]).await?;
    let (ada, bob) = (lab.user("ada").await?, lab.user("bob").await?);
    let project = ada.project("p").await?;
    ada.write(project.id, "a.txt", "text").await?;
    let body = serde_json::to_value(bash("true"))?;
    let path = format!("/code/{}/runs", project.id);
    let all = futures::future::try_join_all((0..20).map(|_| ada.post(&path, body.clone()))).await?;
    let accepted = all.iter().filter(|answer| answer.status == StatusCode::ACCEPTED).count();
    ensure!(accepted == 5, "{accepted} were accepted");
    let refusal = all.iter().find(|answer| answer.status != StatusCode::ACCEPTED).context("a refusal")?;
    refused(refusal, LimitReached)?;
    let limit = refusal.problem()?.limit.context("which limit")?;
    ensure!((limit.name.as_str(), limit.limit, limit.used) == ("queued_jobs", 5, 5), "{limit:?}");
    ensure!(refusal.headers.contains_key("retry-after"));
    let me: Value = ada.get("/auth/me").await?.ok()?.json()?;
    ensure!(me["usage"]["queued_jobs"] == 5 && me["limits"]["queued_jobs"] == 5, "{me}");
    let theirs = bob.project("p").await?;
    bob.run(theirs.id, &bash("true")).await.context("another user's job")?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_bytes_and_streams_are_limited() -> Result<()> {
    let lab = with(&[
        ("ENGUNITY__USER_LIMITS__PROJECTS", "2"),
        ("ENGUNITY__USER_LIMITS__STORED_BYTES", "1000"),
        ("ENGUNITY__USER_LIMITS__OPEN_STREAMS", "1"),
    ])
    .await?;
    let ada = lab.user("ada").await?;
    let project = ada.project("one").await?;
    ada.project("two").await?;
    let third = ada.post("/code/", json!({"name": "three"})).await?;
    refused(&third, QuotaExceeded)?;
    ensure!(third.problem()?.limit.is_some_and(|limit| limit.name == "projects" && limit.limit == 2));
    let job = ada.run(project.id, &bash("true")).await?;
    let stream = ada.events(job.id, 0).await?;
    let second = ada.get(&format!("/jobs/{}/events", job.id)).await?;
    refused(&second, LimitReached)?;
    ensure!(second.problem()?.limit.is_some_and(|limit| limit.name == "open_streams" && limit.used == 1));
    drop(stream);
    ada.cancel(job.id).await?.ok()?;
    ada.write(project.id, "big.txt", &"x".repeat(1500)).await?;
    let lab_user = ada.clone();
    engunity_testkit::eventually("no more is stored", TIMEOUT, || async {
        let file = json!({"path": format!("{:x}", rand_name()), "type": "file", "content": ""});
        let answer = lab_user.post(&format!("/code/{}/files", project.id), file).await?;
        if answer.status == StatusCode::CREATED {
            return Ok(None);
        }
        refused(&answer, QuotaExceeded)?;
        Ok(answer.problem()?.limit.filter(|limit| limit.name == "stored_bytes").map(drop))
    })
    .await?;
    lab.finish().await
}

fn rand_name() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_uploads_are_few_and_hold_nobody_up() -> Result<()> {
    let lab = with(&[("ENGUNITY__USER_LIMITS__CONCURRENT_UPLOADS", "3")]).await?;
    let (ada, bob) = (lab.user("ada").await?, lab.user("bob").await?);
    let project = ada.project("p").await?;
    let address = ada.base().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut socket = tokio::net::TcpStream::connect(&address).await?;
        let head = format!(
            "PUT /api/v1/code/{}/blobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 1000000\r\n\r\nx",
            project.id,
            ada.token()
        );
        socket.write_all(head.as_bytes()).await?;
        slow.push(socket);
    }
    let me = || async { ada.get("/auth/me").await?.ok()?.json::<Value>() };
    engunity_testkit::eventually("three uploads are open", TIMEOUT, || async {
        Ok((me().await?["usage"]["concurrent_uploads"] == 3).then_some(()))
    })
    .await?;
    let path = format!("/code/{}/blobs", project.id);
    let fourth = ada.send(ada.request(Method::PUT, &path).body(Vec::new())).await?;
    refused(&fourth, LimitReached)?;
    ensure!(fourth.problem()?.limit.is_some_and(|limit| limit.name == "concurrent_uploads"));
    let theirs = bob.project("p").await?;
    bob.upload(theirs.id, "a.txt", b"text".to_vec()).await?.ok().context("another user's upload")?;
    drop(slow);
    engunity_testkit::eventually("they are closed", TIMEOUT, || async {
        Ok((me().await?["usage"]["concurrent_uploads"] == 0).then_some(()))
    })
    .await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_tokens_and_tickets_are_soon_refused_without_a_query() -> Result<()> {
    let lab = with(&[("ENGUNITY__RATE_LIMIT__GUESSES_PER_MINUTE", "4")]).await?;
    let ada = lab.user("ada").await?;
    let anyone = lab.client();
    for n in 0..4 {
        refused(&anyone.with_token(&format!("engp_{n}")).get("/code/").await?, Unauthenticated)?;
    }
    let answer = anyone.with_token("engp_more").get("/code/").await?;
    refused(&answer, RateLimited)?;
    ensure!(answer.headers.contains_key("retry-after"));
    ensure!(ada.get("/code/").await?.status == StatusCode::OK, "access tokens go on");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_with_keys_keeps_none_of_them() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = lab.user("ada").await?;
    let project = ada.project("p").await?;
    let run = |line: &str| json!({"command": line, "runtime": "bash", "env": {"API_KEY": "hush-env"}, "stdin": "hush-stdin"});
    let path = format!("/code/{}/runs", project.id);
    let job: engunity_protocol::job::Job =
        ada.post(&path, run("test -n \"$API_KEY\" && read line")).await?.ok()?.json()?;
    let ended = ada.job_end(job.id, TIMEOUT).await?;
    ensure!(ended.state == engunity_protocol::job::JobState::Succeeded || ended.attempt > 0, "{ended:?}");
    let database = lab.database.client().await?;
    let sql = "SELECT (SELECT count(*) FROM jobs WHERE spec::text LIKE '%hush%'), (SELECT count(*) FROM usage_days)";
    let row = database.query_one(sql, &[]).await?;
    ensure!(row.get::<_, i64>(0) == 0, "keys are left in the database");
    ensure!(row.get::<_, i64>(1) == 1, "what it used was not counted");
    let me: Value = ada.get("/auth/me").await?.ok()?.json()?;
    ensure!(me["usage"]["cpu_seconds_per_day"].is_i64(), "{me}");

    // A day's output that is used up.
    let root = ada;
    let id = root.get("/auth/me").await?.ok()?.json::<Value>()?["id"].clone();
    root.patch(&format!("/admin/users/{id}"), json!({"limits": {"output_bytes_per_day": 10}})).await?.ok()?;
    let loud = root.run(project.id, &bash("seq 1 1000")).await?;
    root.job_end(loud.id, TIMEOUT).await?;
    let answer = root.post(&path, run("true")).await?;
    refused(&answer, LimitReached)?;
    let limit = answer.problem()?.limit.context("which limit")?;
    ensure!(limit.name == "output_bytes_per_day" && limit.used > 10, "{limit:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_alone_leaves_slots_to_those_who_may_come() -> Result<()> {
    let lab = TestLab::builder().env("ENGUNITY__WORKER__SLOTS", 3).start().await?;
    let (ada, bob) = (lab.user("ada").await?, lab.user("bob").await?);
    let project = ada.project("heavy").await?;
    for _ in 0..6 {
        ada.run(project.id, &bash("sleep 20")).await?;
    }
    let running = |client: Client| async move {
        let me: Value = client.get("/auth/me").await?.ok()?.json()?;
        anyhow::Ok(me["usage"]["running_jobs"].as_i64().unwrap_or_default())
    };
    engunity_testkit::eventually("two of three slots are taken", TIMEOUT, || async {
        Ok((running(ada.clone()).await? == 2).then_some(()))
    })
    .await?;
    let light = bob.project("light").await?;
    let job = bob.run(light.id, &bash("true")).await?;
    bob.job_end(job.id, Duration::from_secs(15)).await.context("it waited for the other's runs")?;
    ensure!(running(ada.clone()).await? == 2, "the slot stays free for others");
    lab.finish().await
}
