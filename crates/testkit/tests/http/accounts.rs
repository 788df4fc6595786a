//! Register, login, refresh and its reuse, logout, personal tokens, tickets, forged tokens.

use anyhow::{Result, ensure};
use engunity_protocol::account::{Credentials, PersonalToken, Ticket};
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::TestLab;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{field, lab, refused};

const PASSWORD: &str = "a long enough password";

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_up_in_and_out() -> Result<()> {
    let lab = lab().await?;
    let anyone = lab.client();
    let who = json!({"email": "Ada@Example.com", "password": PASSWORD, "name": "Ada"});
    let made = anyone.post("/auth/register", who.clone()).await?;
    ensure!(made.status == StatusCode::CREATED, "{}", made.text());
    let made: Credentials = made.json()?;
    ensure!(
        made.token_type == "bearer" && made.expires_in == 900 && made.user.name.as_deref() == Some("Ada")
    );
    refused(
        &anyone.post("/auth/register", json!({"email": "ADA@example.COM", "password": PASSWORD})).await?,
        Conflict,
    )?;

    let user: Credentials = anyone
        .post("/auth/login", json!({"email": "ada@example.com", "password": PASSWORD}))
        .await?
        .ok()?
        .json()?;
    let me: Value = anyone.with_token(&user.access_token).get("/auth/me").await?.ok()?.json()?;
    ensure!(
        me["id"].is_i64()
            && me["email"] == "Ada@Example.com"
            && me["name"] == "Ada"
            && me["created_at"].is_string(),
        "{me}"
    );
    refused(
        &anyone
            .post("/auth/login", json!({"email": "ada@example.com", "password": "wrong password"}))
            .await?,
        InvalidCredentials,
    )?;
    refused(
        &anyone.post("/auth/login", json!({"email": "nobody@example.com", "password": PASSWORD})).await?,
        InvalidCredentials,
    )?;

    ensure!(
        anyone.post("/auth/logout", json!({"refresh_token": user.refresh_token})).await?.status
            == StatusCode::NO_CONTENT
    );
    refused(
        &anyone.post("/auth/refresh", json!({"refresh_token": user.refresh_token})).await?,
        Unauthenticated,
    )?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_accounts_are_refused_by_field() -> Result<()> {
    let lab = lab().await?;
    let anyone = lab.client();
    for (body, name) in [
        (json!({"email": "no address", "password": PASSWORD}), "email"),
        (json!({"email": "a@example.com", "password": "short"}), "password"),
        (json!({"email": "a@example.com", "password": "x".repeat(257)}), "password"),
        (json!({"email": "a@example.com"}), "password"),
        (json!({"email": 7, "password": PASSWORD}), "email"),
        (json!({"email": "a@example.com", "password": PASSWORD, "admin": true}), "admin"),
    ] {
        field(&anyone.post("/auth/register", body).await?, name)?;
    }
    let nul = json!({"email": "a\0@example.com", "password": PASSWORD});
    refused(&anyone.post("/auth/login", nul).await?, InvalidInput)?;
    for token in ["", "x", "engp_unknown", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."] {
        refused(&anyone.with_token(token).get("/auth/me").await?, Unauthenticated)?;
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_family() -> Result<()> {
    let lab = TestLab::builder().coordinators(1).workers(0).start().await?;
    let anyone = lab.client();
    let first: Credentials = anyone
        .post("/auth/register", json!({"email": "r@example.com", "password": PASSWORD}))
        .await?
        .ok()?
        .json()?;
    let body = json!({"refresh_token": first.refresh_token});
    let second: Credentials = anyone.post("/auth/refresh", body.clone()).await?.ok()?.json()?;
    ensure!(anyone.with_token(&second.access_token).get("/auth/me").await?.status == StatusCode::OK);
    refused(&anyone.post("/auth/refresh", body).await?, TokenReused)?;
    refused(
        &anyone.post("/auth/refresh", json!({"refresh_token": second.refresh_token})).await?,
        TokenReused,
    )?;

    // Of two at the same moment, one wins and the other ends the family.
    let login: Credentials = anyone
        .post("/auth/login", json!({"email": "r@example.com", "password": PASSWORD}))
        .await?
        .ok()?
        .json()?;
    let body = json!({"refresh_token": login.refresh_token});
    let (a, b) =
        tokio::try_join!(anyone.post("/auth/refresh", body.clone()), anyone.post("/auth/refresh", body))?;
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    ensure!(statuses == [200, 401], "{statuses:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_tokens_are_shown_once_and_end_at_once() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("tom").await?;
    let made = user.post("/auth/tokens", json!({"name": "ci", "expires_in_days": 7})).await?;
    ensure!(made.status == StatusCode::CREATED);
    let made: PersonalToken = made.json()?;
    let token = made.token.expect("shown now");
    ensure!(token.starts_with("engp_") && token.starts_with(&made.prefix));
    let robot = user.with_token(&token);
    ensure!(robot.get("/code/").await?.status == StatusCode::OK);
    let listed: Value = robot.get("/auth/tokens").await?.ok()?.json()?;
    ensure!(
        listed[0]["name"] == "ci"
            && listed[0].get("token").is_none()
            && listed[0]["last_used_at"].is_string(),
        "{listed}"
    );
    let stored: i64 = lab
        .database
        .client()
        .await?
        .query_one(
            "SELECT count(*) FROM personal_tokens WHERE encode(token_hash, 'escape') LIKE '%engp%'",
            &[],
        )
        .await?
        .get(0);
    ensure!(stored == 0, "only a hash is stored");
    ensure!(user.delete(&format!("/auth/tokens/{}", made.id)).await?.status == StatusCode::NO_CONTENT);
    refused(&robot.get("/code/").await?, Unauthenticated)?;
    refused(&user.delete(&format!("/auth/tokens/{}", made.id)).await?, NotFound)?;
    field(&user.post("/auth/tokens", json!({"name": ""})).await?, "name")?;
    field(&user.post("/auth/tokens", json!({"name": "x", "expires_in_days": 0})).await?, "expires_in_days")?;
    let ticket: Ticket = user.post("/auth/ticket", json!({})).await?.ok()?.json()?;
    ensure!(ticket.expires_in == 30 && ticket.ticket.len() > 30);
    lab.finish().await
}
