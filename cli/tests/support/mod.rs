//! The `engunity` binary as a person would use it: a home of its own, folders, and what it said.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use engunity_testkit::TestLab;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
};

pub const PASSWORD: &str = "correct horse battery";

pub struct Person {
    pub home: TempDir,
    server: String,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Person {
    /// Someone with an account, logged in.
    pub async fn new(lab: &TestLab, name: &str) -> Result<Self> {
        let person = Self { home: tempfile::tempdir()?, server: lab.coordinators[0].url() };
        let email = format!("{name}@example.com");
        let said = person.with_input(&["register", "--email", &email, "--password-stdin"], PASSWORD).await?;
        ensure!(said.code == 0, "{said:?}");
        Ok(person)
    }

    /// A folder with files; `path` is within the home.
    pub fn folder(&self, path: &str, files: &[(&str, &str)]) -> Result<PathBuf> {
        let folder = self.home.path().join(path);
        for (path, content) in files {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().context("a parent")?)?;
            std::fs::write(file, content)?;
        }
        Ok(folder)
    }

    pub fn command(&self, dir: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engunity"));
        command
            .args(args)
            .current_dir(dir)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home.path()).env("ENGUNITY_SERVER", &self.server);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    pub async fn run_in(&self, dir: &Path, args: &[&str]) -> Result<Said> {
        Ok(Said::of(self.command(dir, args).output().await?))
    }

    pub async fn run(&self, args: &[&str]) -> Result<Said> {
        self.run_in(self.home.path(), args).await
    }

    /// Runs a command that must succeed and reads its JSON.
    pub async fn json(&self, dir: &Path, args: &[&str]) -> Result<Value> {
        let said = self.run_in(dir, args).await?;
        ensure!(said.code == 0, "{args:?}: {said:?}");
        serde_json::from_str(&said.stdout)
            .with_context(|| format!("{args:?} did not print pure JSON: {}", said.stdout))
    }

    pub async fn with_input(&self, args: &[&str], input: &str) -> Result<Said> {
        let mut child = self.command(self.home.path(), args).stdin(Stdio::piped()).spawn()?;
        child.stdin.take().context("stdin")?.write_all(input.as_bytes()).await?;
        Ok(Said::of(child.wait_with_output().await?))
    }
}

impl Said {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Presses Ctrl-C.
pub fn interrupt(child: &Child) -> Result<()> {
    let id = child.id().context("it has ended")?;
    Ok(kill(Pid::from_raw(id as i32), Signal::SIGINT)?)
}
