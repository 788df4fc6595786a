//! A coordinator or worker as a real process: started, killed, stopped and started again by tests.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::eventually;

/// How long a start may take, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(90);

pub type Environment = BTreeMap<String, String>;

/// What a process prints when it is up.
#[derive(Debug, Clone, Copy)]
pub enum Role {
    Coordinator,
    Worker,
}

impl Role {
    fn binary(self) -> &'static str {
        match self {
            Self::Coordinator => "engunity-coordinator",
            Self::Worker => "engunity-worker",
        }
    }

    fn sign_of_life(self) -> &'static str {
        match self {
            Self::Coordinator => "listening on ",
            Self::Worker => "ready as ",
        }
    }
}

pub struct Process {
    pub name: String,
    role: Role,
    environment: Environment,
    log: PathBuf,
    life: Mutex<Life>,
}

struct Life {
    child: Option<Child>,
    /// Where the present life's words start in the log.
    log_start: u64,
    /// A coordinator's address, a worker's id.
    word: String,
}

impl Process {
    /// Describes a process whose log is `<dir>/<name>.log`; nothing is started.
    pub fn new(role: Role, name: &str, environment: Environment, dir: &Path) -> Self {
        let life = Mutex::new(Life { child: None, log_start: 0, word: String::new() });
        Self { name: name.to_owned(), role, environment, log: dir.join(format!("{name}.log")), life }
    }

    /// Starts it and waits until it says that it is up. A coordinator keeps its port from life to life.
    pub async fn start(&self) -> Result<()> {
        self.spawn()?;
        let word = eventually(&format!("{} is up", self.name), START, || async { self.first_word() }).await;
        let word = word.map_err(|error| error.context(self.last_lines(40)))?;
        self.life().word = word;
        Ok(())
    }

    /// Starts it without waiting for its sign of life.
    pub fn spawn(&self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut life = self.life();
        ensure!(life.child.is_none(), "{} runs already", self.name);
        life.log_start = log.metadata()?.len();
        let mut command = Command::new(binary(self.role.binary())?);
        command.env_clear().envs(&self.environment).stdin(Stdio::null());
        if let Some(listen) = life.word.strip_prefix("http://") {
            command.env("ENGUNITY__HTTP__LISTEN", listen);
        }
        life.child = Some(command.stdout(log.try_clone()?).stderr(log).spawn()?);
        Ok(())
    }

    /// A coordinator's base URL; a worker's id.
    pub fn word(&self) -> String {
        self.life().word.clone()
    }

    pub fn url(&self) -> String {
        self.word()
    }

    pub fn is_running(&self) -> bool {
        self.life().child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    pub fn pid(&self) -> Option<u32> {
        self.life().child.as_ref().map(Child::id)
    }

    /// Ends it without warning.
    pub fn kill9(&self) -> Result<()> {
        let Some(mut child) = self.life().child.take() else { return Ok(()) };
        child.kill()?;
        child.wait().map(drop).map_err(Into::into)
    }

    /// Halts it where it is, as a machine that swaps or a paused virtual machine would.
    pub fn stop(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    pub fn cont(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Asks it to end; does not wait.
    pub fn terminate(&self) -> Result<()> {
        self.signal(Signal::SIGTERM)
    }

    /// Waits for its end; returns its exit code (`None`: a signal).
    pub async fn ended(&self, patience: Duration) -> Result<Option<i32>> {
        let what = format!("{} ends", self.name);
        let status = eventually(&what, patience, || async {
            let mut life = self.life();
            let Some(child) = life.child.as_mut() else { bail!("it does not run") };
            Ok(child.try_wait()?)
        });
        let status = status.await?;
        self.life().child = None;
        Ok(status.code())
    }

    /// Kills it and starts it again.
    pub async fn restart(&self) -> Result<()> {
        self.kill9()?;
        self.start().await
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    pub fn last_lines(&self, count: usize) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(count)..].join("\n");
        format!("──── {} ────\n{last}", self.name)
    }

    fn first_word(&self) -> Result<Option<String>> {
        if !self.is_running() {
            bail!("it ended");
        }
        let start = self.life().log_start as usize;
        let log = self.log();
        let found = log.get(start..).unwrap_or_default().split_once(self.role.sign_of_life());
        let word = found
            .and_then(|(_, rest)| rest.split_once('\n'))
            .and_then(|(line, _)| line.split_whitespace().next());
        Ok(word.map(str::to_owned))
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().with_context(|| format!("{} does not run", self.name))?;
        Ok(kill(Pid::from_raw(pid as i32), signal)?)
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill9();
    }
}

/// Our binaries lie beside the test's own (`target/<profile>/deps/…`).
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let dir = own.ancestors().find(|dir| dir.file_name().is_some_and(|name| name != "deps") && dir.is_dir());
    let path = dir.context("the target directory")?.join(name);
    ensure!(path.exists(), "{} is missing: run `cargo build --workspace --bins`", path.display());
    Ok(path)
}
