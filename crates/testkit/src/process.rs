//! A coordinator or worker as a real process that tests start, kill, pause and restart.

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

/// Time limit for a start, on a machine that runs other tests too.
const START_TIMEOUT: Duration = Duration::from_secs(90);

pub type Environment = BTreeMap<String, String>;

/// Which program a process runs.
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

    fn ready_prefix(self) -> &'static str {
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
    run: Mutex<Run>,
}

struct Run {
    child: Option<Child>,
    /// Offset in the log at which this run's output begins.
    log_start: u64,
    /// A coordinator's base URL or a worker's id, as printed at start.
    identity: String,
}

impl Process {
    /// Describes a process with the log `<dir>/<name>.log`. Does not start it.
    pub fn new(role: Role, name: &str, environment: Environment, dir: &Path) -> Self {
        let run = Mutex::new(Run { child: None, log_start: 0, identity: String::new() });
        Self { name: name.to_owned(), role, environment, log: dir.join(format!("{name}.log")), run }
    }

    /// Starts the process and waits until it is ready. A coordinator keeps its port across restarts.
    pub async fn start(&self) -> Result<()> {
        self.spawn()?;
        let identity = eventually(&format!("{} is up", self.name), START_TIMEOUT, || async {
            self.announced_identity()
        })
        .await;
        let identity = identity.map_err(|error| error.context(self.last_lines(40)))?;
        self.run().identity = identity;
        Ok(())
    }

    /// Starts the process without waiting until it is ready.
    pub fn spawn(&self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut run = self.run();
        ensure!(run.child.is_none(), "{} is already running", self.name);
        run.log_start = log.metadata()?.len();
        let mut command = Command::new(binary(self.role.binary())?);
        command.env_clear().envs(&self.environment).stdin(Stdio::null());
        if let Some(listen) = run.identity.strip_prefix("http://") {
            command.env("ENGUNITY__HTTP__LISTEN", listen);
        }
        run.child = Some(command.stdout(log.try_clone()?).stderr(log).spawn()?);
        Ok(())
    }

    /// A coordinator's base URL, or a worker's id.
    pub fn identity(&self) -> String {
        self.run().identity.clone()
    }

    pub fn url(&self) -> String {
        self.identity()
    }

    pub fn is_running(&self) -> bool {
        self.run().child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    pub fn pid(&self) -> Option<u32> {
        self.run().child.as_ref().map(Child::id)
    }

    /// Sends SIGKILL and reaps the process.
    pub fn kill9(&self) -> Result<()> {
        let Some(mut child) = self.run().child.take() else { return Ok(()) };
        child.kill()?;
        child.wait().map(drop).map_err(Into::into)
    }

    /// Pauses the process with SIGSTOP, like a paused virtual machine.
    pub fn stop(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    pub fn cont(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Sends SIGTERM. Does not wait.
    pub fn terminate(&self) -> Result<()> {
        self.signal(Signal::SIGTERM)
    }

    /// Waits for the exit and returns the exit code; `None` after a signal.
    pub async fn ended(&self, timeout: Duration) -> Result<Option<i32>> {
        let what = format!("{} ends", self.name);
        let status = eventually(&what, timeout, || async {
            let mut run = self.run();
            let Some(child) = run.child.as_mut() else { bail!("the process is not running") };
            Ok(child.try_wait()?)
        });
        let status = status.await?;
        self.run().child = None;
        Ok(status.code())
    }

    /// Kills the process and starts it again.
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

    fn announced_identity(&self) -> Result<Option<String>> {
        if !self.is_running() {
            bail!("the process ended");
        }
        let start = self.run().log_start as usize;
        let log = self.log();
        let found = log.get(start..).unwrap_or_default().split_once(self.role.ready_prefix());
        let identity = found
            .and_then(|(_, rest)| rest.split_once('\n'))
            .and_then(|(line, _)| line.split_whitespace().next());
        Ok(identity.map(str::to_owned))
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().with_context(|| format!("{} is not running", self.name))?;
        Ok(kill(Pid::from_raw(pid as i32), signal)?)
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill9();
    }
}

/// Path of one of our binaries, which are beside the test's own (`target/<profile>/deps/…`).
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let dir = own.ancestors().find(|dir| dir.file_name().is_some_and(|name| name != "deps") && dir.is_dir());
    let path = dir.context("the target directory")?.join(name);
    ensure!(path.exists(), "{} is missing: run `cargo build --workspace --bins`", path.display());
    Ok(path)
}
