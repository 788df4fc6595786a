//! Sessions end with all they opened; passwords are changed and reset; mails go through a real SMTP server.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engunity_protocol::account::Credentials;
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::{Client, TestLab, eventually, smtp::SmtpServer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::admin::bash;
use crate::{field, lab, refused};

const PASSWORD: &str = "a long enough password";
const NEW_PASSWORD: &str = "another long password";
const TIMEOUT: Duration = Duration::from_secs(30);

async fn register(anyone: &Client, email: &str) -> Result<Credentials> {
    anyone.post("/auth/register", json!({"email": email, "password": PASSWORD})).await?.ok()?.json()
}

async fn login(
    anyone: &Client,
    email: &str,
    password: &str,
) -> Result<engunity_testkit::client::ApiResponse> {
    anyone.post("/auth/login", json!({"email": email, "password": password})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_end_with_what_they_opened() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).workers(0).start().await?;
    let anyone = lab.client();
    let first = register(&anyone, "ada@example.com").await?;
    let second: Credentials = login(&anyone, "ada@example.com", PASSWORD).await?.ok()?.json()?;
    let (one, two) = (anyone.with_token(&first.access_token), anyone.with_token(&second.access_token));
    let listed: Value = one.get("/auth/sessions").await?.ok()?.json()?;
    let listed = listed.as_array().cloned().unwrap_or_default();
    ensure!(listed.len() == 2 && listed.iter().filter(|s| s["current"] == true).count() == 1, "{listed:?}");
    let other = listed.iter().find(|session| session["current"] == false).context("the other")?;
    ensure!(other["created_at"].is_string() && other["address"] == "127.0.0.1", "{other}");

    let project = one.project("p").await?;
    let job = one.run(project.id, &bash("true")).await?;
    let mut here = two.events(job.id, 0).await?;
    let mut there = two.at(&lab.coordinators[1].url()).events(job.id, 0).await?;
    let stranger = register(&anyone, "bob@example.com").await?;
    let path = format!("/auth/sessions/{}", other["id"].as_str().unwrap_or_default());
    refused(&anyone.with_token(&stranger.access_token).delete(&path).await?, NotFound)?;
    ensure!(one.delete(&path).await?.status == StatusCode::NO_CONTENT);
    refused(&two.get("/auth/me").await?, Unauthenticated)?;
    refused(
        &anyone.post("/auth/refresh", json!({"refresh_token": second.refresh_token})).await?,
        Unauthenticated,
    )?;
    tokio::time::timeout(TIMEOUT, here.rest()).await.context("the stream goes on")??;
    tokio::time::timeout(TIMEOUT, there.rest()).await.context("the stream elsewhere goes on")??;
    ensure!(one.get("/auth/me").await?.status == StatusCode::OK);

    // Logging out ends the access token and its streams as well.
    let mut mine = one.events(job.id, 0).await?;
    anyone.post("/auth/logout", json!({"refresh_token": first.refresh_token})).await?.ok()?;
    refused(&one.get("/auth/me").await?, Unauthenticated)?;
    tokio::time::timeout(TIMEOUT, mine.rest()).await.context("the stream outlives the logout")??;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_the_other_sessions() -> Result<()> {
    let lab = lab().await?;
    let anyone = lab.client();
    let first = register(&anyone, "ada@example.com").await?;
    let second: Credentials = login(&anyone, "ada@example.com", PASSWORD).await?.ok()?.json()?;
    let (one, two) = (anyone.with_token(&first.access_token), anyone.with_token(&second.access_token));
    let change = |present: &str, new: &str| json!({"current_password": present, "new_password": new});
    field(&one.post("/auth/password", change("wrong password", NEW_PASSWORD)).await?, "current_password")?;
    field(&one.post("/auth/password", change(PASSWORD, "short")).await?, "new_password")?;
    let changed = one.post("/auth/password", change(PASSWORD, NEW_PASSWORD)).await?;
    ensure!(changed.status == StatusCode::NO_CONTENT, "{}", changed.text());
    ensure!(one.get("/auth/me").await?.status == StatusCode::OK, "the session that changed it goes on");
    refused(&two.get("/auth/me").await?, Unauthenticated)?;
    refused(&login(&anyone, "ada@example.com", PASSWORD).await?, InvalidCredentials)?;
    login(&anyone, "ada@example.com", NEW_PASSWORD).await?.ok()?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_refresh_answer_does_not_log_out() -> Result<()> {
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__AUTH__REFRESH_GRACE_SECONDS", 3)
        .start()
        .await?;
    let anyone = lab.client();
    let first = register(&anyone, "ada@example.com").await?;
    let body = json!({"refresh_token": first.refresh_token});
    let refresh = async |key: &str| {
        let request = anyone.request(Method::POST, "/auth/refresh").header("Idempotency-Key", key);
        anyone.send(request.json(&body)).await
    };
    let lost: Credentials = refresh("one").await?.ok()?.json()?;
    let again: Credentials = refresh("one").await?.ok()?.json()?;
    ensure!(again.refresh_token != lost.refresh_token);
    tokio::time::sleep(Duration::from_secs(4)).await;
    refused(&refresh("one").await?, TokenReused)?;
    for token in [lost.refresh_token, again.refresh_token] {
        refused(&anyone.post("/auth/refresh", json!({"refresh_token": token})).await?, TokenReused)?;
    }
    refused(&anyone.with_token(&again.access_token).get("/auth/me").await?, Unauthenticated)?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_reset_and_an_address_proved_by_mail() -> Result<()> {
    let smtp = SmtpServer::start().await?;
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__SMTP__URL", &smtp.url)
        .env("ENGUNITY__SMTP__FROM", "Code Lab <lab@example.org>")
        .env("ENGUNITY__HTTP__PUBLIC_URL", "https://lab.example.org")
        .start()
        .await?;
    let anyone = lab.client();
    let user = register(&anyone, "ada@example.com").await?;
    let signed_in = anyone.with_token(&user.access_token);
    let code = |count: usize| {
        let smtp = &smtp;
        eventually("a mail came", TIMEOUT, move || async move {
            let mails = smtp.mails_to("ada@example.com");
            Ok(mails.get(count).and_then(|mail| mail.word("engm_")))
        })
    };
    let proof = code(0).await?;
    ensure!(!user.user.email_verified);
    anyone.post("/auth/verify", json!({"token": proof})).await?.ok()?;
    let me: Value = signed_in.get("/auth/me").await?.ok()?.json()?;
    ensure!(me["email_verified"] == true, "{me}");
    field(&anyone.post("/auth/verify", json!({"token": proof})).await?, "token")?;

    let unknown = anyone.post("/auth/reset", json!({"email": "nobody@example.com"})).await?;
    let known = anyone.post("/auth/reset", json!({"email": "ADA@example.com"})).await?;
    ensure!(unknown.status == StatusCode::ACCEPTED && known.status == StatusCode::ACCEPTED);
    ensure!(unknown.body == known.body, "the answer tells whether an account exists");
    let token = code(1).await?;
    let mail = smtp.mails_to("ada@example.com")[1].clone();
    ensure!(mail.from == "lab@example.org" && mail.text().contains("https://lab.example.org/"), "{mail:?}");
    field(
        &anyone.post("/auth/reset", json!({"token": "engm_made_up", "new_password": NEW_PASSWORD})).await?,
        "token",
    )?;
    field(
        &anyone.post("/auth/reset", json!({"token": token, "new_password": "short"})).await?,
        "new_password",
    )?;
    field(&anyone.post("/auth/reset", json!({})).await?, "email")?;
    let body = json!({"token": token, "new_password": NEW_PASSWORD});
    ensure!(anyone.post("/auth/reset", body.clone()).await?.status == StatusCode::NO_CONTENT);
    field(&anyone.post("/auth/reset", body).await?, "token")?;
    refused(&signed_in.get("/auth/me").await?, Unauthenticated)?;
    refused(&login(&anyone, "ada@example.com", PASSWORD).await?, InvalidCredentials)?;
    login(&anyone, "ada@example.com", NEW_PASSWORD).await?.ok()?;
    ensure!(smtp.mails_to("nobody@example.com").is_empty());
    lab.finish().await?;

    let lab = crate::lab().await?;
    refused(&lab.client().post("/auth/reset", json!({"email": "ada@example.com"})).await?, NotConfigured)?;
    lab.finish().await
}
