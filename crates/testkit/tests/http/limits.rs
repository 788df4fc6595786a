//! Rates, slow clients, other origins, a database that goes away.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode::*;
use engunity_testkit::{TestLab, eventually};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{header, lab, refused};

const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_user() -> Result<()> {
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__RATE_LIMIT__PER_MINUTE", 5)
        .start()
        .await?;
    let (ada, bob) = (lab.user("ada").await?, lab.user("bob").await?);
    for left in (0..5).rev() {
        let answer = ada.get("/code/").await?.ok()?;
        ensure!(
            header(&answer, "ratelimit").starts_with(&format!("\"default\";r={left};t=")),
            "{:?}",
            answer.headers
        );
        ensure!(header(&answer, "ratelimit-policy") == "\"default\";q=5;w=60");
    }
    let answer = ada.get("/code/").await?;
    refused(&answer, RateLimited)?;
    ensure!((1..=60).contains(&header(&answer, "retry-after").parse::<u64>()?));
    ensure!(bob.get("/code/").await?.status == StatusCode::OK, "each user has a count of one's own");
    for _ in 0..20 {
        ensure!(reqwest::get(format!("{}/healthz", ada.base())).await?.status() == StatusCode::OK);
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_logins_are_slowed() -> Result<()> {
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__AUTH__LOGIN_FAILURES_PER_MINUTE", 3)
        .start()
        .await?;
    let anyone = lab.client();
    let attempt = |password: &'static str| {
        anyone.post("/auth/login", json!({"email": "ada@example.com", "password": password}))
    };
    for _ in 0..3 {
        refused(&attempt("wrong password").await?, InvalidCredentials)?;
    }
    let answer = attempt("wrong password").await?;
    refused(&answer, RateLimited)?;
    ensure!(answer.headers.contains_key("retry-after"));
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_holds_nothing_up() -> Result<()> {
    const HEADER_TIMEOUT: Duration = Duration::from_secs(6);
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__HTTP__HEADER_TIMEOUT_S", HEADER_TIMEOUT.as_secs())
        .start()
        .await?;
    let address = lab.client().base().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut socket = tokio::net::TcpStream::connect(&address).await?;
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await?;
        slow.push(socket);
    }
    let started = Instant::now();
    ensure!(reqwest::get(format!("http://{address}/healthz")).await?.status() == StatusCode::OK);
    ensure!(started.elapsed() < HEADER_TIMEOUT, "it waited for the slow ones: {:?}", started.elapsed());
    let closed = async {
        let mut rest = Vec::new();
        for socket in &mut slow {
            let _ = socket.read_to_end(&mut rest).await;
        }
    };
    tokio::time::timeout(TIMEOUT, closed).await?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_requests_get_an_answer() -> Result<()> {
    let lab = lab().await?;
    let address = lab.client().base().trim_start_matches("http://").to_owned();
    for (raw, status) in [
        ("GET /healthz HTTP/1.1\r\n\r\n", 200),
        ("GET http://h/api/v1/none HTTP/1.1\r\nhost: h\r\n\r\n", 404),
        ("OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n", 404),
        ("CONNECT h:1 HTTP/1.1\r\nhost: h\r\n\r\n", 404),
        ("NONSENSE\r\n\r\n", 400),
        (
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            400,
        ),
    ] {
        let mut socket = tokio::net::TcpStream::connect(&address).await?;
        socket.write_all(raw.as_bytes()).await?;
        let mut start = [0; 12];
        tokio::time::timeout(TIMEOUT, socket.read_exact(&mut start)).await??;
        ensure!(
            start == *format!("HTTP/1.1 {status}").as_bytes(),
            "{raw:?}: {}",
            String::from_utf8_lossy(&start)
        );
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_nobody_asked_for_does_not_end_the_connection() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let mut socket = tokio::net::TcpStream::connect(user.base().trim_start_matches("http://")).await?;
    let head = |line: &str| {
        format!(
            "{line} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n",
            user.token()
        )
    };
    for (line, status) in [
        ("POST /api/v1/auth/ticket", 200),
        ("GET /api/v1/auth/me", 200),
        ("POST /api/v1/none", 404),
        ("DELETE /api/v1/auth/me", 405),
        ("POST /api/v1/auth/ticket", 200),
    ] {
        socket.write_all(head(line).as_bytes()).await?;
        // The body comes when the answer could have been given long ago.
        tokio::time::sleep(Duration::from_millis(100)).await;
        socket.write_all(b"{}").await?;
        let mut answer = vec![0; 64 << 10];
        let length = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut answer)).await??;
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        ensure!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {answer:?}");
        ensure!(!answer.contains("connection: close"), "{line}: {answer:?}");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_see_answers_only_where_allowed() -> Result<()> {
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__HTTP__CORS_ORIGINS", "https://a.example, https://b.example")
        .start()
        .await?;
    let anyone = lab.client();
    for (origin, allowed) in
        [("https://a.example", true), ("https://b.example", true), ("https://c.example", false)]
    {
        let answer = anyone.send(anyone.request(Method::GET, "/code/").header("origin", origin)).await?;
        refused(&answer, Unauthenticated)?;
        ensure!((header(&answer, "access-control-allow-origin") == origin) == allowed, "{origin}");
        let ask = anyone
            .request(Method::OPTIONS, "/code/")
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let answer = anyone.send(ask).await?;
        ensure!(
            answer.status == StatusCode::NO_CONTENT
                && header(&answer, "access-control-allow-methods").contains("POST") == allowed
        );
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_is_said_and_comes_back() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    user.project("demo").await?;
    lab.database.set_reachable(false).await?;
    let down = eventually("requests say that the database is away", TIMEOUT, || async {
        let answer = user.get("/code/").await?;
        Ok((answer.status == StatusCode::SERVICE_UNAVAILABLE).then_some(answer))
    });
    let down = down.await;
    lab.database.set_reachable(true).await?;
    refused(&down?, Unavailable)?;
    eventually("it is ready again by itself", TIMEOUT, || async {
        let ready = reqwest::get(format!("{}/readyz", user.base())).await?.status() == StatusCode::OK;
        Ok((ready && user.get("/code/").await?.status == StatusCode::OK).then_some(()))
    })
    .await?;
    lab.finish().await
}
