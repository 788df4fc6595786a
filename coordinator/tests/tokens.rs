//! Tokens that are expired, forged or someone else's: each is a clear 401, at every door.

use anyhow::{Result, ensure};
use engunity_protocol::{account::Credentials, problem::ErrorCode};
use engunity_testkit::{Client, TestLab};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// An access token as the coordinator would sign it, but for what `change` does to it.
fn token(secret: &str, algorithm: Algorithm, change: impl FnOnce(&mut Value)) -> Result<String> {
    let now = chrono::Utc::now().timestamp();
    let mut claims = json!({"iss": "engunity", "sub": "1", "name": "ann", "iat": now - 60, "exp": now + 60});
    change(&mut claims);
    let key = EncodingKey::from_secret(secret.as_bytes());
    Ok(jsonwebtoken::encode(&Header::new(algorithm), &claims, &key)?)
}

async fn refused(anyone: &Client, token: &str, why: &str) -> Result<()> {
    for path in ["/auth/me", "/code/", "/jobs"] {
        let answer = anyone.with_token(token).get(path).await?;
        let problem = answer.problem()?;
        ensure!(answer.status == 401 && problem.code == ErrorCode::Unauthenticated, "{problem:?}");
        ensure!(problem.detail.contains(why), "{why:?}: {problem:?}");
        ensure!(answer.headers.contains_key("www-authenticate"), "{:?}", answer.headers);
    }
    Ok(())
}

#[tokio::test]
async fn expired_and_forged_tokens_are_refused() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let (anyone, ann) = (lab.client(), lab.user("ann").await?);
    let secret = format!("a secret for tests only {}", lab.name);
    let good = token(&secret, Algorithm::HS256, |_| {})?;
    ensure!(anyone.with_token(&good).get("/auth/me").await?.status == 200, "the forgery below is a good one");

    let now = chrono::Utc::now().timestamp();
    refused(
        &anyone,
        &token(&secret, Algorithm::HS256, |claims| claims["exp"] = (now - 1).into())?,
        "expired",
    )
    .await?;
    let forged = [
        token("another secret that is just as long as ours", Algorithm::HS256, |_| {})?,
        token(&secret, Algorithm::HS512, |_| {})?,
        token(&secret, Algorithm::HS256, |claims| claims["iss"] = "elsewhere".into())?,
        token(&secret, Algorithm::HS256, |claims| drop(claims.as_object_mut().map(|all| all.remove("exp"))))?,
        format!("{good}x"),
        good.replacen("ey", "eY", 1),
        {
            // The algorithm `none`, with the good one's claims.
            let claims = good.split('.').nth(1).unwrap_or_default();
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
        },
    ];
    for forgery in forged {
        refused(&anyone, &forgery, "not one of ours").await?;
    }
    let nameless = token(&secret, Algorithm::HS256, |claims| claims["sub"] = "ann".into())?;
    refused(&anyone, &nameless, "names no user").await?;
    ensure!(ann.get("/auth/me").await?.status == 200);
    lab.finish().await
}

#[tokio::test]
async fn what_is_stored_expires_too() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let database = lab.database.client().await?;
    let (anyone, ann) = (lab.client(), lab.user("ann").await?);
    let project = ann.project("demo").await?;

    let made: Value =
        ann.post("/auth/tokens", json!({"name": "ci", "expires_in_days": 1})).await?.ok()?.json()?;
    let robot = made["token"].as_str().unwrap_or_default().to_owned();
    ensure!(anyone.with_token(&robot).get("/code/").await?.status == 200);
    database.execute("UPDATE personal_tokens SET expires_at = now() - interval '1 second'", &[]).await?;
    refused(&anyone, &robot, "expired").await?;

    let who = json!({"email": "late@example.com", "password": "a long enough password"});
    let late: Credentials = anyone.post("/auth/register", who).await?.ok()?.json()?;
    database.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 second'", &[]).await?;
    let answer = anyone.post("/auth/refresh", json!({"refresh_token": late.refresh_token})).await?;
    ensure!(
        answer.status == 401 && answer.problem()?.code == ErrorCode::Unauthenticated,
        "{}",
        answer.text()
    );

    let ticket: Value = ann.post("/auth/ticket", json!({})).await?.ok()?.json()?;
    database.execute("UPDATE tickets SET expires_at = now() - interval '1 second'", &[]).await?;
    let ticket = ticket["ticket"].as_str().unwrap_or_default();
    let socket = format!(
        "{}/api/v1/code/{}/session?ticket={ticket}",
        ann.base().replacen("http", "ws", 1),
        project.id
    );
    match tokio_tungstenite::connect_async(socket).await {
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
            ensure!(answer.status() == 401, "{answer:?}")
        }
        other => anyhow::bail!("an old ticket opened a socket: {other:?}"),
    }
    lab.finish().await
}
