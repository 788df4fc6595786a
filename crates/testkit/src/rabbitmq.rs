//! A private RabbitMQ node for tests that restart the broker.

use std::{
    fs::File,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::os::unix::process::CommandExt;
use tempfile::TempDir;

use crate::{eventually, names};

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// A running broker with a management API; user and password are `lab`.
pub struct RabbitMq {
    dir: TempDir,
    name: String,
    ports: Ports,
    epmd: Child,
    server: Option<Child>,
}

struct Ports {
    amqp: u16,
    management: u16,
    distribution: u16,
    epmd: u16,
}

impl RabbitMq {
    pub async fn start() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("rabbitmq-").tempdir()?;
        let ports = Ports {
            amqp: free_port()?,
            management: free_port()?,
            distribution: free_port()?,
            epmd: free_port()?,
        };
        std::fs::write(dir.path().join("rabbitmq.conf"), configuration(&ports))?;
        std::fs::write(dir.path().join("enabled_plugins"), "[rabbitmq_management].\n")?;
        let name = names::new_name();
        let epmd = spawn(
            Command::new("epmd").args(["-address", "127.0.0.1", "-port", &ports.epmd.to_string()]),
            &name,
            dir.path(),
        )?;
        let mut node = Self { dir, name, ports, epmd, server: None };
        node.up().await?;
        Ok(node)
    }

    pub fn url(&self) -> String {
        format!("amqp://lab:lab@127.0.0.1:{}/%2f", self.ports.amqp)
    }

    pub fn management_url(&self) -> String {
        format!("http://lab:lab@127.0.0.1:{}", self.ports.management)
    }

    /// Starts the server and waits until it is healthy.
    pub async fn up(&mut self) -> Result<()> {
        self.server = Some(self.spawn_server()?);
        let health = format!("{}/api/health/checks/virtual-hosts", self.management_url());
        eventually("the broker is up", START_TIMEOUT, || async {
            Ok(reqwest::get(&health).await?.status().is_success().then_some(()))
        })
        .await
    }

    /// Raises or clears an alarm: the node says that it is short of memory.
    pub fn alarm(&self, raised: bool) -> Result<()> {
        let watermark = if raised { "0.000001" } else { "0.9" };
        let mut command = Command::new(CONTROL);
        command.env("HOME", self.dir.path()).env("ERL_EPMD_PORT", self.ports.epmd.to_string());
        command.args(["-n", &self.node(), "set_vm_memory_high_watermark", watermark]);
        let output = command.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn node(&self) -> String {
        format!("lab{}@localhost", self.ports.amqp)
    }

    /// Kills the server without a shutdown, like a power failure.
    pub fn kill9(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        killpg(Pid::from_raw(server.id() as i32), Signal::SIGKILL)?;
        server.wait().map(drop).map_err(Into::into)
    }

    fn spawn_server(&self) -> Result<Child> {
        let dir = self.dir.path();
        let node = self.node();
        let loopback = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none";
        let mut command = Command::new(SERVER);
        command.env("RABBITMQ_NODENAME", node).env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", loopback);
        command.env("RABBITMQ_DIST_PORT", self.ports.distribution.to_string());
        command.env("ERL_EPMD_PORT", self.ports.epmd.to_string()).env("ERL_CRASH_DUMP", "/dev/null");
        for (name, file) in FILES {
            command.env(name, dir.join(file));
        }
        spawn(&mut command, &self.name, dir)
    }
}

const FILES: [(&str, &str); 8] = [
    ("HOME", ""),
    ("RABBITMQ_MNESIA_BASE", "mnesia"),
    ("RABBITMQ_LOG_BASE", "log"),
    ("RABBITMQ_PID_FILE", "pid"),
    ("RABBITMQ_CONFIG_FILE", "rabbitmq.conf"),
    ("RABBITMQ_ENABLED_PLUGINS_FILE", "enabled_plugins"),
    ("RABBITMQ_CONF_ENV_FILE", "no-environment"),
    ("RABBITMQ_ADVANCED_CONFIG_FILE", "advanced.config"),
];

impl Drop for RabbitMq {
    fn drop(&mut self) {
        let _ = self.kill9();
        let _ = self.epmd.kill();
        let _ = self.epmd.wait();
    }
}

fn configuration(ports: &Ports) -> String {
    format!(
        "listeners.tcp.1 = 127.0.0.1:{}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {}\n\
         default_user = lab\ndefault_pass = lab\ndefault_user_tags.administrator = true\n\
         log.console = true\nlog.console.level = warning\nlog.file = false\n",
        ports.amqp, ports.management
    )
}

/// Starts a process group, because the server's script starts other processes.
fn spawn(command: &mut Command, mark: &str, dir: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(dir.join("node.log"))?;
    command.env(names::LAB_VARIABLE, mark).current_dir("/").process_group(0);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().with_context(|| format!("{:?}", command.get_program()))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
