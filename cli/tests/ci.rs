//! The command line in CI: a token and nothing else, files from Windows, and stderr that is the program's own.

mod scripted;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use anyhow::{Context, Result};
use scripted::*;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// A project that takes every upload and run; a run ends with `code`.
async fn lab(code: i32) -> Result<String> {
    server(move |asked| match asked.path.as_str() {
        path if path.ends_with("/sync") => {
            json_of(&json!({"missing": [], "added": 1, "changed": 0, "unchanged": 0, "removed": []}))
        }
        path if path.ends_with("/runs") => json_of(&job("queued")),
        path if path.ends_with("/events") => events(code),
        path if path.contains("/files") => json_of(&json!([])),
        _ => json_of(&project("demo")),
    })
    .await
}

/// Runs without `HOME`, as someone whom no user list knows where we may become that.
async fn bare(server: &str, program: &Path, dir: &Path, args: &[&str]) -> Result<Output> {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).env_clear().kill_on_drop(true);
    command.env("ENGUNITY_SERVER", server).env("ENGUNITY_TOKEN", "engp_secret");
    if fs::metadata("/proc/self")?.uid() == 0 {
        command.uid(54321).gid(54321);
    }
    Ok(timeout(TIMEOUT, command.output()).await??)
}

/// A copy that everyone may start.
fn public_copy(dir: &Path) -> Result<PathBuf> {
    let program = dir.join("engunity");
    fs::copy(env!("CARGO_BIN_EXE_engunity"), &program)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
    Ok(program)
}

#[tokio::test]
async fn a_token_is_all_that_is_needed() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("a.txt"), "hello")?;
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555))?;
    let programs = tempfile::tempdir()?;
    let program = public_copy(programs.path())?;
    let server = lab(0).await?;
    for args in
        [&["upload", "-p", PROJECT][..], &["run", "--sync", "-p", PROJECT, "--allow-empty", "--", "true"]]
    {
        let said = bare(&server, &program, dir.path(), args).await?;
        let errors = text(&said.stderr);
        assert_eq!(said.status.code(), Some(0), "{args:?}: {errors}");
        assert_eq!(errors.matches("warning").count(), 1, "{args:?}: {errors}");
    }
    let said = bare(&server, &program, dir.path(), &["upload", "-q", "-p", PROJECT]).await?;
    assert_eq!((said.status.code(), text(&said.stderr).as_str()), (Some(0), ""));
    Ok(())
}

#[tokio::test]
async fn a_home_that_is_none_is_no_reason_to_fail() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = lab(0).await?;
    for home in ["", "/dev/null", "/nonexistent"] {
        let mut command =
            command(&server, dir.path(), &["run", "-p", PROJECT, "--allow-empty", "--", "true"]);
        let said = command.env("HOME", home).output().await?;
        assert_eq!(said.status.code(), Some(0), "HOME={home}: {}", text(&said.stderr));
    }
    let config = dir.path().join("home/.config/engunity");
    fs::create_dir_all(&config)?;
    fs::write(config.join("credentials.toml"), "broken")?;
    let said = engunity(&server, dir.path(), &["run", "-p", PROJECT, "--allow-empty", "--", "true"]).await?;
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    Ok(())
}

#[tokio::test]
async fn quiet_leaves_stderr_to_the_program() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = lab(3).await?;
    let run = ["run", "-p", PROJECT, "--allow-empty", "--", "false"];
    let said = engunity(&server, dir.path(), &[&["-q"], &run[..]].concat()).await?;
    assert_eq!((said.status.code(), text(&said.stdout).as_str()), (Some(3), "out\n"));
    assert_eq!(text(&said.stderr), "its own error\n");
    let said = engunity(&server, dir.path(), &run).await?;
    assert!(text(&said.stderr).contains("failed: exit 3"), "without -q it is told");
    Ok(())
}

#[tokio::test]
async fn files_from_windows_are_read_everywhere() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let folder = dir.path().join("demo");
    let config = dir.path().join("home/.config/engunity");
    fs::create_dir_all(&folder)?;
    fs::create_dir_all(&config)?;
    let server = lab(0).await?;
    let link = format!("\u{feff}server = \"{server}\"\r\nproject = \"{PROJECT}\"\r\n");
    fs::write(folder.join(".engunity.toml"), link)?;
    let credentials =
        format!("\u{feff}latest = \"{server}\"\r\n[servers.\"{server}\"]\r\ntoken = \"engp_kept\"\r\n");
    fs::write(config.join("credentials.toml"), credentials)?;
    fs::write(folder.join(".gitignore"), "\u{feff}*.log\r\n")?;
    fs::write(folder.join(".engunityignore"), "\u{feff}*.tmp\r\n")?;
    for name in ["a.txt", "b.log", "c.tmp"] {
        fs::write(folder.join(name), "x")?;
    }
    let mut command = command(&server, &folder, &["upload", "--json"]);
    command.env("HOME", dir.path().join("home")).env_remove("ENGUNITY_TOKEN").env_remove("ENGUNITY_SERVER");
    let said = command.output().await?;
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let answer: Value = serde_json::from_slice(&said.stdout)?;
    let skipped: Vec<_> =
        answer["skipped"].as_array().context("a list")?.iter().map(|item| &item["path"]).collect();
    assert_eq!(skipped, [".engunity.toml", "b.log", "c.tmp"]);
    Ok(())
}

#[tokio::test]
async fn lists_of_commands_and_settings_may_come_from_windows() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (said, mut commands) = tokio::sync::mpsc::unbounded_channel();
    let server = server(move |asked| match asked.path.as_str() {
        path if path.ends_with("/runs") => {
            let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            let token = asked.header("authorization").unwrap_or_default();
            let _ = said.send((body["command"].as_str().unwrap_or_default().to_owned(), token));
            json_of(&job("succeeded"))
        }
        path if path.contains("/jobs") => json_of(&json!([job("succeeded")])),
        _ => json_of(&project("demo")),
    })
    .await?;
    let utf16: Vec<u8> = "\u{feff}echo 1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(dir.path().join("matrix"), "\u{feff}echo 1\r\n")?;
    fs::write(dir.path().join("powershell"), &utf16)?;
    for (matrix, input) in [("matrix", &b""[..]), ("powershell", b""), ("-", b"\xef\xbb\xbfecho 1\r\n")] {
        let args = ["run", "-p", PROJECT, "--allow-empty", "--bulk", matrix];
        let mut command = command(&server, dir.path(), &args);
        command
            .env("ENGUNITY_TOKEN", "engp_secret\r\n")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        child.stdin.take().context("stdin")?.write_all(input).await?;
        let ended = timeout(TIMEOUT, child.wait_with_output()).await??;
        assert_eq!(ended.status.code(), Some(0), "{matrix}: {}", text(&ended.stderr));
        let (command, token) = commands.recv().await.context("a submission")?;
        assert_eq!((command.as_str(), token.as_str()), ("echo 1", "Bearer engp_secret"), "{matrix}");
    }
    Ok(())
}
