//! A private Docker Engine for tests that kill it. Starting one needs root.

use std::{
    fs::File,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{eventually, names};

const START_TIMEOUT: Duration = Duration::from_secs(90);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const CONTAINERD_PID: &str = "exec/containerd/containerd.pid";

/// A running engine without networks.
pub struct DockerEngine {
    dir: TempDir,
    name: String,
    daemon: Option<Child>,
}

impl DockerEngine {
    /// Starts an engine and copies `image` from the environment's engine into it. Returns `None` without root.
    pub async fn start(image: &str) -> Result<Option<Self>> {
        if std::fs::metadata("/proc/self")?.uid() != 0 {
            eprintln!("skipped: a private Docker Engine needs root");
            return Ok(None);
        }
        let dir = tempfile::Builder::new().prefix("docker-").tempdir()?;
        let mut engine = Self { dir, name: names::new_name(), daemon: None };
        engine.up().await?;
        engine.copy(image)?;
        Ok(Some(engine))
    }

    pub fn socket(&self) -> String {
        format!("unix://{}", self.file("socket").display())
    }

    /// Starts the daemon and waits until it responds.
    pub async fn up(&mut self) -> Result<()> {
        for left in ["socket", "pid", CONTAINERD_PID] {
            let _ = std::fs::remove_file(self.file(left));
        }
        self.daemon = Some(self.spawn()?);
        let responds = || async { self.docker(&["version"]).map(Some).map(|result| result.map(drop)) };
        match eventually("the engine responds", START_TIMEOUT, responds).await {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(std::fs::read_to_string(self.file("log")).unwrap_or_default())),
        }
    }

    /// Kills the daemon like the OOM killer does. Kills its containerd too: dockerd would take a zombie containerd for a
    /// running one at the next start.
    pub fn kill9(&mut self) -> Result<()> {
        let Some(mut daemon) = self.daemon.take() else { return Ok(()) };
        daemon.kill()?;
        daemon.wait()?;
        let containerd = std::fs::read_to_string(self.file(CONTAINERD_PID)).unwrap_or_default();
        if let Ok(pid) = containerd.trim().parse() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        Ok(())
    }

    /// Ids of all containers, running or stopped.
    pub fn containers(&self) -> Result<Vec<String>> {
        Ok(self.docker(&["ps", "-aq"])?.lines().map(str::to_owned).collect())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn spawn(&self) -> Result<Child> {
        let log = File::options().create(true).append(true).open(self.file("log"))?;
        let mut command = Command::new("dockerd");
        command.arg("--host").arg(self.socket());
        for (option, name) in [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")] {
            command.arg(option).arg(self.file(name));
        }
        command.args(["--bridge", "none", "--iptables=false", "--ip-masq=false", "--ip-forward=false"]);
        command.args(["--containerd-namespace", &self.name, "--log-level", "warn"]);
        command.env(names::LAB_VARIABLE, &self.name).current_dir("/").process_group(0);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        command.spawn().context("dockerd")
    }

    fn copy(&self, image: &str) -> Result<()> {
        let mut save = Command::new("docker").args(["save", image]).stdout(Stdio::piped()).spawn()?;
        let archive = save.stdout.take().context("the image")?;
        let load =
            Command::new("docker").env("DOCKER_HOST", self.socket()).arg("load").stdin(archive).output()?;
        ensure!(save.wait()?.success(), "docker save {image}");
        ensure!(load.status.success(), "docker load: {}", String::from_utf8_lossy(&load.stderr));
        Ok(())
    }

    fn docker(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("docker").env("DOCKER_HOST", self.socket()).args(arguments).output()?;
        ensure!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Removes all containers and stops the daemon.
    fn end(&mut self) {
        let Some(mut daemon) = self.daemon.take() else { return };
        if let Ok(left) = self.containers() {
            let _ =
                self.docker(&[&["rm", "-f"], &*left.iter().map(String::as_str).collect::<Vec<_>>()].concat());
        }
        let _ = kill(Pid::from_raw(daemon.id() as i32), Signal::SIGTERM);
        let began = std::time::Instant::now();
        while matches!(daemon.try_wait(), Ok(None)) && began.elapsed() < STOP_TIMEOUT {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = daemon.kill();
        let _ = daemon.wait();
    }
}

impl Drop for DockerEngine {
    fn drop(&mut self) {
        self.end();
        for process in names::processes_of(&self.name) {
            let _ = kill(process, Signal::SIGKILL);
        }
        // Mounts that a killed daemon left behind.
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let ours = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for place in ours.filter(|place| std::path::Path::new(place).starts_with(self.dir.path())) {
            let _ = Command::new("umount").arg("-l").arg(place).status();
        }
    }
}
