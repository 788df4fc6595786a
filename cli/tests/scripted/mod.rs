//! A server that answers as its script says, byte for byte, and the command line in front of it.
#![allow(dead_code)] // each test binary uses a part

use std::{path::Path, process::Output};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
    time::{Duration, timeout},
};

pub const TIMEOUT: Duration = Duration::from_secs(60);
pub const JOB: &str = "01900000-0000-7000-8000-000000000001";
pub const PROJECT: &str = "01900000-0000-4000-8000-000000000002";

/// A whole answer as it goes over the wire; an empty one never comes.
pub type Wire = Vec<u8>;

/// Ends the connection without a word.
pub const HANG_UP: &[u8] = b"\0hang up";

pub struct ReceivedRequest {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }
}

pub fn answer(status: &str, kind: &str, body: &[u8]) -> Wire {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub fn json_of(body: &Value) -> Wire {
    answer("200 OK", "application/json", body.to_string().as_bytes())
}

/// Serves `say(asked)` to everyone; returns the address.
pub async fn server(mut say: impl FnMut(&ReceivedRequest) -> Wire + Send + 'static) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let Some(asked) = read(&mut socket).await else { continue };
            let said = say(&asked);
            tokio::spawn(async move {
                if said.is_empty() {
                    tokio::time::sleep(TIMEOUT * 2).await;
                }
                if said != HANG_UP {
                    let _ = socket.write_all(&said).await;
                }
                let _ = socket.shutdown().await;
            });
        }
    });
    Ok(address)
}

async fn read(socket: &mut TcpStream) -> Option<ReceivedRequest> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        (socket.read(&mut byte).await.ok()? == 1).then_some(())?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut words = head.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut asked = ReceivedRequest { method, path, head, body: Vec::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    asked.body = vec![0; length];
    socket.read_exact(&mut asked.body).await.ok()?;
    Some(asked)
}

/// The command line in `dir`, with a token and a home folder.
pub fn command(server: &str, dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engunity"));
    command.args(args).current_dir(dir).env_clear().env("HOME", dir.join("home"));
    command.env("ENGUNITY_SERVER", server).env("ENGUNITY_TOKEN", "engp_secret").kill_on_drop(true);
    command
}

pub async fn engunity(server: &str, dir: &Path, args: &[&str]) -> Result<Output> {
    Ok(timeout(TIMEOUT, command(server, dir, args).output()).await??)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
pub fn refused(said: &Output, words: &str) {
    let errors = text(&said.stderr);
    assert_eq!(said.status.code(), Some(125), "{errors}");
    assert!(said.stdout.is_empty(), "{}", text(&said.stdout));
    assert!(errors.contains(words), "{words:?} is not in {errors}");
    assert!(!errors.contains('\u{1b}') && !errors.contains("engp_secret"), "{errors:?}");
}

pub fn job(state: &str) -> Value {
    json!({"id": JOB, "kind": "execute", "class": "interactive", "project_id": PROJECT, "state": state, "attempt": 1,
        "worker_id": null, "title": "\u{1b}]0;evil\u{7}", "runtime": "bash", "verdict": null, "usage": null,
        "created_at": "2026-01-02T03:04:05Z", "started_at": null, "finished_at": null})
}

pub fn project(name: &str) -> Value {
    json!({"id": PROJECT, "user_id": 1, "name": name, "description": null, "language": "\u{7}",
        "repository_url": null, "storage_path": null, "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"})
}

/// The events of a run that wrote to both streams and ended with `code`.
pub fn events(code: i32) -> Wire {
    let mut ended = job(if code == 0 { "succeeded" } else { "failed" });
    let reason = if code == 0 { "ok" } else { "exit" };
    ended["verdict"] =
        json!({"reason": reason, "exit_code": code, "signal": null, "evidence": format!("exit {code}")});
    let output = |stream: &str, data: &str| json!({"stream": stream, "offset": 0, "data": data, "encoding": "utf-8", "attempt": 1});
    let events = [
        ("output", output("stdout", "out\n")),
        ("output", output("stderr", "its own error\n")),
        ("result", ended),
    ];
    let lines = events
        .iter()
        .enumerate()
        .map(|(id, (name, data))| format!("id: {id}\nevent: {name}\ndata: {data}\n\n"));
    answer("200 OK", "text/event-stream", lines.collect::<String>().as_bytes())
}
