//! The command line against a server that is broken, or worse: nothing it says moves the terminal, leaves the folder or
//! hangs, and every refusal is one line and exit code 125.

mod scripted;

use std::fs;

use anyhow::Result;
use scripted::*;
use serde_json::{Value, json};
use tokio::{
    process::Command,
    time::{Duration, timeout},
};

#[tokio::test]
async fn answers_that_are_none_are_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let html = b"<html>\x1b[2Jlogin</html>";
    let cases: [(Wire, &str); 7] = [
        (answer("200 OK", "text/html", html), "can't read"),
        (answer("200 OK", "application/json", b"{\"id\": \"\x1b[2J\"}"), "can't read"),
        (answer("502 Bad Gateway", "text/html", html), "502"),
        (answer("404 Not Found", "application/problem+json", b"{}"), "404"),
        (
            b"HTTP/1.1 302 Found\r\nlocation: http://evil.example/\x1b\r\ncontent-length: 0\r\n\r\n".to_vec(),
            "",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n[".to_vec(), "lost the connection"),
        (b"\x00\x01\x02".to_vec(), "lost the connection"),
    ];
    for (said, words) in cases {
        let server = server(move |_| said.clone()).await?;
        refused(&engunity(&server, dir.path(), &["whoami"]).await?, words);
    }
    Ok(())
}

#[tokio::test]
async fn names_can_not_move_the_terminal() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let project = project("a\u{1b}[2Jb\n");
    let server = server(move |asked| match asked.path.as_str() {
        path if path.contains("/jobs") => json_of(&json!([job("failed")])),
        _ => json_of(&json!([project])),
    })
    .await?;
    for args in [["project", "ls"], ["jobs", "--all"]] {
        let said = engunity(&server, dir.path(), &args).await?;
        let shown = text(&said.stdout);
        assert!(said.status.success() && !shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
        assert_eq!(shown.lines().count(), 2, "{shown:?}");
        let said = engunity(&server, dir.path(), &[args[0], args[1], "--json"]).await?;
        assert!(
            serde_json::from_slice::<Value>(&said.stdout).is_ok() && !text(&said.stdout).contains('\u{1b}')
        );
    }
    Ok(())
}

#[tokio::test]
async fn artifacts_stay_in_their_folder_and_must_be_what_was_promised() -> Result<()> {
    let dir = tempfile::tempdir()?;
    for (path, words) in
        [("../evil", "refused"), ("/etc/evil", "refused"), ("a/../../evil", "refused"), ("fine", "damaged")]
    {
        let listed = json!([{"path": path, "size": 4, "hash": "0".repeat(64)}]);
        let server = server(move |asked| match asked.path.contains("/artifacts/") {
            true => answer("200 OK", "application/octet-stream", b"evil"),
            false => json_of(&listed),
        })
        .await?;
        refused(&engunity(&server, dir.path(), &["artifacts", "get", JOB, "--out", "out"]).await?, words);
        let left: Vec<_> = fs::read_dir(dir.path().join("out"))?.collect();
        assert!(left.is_empty() && !dir.path().join("evil").exists(), "{left:?}");
    }
    Ok(())
}

#[tokio::test]
async fn events_that_never_end_or_make_no_sense_end() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let endless =
        [b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ".to_vec(), vec![b'x'; 20 << 20]]
            .concat();
    let undecodable = "id: 1\nevent: output\ndata: {\"stream\":\"stdout\",\"offset\":0,\"data\":\"!\",\"encoding\":\"base64\",\"attempt\":1}\n\n";
    let undecodable = answer("200 OK", "text/event-stream", undecodable.as_bytes());
    for (events, words) in [(endless, "too large"), (undecodable, "can't be decoded")] {
        let server = server(move |asked| match asked.path.ends_with("/events") {
            true => events.clone(),
            false => json_of(&job("running")),
        })
        .await?;
        let said = engunity(&server, dir.path(), &["logs", "-f", JOB]).await?;
        refused(&said, words);
    }
    Ok(())
}

#[tokio::test]
async fn a_second_interrupt_waits_for_no_server() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let args = ["run", "-p", PROJECT, "--allow-empty", "--", "true"];
    for (hangs, left) in [("/cancel", "detached from job"), ("/runs", "detached before")] {
        let (asked, mut requests) = tokio::sync::mpsc::unbounded_channel();
        let server = server(move |request| {
            let _ = asked.send(request.path.clone());
            match request.path.as_str() {
                path if path.contains(hangs) || path.contains("/events") => Wire::new(),
                path if path.contains("/runs") => json_of(&job("queued")),
                _ => json_of(&project("demo")),
            }
        })
        .await?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_engunity"));
        command.args(args).current_dir(dir.path()).env_clear().env("HOME", dir.path().join("home"));
        command.env("ENGUNITY_SERVER", server).env("ENGUNITY_TOKEN", "engp_secret").kill_on_drop(true);
        let child = command.stderr(std::process::Stdio::piped()).spawn()?;
        let pid = nix::unistd::Pid::from_raw(child.id().unwrap_or_default() as i32);
        let mut reached =
            async |what: &str| while !requests.recv().await.is_some_and(|path| path.contains(what)) {};
        reached(if hangs == "/cancel" { "/events" } else { hangs }).await;
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT)?;
        if hangs == "/cancel" {
            reached(hangs).await;
        } else {
            // Two signals that nobody has looked at yet would be one.
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT)?;
        let said = timeout(Duration::from_secs(10), child.wait_with_output()).await??;
        assert_eq!(said.status.code(), Some(130), "{}", text(&said.stderr));
        assert!(text(&said.stderr).contains(left), "{}", text(&said.stderr));
    }
    Ok(())
}
