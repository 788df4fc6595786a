//! A bad network is ridden out: waits are taken as told, by every call, and a lost answer leads to the job.

mod scripted;

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Instant,
};

use anyhow::Result;
use scripted::*;
use serde_json::json;
use tokio::time::Duration;

fn wait(status: &str, retry_after: &str) -> Wire {
    format!("HTTP/1.1 {status}\r\n{retry_after}content-length: 9\r\nconnection: close\r\n\r\nslow down")
        .into_bytes()
}

/// An upload of one file; `trouble(path, n)` comes before the `n`th good answer to a path.
async fn upload(
    trouble: impl Fn(&str, usize) -> Option<Wire> + Send + 'static,
) -> Result<(std::process::Output, Duration)> {
    let dir = tempfile::tempdir()?;
    fs::create_dir(dir.path().join("demo"))?;
    fs::write(dir.path().join("demo/a.txt"), "hello")?;
    let hash = blake3::hash(b"hello").to_hex().to_string();
    let mut seen: Vec<String> = Vec::new();
    let server = server(move |asked| {
        let times = seen.iter().filter(|path| **path == asked.path).count();
        seen.push(asked.path.clone());
        match asked.path.as_str() {
            path if trouble(path, times).is_some() => trouble(path, times).unwrap_or_default(),
            path if path.ends_with("/sync") => {
                json_of(&json!({"missing": [hash], "added": 1, "changed": 0, "unchanged": 0, "removed": []}))
            }
            path if path.ends_with("/blobs") => {
                assert!(text(&asked.body).contains("hello"), "each try sends all of it");
                json_of(&json!({"stored": [hash]}))
            }
            _ => json_of(&project("demo")),
        }
    })
    .await?;
    let begun = Instant::now();
    let said = engunity(&server, dir.path(), &["upload", "-p", PROJECT, "demo"]).await?;
    Ok((said, begun.elapsed()))
}

#[tokio::test]
async fn every_call_of_an_upload_waits_as_it_is_told() -> Result<()> {
    for path in ["/blobs", "/sync", "/commit", PROJECT] {
        let (said, took) = upload(move |asked, times| {
            (asked.ends_with(path) && times == 0)
                .then(|| wait("503 Service Unavailable", "retry-after: 2\r\n"))
        })
        .await?;
        assert!(said.status.success(), "{path}: {}", text(&said.stderr));
        assert!(took >= Duration::from_secs(2), "{path}: {took:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_proxy_plain_429_is_waited_for() -> Result<()> {
    let (said, took) = upload(|asked, times| {
        (asked.ends_with("/blobs") && times < 2).then(|| wait("429 Too Many Requests", ""))
    })
    .await?;
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert!(took >= Duration::from_secs(3), "one second, then two: {took:?}");
    Ok(())
}

#[tokio::test]
async fn a_wait_beyond_the_total_is_a_failure_at_once() -> Result<()> {
    let (said, took) = upload(|asked, _| {
        asked.ends_with("/blobs").then(|| wait("429 Too Many Requests", "retry-after: 4000\r\n"))
    })
    .await?;
    refused(&said, "429");
    assert!(took < Duration::from_secs(20), "{took:?}");
    Ok(())
}

/// A server that loses its first answers to a submission, each in its own way.
async fn losing(lost: Vec<Wire>) -> Result<(String, Arc<Mutex<Vec<String>>>)> {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = keys.clone();
    let address = server(move |asked| match asked.path.as_str() {
        path if path.ends_with("/runs") => {
            let mut keys = seen.lock().expect("no panic");
            keys.push(asked.header("idempotency-key").expect("a key"));
            lost.get(keys.len() - 1).cloned().unwrap_or_else(|| json_of(&job("queued")))
        }
        path if path.ends_with("/events") => events(0),
        _ => json_of(&project("demo")),
    })
    .await?;
    Ok((address, keys))
}

#[tokio::test]
async fn a_lost_answer_to_a_submission_leads_to_that_job() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let half = b"HTTP/1.1 202 Accepted\r\ncontent-length: 1000\r\n\r\n{".to_vec();
    let gateway = answer("502 Bad Gateway", "text/html", b"<html>");
    let (server, keys) = losing(vec![HANG_UP.to_vec(), half, gateway]).await?;
    let said = engunity(&server, dir.path(), &["run", "-p", PROJECT, "--allow-empty", "--", "true"]).await?;
    assert_eq!(
        (said.status.code(), text(&said.stdout).as_str()),
        (Some(0), "out\n"),
        "{}",
        text(&said.stderr)
    );
    let keys = keys.lock().expect("no panic");
    assert_eq!(keys.len(), 4);
    assert!(keys.iter().all(|key| *key == keys[0]), "one key, so one job: {keys:?}");
    Ok(())
}

#[tokio::test]
async fn a_job_is_followed_although_the_first_connection_is_lost() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut followed = 0;
    let server = server(move |asked| match asked.path.as_str() {
        path if path.ends_with("/runs") => json_of(&job("queued")),
        path if path.ends_with("/events") => {
            followed += 1;
            if followed < 3 { HANG_UP.to_vec() } else { events(3) }
        }
        _ => json_of(&project("demo")),
    })
    .await?;
    let said = engunity(&server, dir.path(), &["run", "-p", PROJECT, "--allow-empty", "--", "false"]).await?;
    assert_eq!(said.status.code(), Some(3), "{}", text(&said.stderr));
    Ok(())
}

#[tokio::test]
async fn nobody_there_is_said_at_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let begun = Instant::now();
    let said =
        engunity("http://127.0.0.1:9", dir.path(), &["run", "-p", PROJECT, "--allow-empty", "--", "true"])
            .await?;
    refused(&said, "can't connect");
    assert!(begun.elapsed() < Duration::from_secs(20));
    Ok(())
}
