//! Administration: roles, who may register, disabling and deleting accounts, the queue, workers, limits.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engunity_protocol::account::Credentials;
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::{Client, TestLab, eventually};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{field, lab, refused};

const PASSWORD: &str = "a long enough password";
const TIMEOUT: Duration = Duration::from_secs(30);

async fn with(name: &str, value: &str) -> Result<TestLab> {
    TestLab::builder().coordinators(1).workers(0).env(name, value).start().await
}

async fn sign_up(anyone: &Client, email: &str) -> Result<(Client, Credentials)> {
    let body = json!({"email": email, "password": PASSWORD});
    let made: Credentials = anyone.post("/auth/register", body).await?.ok()?.json()?;
    Ok((anyone.with_token(&made.access_token), made))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_user_administrates_and_nobody_else() -> Result<()> {
    let lab = lab().await?;
    let (root, first) = sign_up(&lab.client(), "root@example.com").await?;
    let (user, second) = sign_up(&lab.client(), "ada@example.com").await?;
    let me: Value = root.get("/auth/me").await?.ok()?.json()?;
    ensure!(
        me["role"] == "admin" && me["limits"]["projects"].is_i64() && me["usage"]["projects"] == 0,
        "{me}"
    );
    let me: Value = user.get("/auth/me").await?.ok()?.json()?;
    ensure!(me["role"] == "user", "{me}");
    for path in ["/admin/users", "/admin/users/1", "/admin/queue", "/admin/limits", "/admin/invitations"] {
        refused(&user.get(path).await?, Forbidden)?;
        refused(&lab.client().get(path).await?, Unauthenticated)?;
        ensure!(root.get(path).await?.status == StatusCode::OK, "{path}");
    }
    refused(&user.patch("/admin/limits", json!({})).await?, Forbidden)?;
    refused(&user.post("/admin/workers/w/drain", json!({})).await?, Forbidden)?;
    refused(&root.post("/admin/workers/nobody/drain", json!({})).await?, NotFound)?;
    refused(&root.get("/admin/users/999999").await?, NotFound)?;

    // A role given and taken counts at once.
    let path = format!("/admin/users/{}", second.user.id);
    let changed: Value = root.patch(&path, json!({"role": "admin"})).await?.ok()?.json()?;
    ensure!(changed["role"] == "admin" && changed["email"] == "ada@example.com", "{changed}");
    ensure!(user.get("/admin/queue").await?.status == StatusCode::OK);
    root.patch(&path, json!({"role": "user"})).await?.ok()?;
    refused(&user.get("/admin/queue").await?, Forbidden)?;
    let own = format!("/admin/users/{}", first.user.id);
    for last in [json!({"role": "user"}), json!({"disabled": true})] {
        refused(&root.patch(&own, last).await?, Conflict)?;
    }
    refused(&root.delete(&own).await?, Conflict)?;
    field(&root.patch(&path, json!({"role": "king"})).await?, "role")?;

    let page = root.get("/admin/users?limit=1").await?.ok()?;
    ensure!(page.headers.contains_key("link"), "{:?}", page.headers);
    let found: Value = root.get("/admin/users?q=ADA@").await?.ok()?.json()?;
    ensure!(found.as_array().is_some_and(|all| all.len() == 1) && found[0]["disabled"] == false, "{found}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_can_be_closed_or_by_invitation() -> Result<()> {
    let lab = with("ENGUNITY__AUTH__REGISTRATION", "closed").await?;
    sign_up(&lab.client(), "root@example.com").await.context("the first one")?;
    let other = json!({"email": "ada@example.com", "password": PASSWORD});
    refused(&lab.client().post("/auth/register", other).await?, RegistrationClosed)?;
    lab.finish().await?;

    let lab = with("ENGUNITY__AUTH__REGISTRATION", "invitation").await?;
    let anyone = lab.client();
    let (root, _) = sign_up(&anyone, "root@example.com").await?;
    let body = |email: &str, code: &Value| json!({"email": email, "password": PASSWORD, "invitation": code});
    refused(
        &anyone.post("/auth/register", body("ada@example.com", &Value::Null)).await?,
        RegistrationClosed,
    )?;
    let made = root.post("/admin/invitations", json!({"email": "ada@example.com"})).await?;
    ensure!(made.status == StatusCode::CREATED, "{}", made.text());
    let made: Value = made.json()?;
    let code = &made["code"];
    field(&anyone.post("/auth/register", body("bob@example.com", code)).await?, "invitation")?;
    let user: Credentials =
        anyone.post("/auth/register", body("ADA@example.com", code)).await?.ok()?.json()?;
    ensure!(user.user.role == engunity_protocol::account::Role::User);
    field(&anyone.post("/auth/register", body("eve@example.com", code)).await?, "invitation")?;
    let open: Value = root.post("/admin/invitations", json!({"expires_in_days": 1})).await?.ok()?.json()?;
    let listed: Value = root.get("/admin/invitations").await?.ok()?.json()?;
    ensure!(listed[0]["id"] == open["id"] && listed[0].get("code").is_none(), "{listed}");
    let path = format!("/admin/invitations/{}", open["id"].as_str().unwrap_or_default());
    ensure!(root.delete(&path).await?.status == StatusCode::NO_CONTENT);
    field(&anyone.post("/auth/register", body("eve@example.com", &open["code"])).await?, "invitation")?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_ends_everywhere_at_once() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).workers(0).start().await?;
    let (root, _) = sign_up(&lab.client(), "root@example.com").await?;
    let (user, credentials) = sign_up(&lab.client(), "ada@example.com").await?;
    let elsewhere = user.at(&lab.coordinators[1].url());
    let token: Value = user.post("/auth/tokens", json!({"name": "ci"})).await?.ok()?.json()?;
    let robot = user.with_token(token["token"].as_str().unwrap_or_default());
    let project = user.project("p").await?;
    let job = user.run(project.id, &bash("sleep 60")).await?;
    let mut following = elsewhere.events(job.id, 0).await?;
    let mut by_robot = robot.events(job.id, 0).await?;
    let path = format!("/admin/users/{}", credentials.user.id);
    let changed: Value = root.patch(&path, json!({"disabled": true})).await?.ok()?.json()?;
    ensure!(changed["disabled"] == true, "{changed}");
    refused(&user.get("/auth/me").await?, Unauthenticated)?;
    refused(&robot.get("/code/").await?, Unauthenticated)?;
    let refresh = json!({"refresh_token": credentials.refresh_token});
    refused(&lab.client().post("/auth/refresh", refresh).await?, Unauthenticated)?;
    let login = json!({"email": "ada@example.com", "password": PASSWORD});
    refused(&lab.client().post("/auth/login", login.clone()).await?, AccountDisabled)?;
    eventually("the other coordinator refuses the token", TIMEOUT, || async {
        Ok((elsewhere.get("/code/").await?.status == StatusCode::UNAUTHORIZED).then_some(()))
    })
    .await?;
    tokio::time::timeout(TIMEOUT, following.rest()).await.context("the stream of the session goes on")??;
    tokio::time::timeout(TIMEOUT, by_robot.rest()).await.context("the stream of the token goes on")??;

    root.patch(&path, json!({"disabled": false})).await?.ok()?;
    let again: Credentials = lab.client().post("/auth/login", login).await?.ok()?.json()?;
    let user = user.with_token(&again.access_token);
    ensure!(user.job(job.id).await?.state.is_terminal(), "its jobs were cancelled");
    ensure!(robot.get("/code/").await?.status == StatusCode::OK, "personal tokens work again");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_leaves_nothing() -> Result<()> {
    let lab = lab().await?;
    let (root, _) = sign_up(&lab.client(), "root@example.com").await?;
    let (user, credentials) = sign_up(&lab.client(), "ada@example.com").await?;
    let project = user.project("p").await?;
    user.write(project.id, "a.txt", "text").await?;
    user.upload(project.id, "b.bin", vec![0xff; 2 << 20]).await?.ok()?;
    user.run(project.id, &bash("true")).await?;
    let path = format!("/admin/users/{}", credentials.user.id);
    ensure!(root.delete(&path).await?.status == StatusCode::NO_CONTENT);
    refused(&root.get(&path).await?, NotFound)?;
    refused(&user.get("/code/").await?, Unauthenticated)?;
    let (again, _) = sign_up(&lab.client(), "ada@example.com").await.context("the email is free")?;
    let listed: Value = again.get("/code/").await?.ok()?.json()?;
    ensure!(listed.as_array().is_some_and(Vec::is_empty), "{listed}");
    let database = lab.database.client().await?;
    eventually("every row of it is gone", TIMEOUT, || async {
        let sql = "SELECT (SELECT count(*) FROM users WHERE id = $1) + (SELECT count(*) FROM code_projects WHERE user_id = $1)
            + (SELECT count(*) FROM jobs WHERE user_id = $1) + (SELECT count(*) FROM blobs WHERE user_id = $1)
            + (SELECT count(*) FROM refresh_tokens WHERE user_id = $1)";
        let rows: i64 = database.query_one(sql, &[&credentials.user.id.0]).await?.get(0);
        Ok((rows == 0).then_some(()))
    })
    .await?;
    let noted: i64 = database
        .query_one("SELECT count(*) FROM trash WHERE key = $1", &[&format!("blobs/{}/", credentials.user.id)])
        .await?
        .get(0);
    ensure!(noted == 1, "its objects are noted as garbage");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_worker_takes_no_job_until_it_resumes() -> Result<()> {
    let lab = TestLab::start().await?;
    let (root, _) = sign_up(&lab.client(), "root@example.com").await?;
    let project = root.project("p").await?;
    let worker = eventually("the worker is known", TIMEOUT, || async {
        let workers: Value = root.get("/workers").await?.ok()?.json()?;
        Ok(workers[0]["id"].as_str().map(str::to_owned))
    })
    .await?;
    let drained: Value =
        root.post(&format!("/admin/workers/{worker}/drain"), json!({})).await?.ok()?.json()?;
    ensure!(drained["state"] == "draining", "{drained}");
    let job = root.run(project.id, &bash("echo done")).await?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    ensure!(!root.job(job.id).await?.state.is_terminal(), "it ran on a drained worker");
    let queue: Value = root.get("/admin/queue").await?.ok()?.json()?;
    ensure!(queue["queued"] == 1 && queue["running"] == 0 && queue["users"][0]["queued"] == 1, "{queue}");
    ensure!(queue["pools"][0]["pool"] == "sandbox" && queue["pools"][0]["slots"] == 0, "{queue}");
    root.post(&format!("/admin/workers/{worker}/resume"), json!({})).await?.ok()?;
    root.job_end(job.id, TIMEOUT).await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_changed_for_all_and_for_one() -> Result<()> {
    let lab = lab().await?;
    let (root, _) = sign_up(&lab.client(), "root@example.com").await?;
    let (user, credentials) = sign_up(&lab.client(), "ada@example.com").await?;
    let before: Value = root.get("/admin/limits").await?.ok()?.json()?;
    let change = json!({"per_user": {"projects": 7}, "installation": {"queued_jobs": 9}});
    let after: Value = root.patch("/admin/limits", change).await?.ok()?.json()?;
    ensure!(after["per_user"]["projects"] == 7 && after["installation"]["queued_jobs"] == 9, "{after}");
    ensure!(after["per_user"]["running_jobs"] == before["per_user"]["running_jobs"], "{after}");
    let path = format!("/admin/users/{}", credentials.user.id);
    let one: Value = root.patch(&path, json!({"limits": {"projects": 3}})).await?.ok()?.json()?;
    ensure!(one["limits"]["projects"] == 3 && one["own_limits"] == json!({"projects": 3}), "{one}");
    let me: Value = user.get("/auth/me").await?.ok()?.json()?;
    ensure!(me["limits"]["projects"] == 3, "{me}");
    root.patch(&path, json!({"limits": {"projects": null}})).await?.ok()?;
    let me: Value = user.get("/auth/me").await?.ok()?.json()?;
    ensure!(me["limits"]["projects"] == 7, "{me}");
    root.patch("/admin/limits", json!({"per_user": {"projects": null}})).await?.ok()?;
    let reset: Value = root.get("/admin/limits").await?.ok()?.json()?;
    ensure!(reset["per_user"] == before["per_user"], "{reset}");
    field(&root.patch("/admin/limits", json!({"per_user": {"projects": -1}})).await?, "per_user.projects")?;
    field(&root.patch("/admin/limits", json!({"per_user": {"cats": 1}})).await?, "per_user.cats")?;
    lab.finish().await
}

pub fn bash(line: &str) -> engunity_protocol::job::RunRequest {
    serde_json::from_value(json!({"command": line, "runtime": "bash"})).expect("a run")
}
