//! Docker: the only file that uses bollard. A sandbox is a container without network, capabilities, new privileges,
//! writable image, swap or logs. It has a tmpfs for the project and one for `/tmp`, and our agent as PID 1.
//!
//! The engine closes the agent's stdin when the connection ends (`stdin_once`): when this worker dies, the agent ends, and
//! the container with it. What that misses, [`DockerSandbox::gc`] finds by labels.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bollard::{
    API_DEFAULT_VERSION, Docker,
    container::{AttachContainerResults, LogOutput},
    errors::Error,
    models::{ContainerCreateBody, ContainerSummary, HostConfig, HostConfigLogConfig, ResourcesUlimits},
    query_parameters::{
        AttachContainerOptions, CreateContainerOptions, ListContainersOptions, ListImagesOptions,
        RemoveContainerOptions, StartContainerOptions,
    },
};
use bytes::Bytes;
use chrono::Utc;
use engunity_protocol::WorkerId;
use futures::StreamExt;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::io::StreamReader;

use super::{AgentConnection, IsActiveJob, Sandbox, SandboxError, SandboxHandle, SandboxSpec};

const AGENT: &str = "/engunity-agent";
const HOST_NAME: &str = "sandbox";
const DISABLE_IPV6: &str = "disable_ipv6";
/// The user id of strangers' code; no host has this user.
const UID: u32 = 65532;
const REQUEST_TIMEOUT_S: u64 = 30;
const MIB: u64 = 1024 * 1024;
const OPEN_FILES: i64 = 4096;
const INODES_PER_MIB: u64 = 256;
/// The part of its memory that a program may use as shared memory: the default of Linux.
const SHM_SHARE: u64 = 2;
/// The process of the agent.
const AGENT_PIDS: u64 = 1;
/// Under memory pressure the kernel kills these processes first.
const OOM_SCORE_ADJ: i64 = 500;
/// A container that is older and not started was created by a worker that died.
const START_DEADLINE_S: i64 = 20;
/// The longest time a job needs in addition to its wall time.
const OVERHEAD_LIMIT_S: i64 = 900;
const PING_INTERVAL: Duration = Duration::from_secs(1);
/// An engine that takes longer to answer a ping counts as down.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

const LABEL_JOB: &str = "engunity.job";
const LABEL_PROJECT: &str = "engunity.project";
const LABEL_WORKER: &str = "engunity.worker";
const LABEL_ATTEMPT: &str = "engunity.attempt";
/// Unix time after which no run can own the container.
const LABEL_EXPIRES: &str = "engunity.expires";

pub struct DockerSandbox {
    docker: Docker,
    /// The number of processors of the host; Docker rejects higher limits.
    cpus: f64,
    ready: watch::Sender<bool>,
    /// Cleared when the engine can't give a container IPv6.
    has_ipv6: AtomicBool,
}

impl DockerSandbox {
    /// Connects and waits until the engine responds.
    pub async fn connect(socket: &str) -> anyhow::Result<Arc<Self>> {
        let path = socket.strip_prefix("unix://").unwrap_or(socket);
        let docker = Docker::connect_with_unix(path, REQUEST_TIMEOUT_S, API_DEFAULT_VERSION)?;
        let (docker, cpus) = wait_for_engine(docker, socket).await;
        let sandbox = Arc::new(Self {
            docker,
            cpus,
            ready: watch::Sender::new(true),
            has_ipv6: kernel_has_ipv6().into(),
        });
        tokio::spawn(watch_engine(Arc::downgrade(&sandbox)));
        Ok(sandbox)
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<String, SandboxError> {
        let name = Some(format!("engunity-{}-{}", spec.job_id, spec.attempt));
        let options = CreateContainerOptions { name, ..Default::default() };
        let created = self.docker.create_container(Some(options), self.body(spec)).await;
        created.map(|container| container.id).map_err(|error| match error {
            Error::DockerResponseServerError { status_code: 404, .. } => {
                SandboxError::ImageMissing(spec.image.clone())
            }
            // Every engine would reject it.
            Error::DockerResponseServerError { status_code: 400, message } => SandboxError::Rejected(message),
            other => self.unavailable(other),
        })
    }

    /// Attaches before the start, so that no byte of a fast program is lost.
    async fn attach_and_start(&self, id: &str) -> Result<AttachContainerResults, Error> {
        let options = AttachContainerOptions {
            stream: true,
            stdin: true,
            stdout: true,
            stderr: true,
            ..Default::default()
        };
        let attached = self.docker.attach_container(id, Some(options)).await?;
        self.docker.start_container(id, None::<StartContainerOptions>).await?;
        Ok(attached)
    }

    fn body(&self, spec: &SandboxSpec) -> ContainerCreateBody {
        ContainerCreateBody {
            image: Some(spec.image.clone()),
            entrypoint: Some(vec![AGENT.into()]),
            cmd: Some(Vec::new()),
            user: Some(format!("{UID}:{UID}")),
            working_dir: Some("/workspace".into()),
            hostname: Some(HOST_NAME.into()),
            labels: Some(labels(spec)),
            open_stdin: Some(true),
            stdin_once: Some(true),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(false),
            stop_signal: Some("SIGKILL".into()),
            host_config: Some(self.host_config(spec)),
            ..Default::default()
        }
    }

    fn host_config(&self, spec: &SandboxSpec) -> HostConfig {
        let limits = &spec.limits;
        let memory = Some((limits.memory_mb * MIB) as i64);
        let disk_mb = limits.disk_mb.min(limits.memory_mb);
        HostConfig {
            network_mode: Some("none".into()),
            extra_hosts: Some(vec![format!("{HOST_NAME}:127.0.0.1")]),
            sysctls: self.has_ipv6.load(Ordering::Relaxed).then(ipv6_loopback),
            cap_drop: Some(vec!["ALL".into()]),
            security_opt: Some(vec!["no-new-privileges:true".into()]),
            privileged: Some(false),
            readonly_rootfs: Some(true),
            tmpfs: Some(tmpfs(disk_mb)),
            shm_size: Some((limits.memory_mb * MIB / SHM_SHARE) as i64),
            memory,
            memory_swap: memory,
            nano_cpus: Some((limits.cpu.min(self.cpus) * 1e9) as i64),
            pids_limit: Some((limits.pids + AGENT_PIDS) as i64),
            ulimits: Some(ulimits()),
            oom_score_adj: Some(OOM_SCORE_ADJ),
            log_config: Some(HostConfigLogConfig { typ: Some("none".into()), config: None }),
            init: Some(false),
            auto_remove: Some(true),
            ..Default::default()
        }
    }

    /// Marks the engine as down; the watcher marks it as up again.
    fn unavailable(&self, error: Error) -> SandboxError {
        if error.to_string().contains(DISABLE_IPV6) && self.has_ipv6.swap(false, Ordering::Relaxed) {
            tracing::warn!(%error, "the engine has no IPv6: sandboxes get none from now on");
        }
        if !matches!(error, Error::DockerResponseServerError { .. }) {
            self.ready.send_replace(false);
        }
        SandboxError::Unavailable(error.to_string())
    }

    async fn orphans(&self, worker: &WorkerId, is_active: &IsActiveJob) -> Vec<String> {
        let filters = HashMap::from([("label".to_owned(), vec![LABEL_JOB.to_owned()])]);
        let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
        let containers = self.docker.list_containers(Some(options)).await.unwrap_or_default();
        let now = Utc::now().timestamp();
        let orphans = containers.into_iter().filter(|container| is_orphan(container, worker, is_active, now));
        orphans.filter_map(|container| container.id).collect()
    }
}

#[async_trait]
impl Sandbox for DockerSandbox {
    async fn open(&self, spec: &SandboxSpec) -> Result<AgentConnection, SandboxError> {
        let id = self.create(spec).await?;
        let container = Arc::new(Container { docker: self.docker.clone(), id });
        let guard = DestroyOnDrop(Some(container.clone()));
        let attached = self.attach_and_start(&container.id).await.map_err(|error| self.unavailable(error))?;
        let output =
            StreamReader::new(attached.output.filter_map(|chunk| std::future::ready(agent_stdout(chunk))));
        let agent = AgentConnection::open(attached.input, Box::pin(output), container).await?;
        guard.defuse();
        Ok(agent)
    }

    fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    async fn images(&self) -> Option<BTreeSet<String>> {
        let listed = timeout(PING_TIMEOUT, self.docker.list_images(None::<ListImagesOptions>)).await;
        let images = listed.ok()?.ok()?;
        Some(images.into_iter().flat_map(|image| image.repo_tags).collect())
    }

    async fn is_responding(&self) -> bool {
        let is_responding = matches!(timeout(PING_TIMEOUT, self.docker.ping()).await, Ok(Ok(_)));
        if !is_responding {
            self.ready.send_replace(false);
        }
        is_responding
    }

    async fn gc(&self, worker: &WorkerId, is_active: &IsActiveJob) {
        for id in self.orphans(worker, is_active).await {
            tracing::info!(container = id, "removing a sandbox without an owner");
            Container { docker: self.docker.clone(), id }.destroy().await;
        }
    }
}

/// One container.
struct Container {
    docker: Docker,
    id: String,
}

#[async_trait]
impl SandboxHandle for Container {
    async fn destroy(&self) {
        let options = RemoveContainerOptions { force: true, ..Default::default() };
        for _ in 0..5 {
            match self.docker.remove_container(&self.id, Some(options.clone())).await {
                // Already removed, or being removed: `auto_remove` is set.
                Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => return,
                Err(error) => {
                    tracing::warn!(container = self.id, %error, "a sandbox could not be removed; retrying")
                }
            }
            sleep(PING_INTERVAL).await;
        }
    }
}

/// Destroys a container whose agent never connected.
struct DestroyOnDrop(Option<Arc<Container>>);

impl DestroyOnDrop {
    fn defuse(mut self) {
        self.0 = None;
    }
}

impl Drop for DestroyOnDrop {
    fn drop(&mut self) {
        if let Some(container) = self.0.take() {
            tokio::spawn(async move { container.destroy().await });
        }
    }
}

/// Returns the agent's frames and logs its stderr.
fn agent_stdout(chunk: Result<LogOutput, Error>) -> Option<io::Result<Bytes>> {
    match chunk {
        Ok(LogOutput::StdOut { message }) => Some(Ok(message)),
        Ok(LogOutput::StdErr { message }) => {
            tracing::warn!(text = %String::from_utf8_lossy(&message).trim_end(), "the agent wrote to stderr");
            None
        }
        Ok(_) => None,
        Err(error) => Some(Err(io::Error::other(error))),
    }
}

fn labels(spec: &SandboxSpec) -> HashMap<String, String> {
    let expires = Utc::now().timestamp() + spec.limits.wall_s.ceil() as i64 + OVERHEAD_LIMIT_S;
    [
        (LABEL_JOB, spec.job_id.to_string()),
        (LABEL_PROJECT, spec.project_id.to_string()),
        (LABEL_WORKER, spec.worker_id.to_string()),
        (LABEL_ATTEMPT, spec.attempt.to_string()),
        (LABEL_EXPIRES, expires.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The only writable folders; programs may be compiled and run there.
fn tmpfs(disk_mb: u64) -> HashMap<String, String> {
    let options = |mode: &str| {
        let inodes = disk_mb * INODES_PER_MIB;
        format!("rw,exec,nosuid,nodev,size={disk_mb}m,nr_inodes={inodes},mode={mode},uid={UID},gid={UID}")
    };
    HashMap::from([("/workspace".to_owned(), options("0755")), ("/tmp".to_owned(), options("1777"))])
}

/// The size of files is limited by their file system alone: a full one is an error that programs know how to report.
fn ulimits() -> Vec<ResourcesUlimits> {
    let limit = |name: &str, value: i64| ResourcesUlimits {
        name: Some(name.into()),
        soft: Some(value),
        hard: Some(value),
    };
    vec![limit("nofile", OPEN_FILES), limit("core", 0)]
}

/// Without a network Docker turns IPv6 off, on the loopback interface too.
fn ipv6_loopback() -> HashMap<String, String> {
    ["all", "default", "lo"]
        .map(|name| (format!("net.ipv6.conf.{name}.{DISABLE_IPV6}"), "0".to_owned()))
        .into()
}

/// Whether the kernel, which containers share, has IPv6.
fn kernel_has_ipv6() -> bool {
    Path::new("/proc/net/if_inet6").exists()
}

/// Whether a container is without an owner: one of this worker without an active job, or one of any worker that was never
/// started or has expired. (A sandbox whose worker died ends by itself when its stdin ends.)
fn is_orphan(container: &ContainerSummary, worker: &WorkerId, is_active: &IsActiveJob, now: i64) -> bool {
    let label =
        |name: &str| container.labels.as_ref().and_then(|labels| labels.get(name)).map_or("", String::as_str);
    if label(LABEL_WORKER) == worker.0 {
        return !is_active(label(LABEL_JOB));
    }
    let running = container.state.is_some_and(|state| state.as_ref() == "running");
    let age = now - container.created.unwrap_or(now);
    let expired = label(LABEL_EXPIRES).parse::<i64>().is_ok_and(|expires| expires < now);
    expired || (!running && age > START_DEADLINE_S)
}

async fn wait_for_engine(docker: Docker, socket: &str) -> (Docker, f64) {
    let mut warned = false;
    loop {
        match connected(docker.clone()).await {
            Ok(found) => return found,
            Err(error) if !warned => {
                tracing::warn!(socket, %error, "waiting for the container engine");
                warned = true;
            }
            Err(_) => {}
        }
        sleep(PING_INTERVAL).await;
    }
}

async fn connected(docker: Docker) -> Result<(Docker, f64), Error> {
    let docker = docker.negotiate_version().await?;
    let cpus = docker.info().await?.ncpu.unwrap_or(1);
    Ok((docker, cpus as f64))
}

/// Pings the engine each second and publishes whether it responds.
async fn watch_engine(sandbox: std::sync::Weak<DockerSandbox>) {
    loop {
        sleep(PING_INTERVAL).await;
        let Some(sandbox) = sandbox.upgrade() else { return };
        let before = *sandbox.ready.borrow();
        let now = sandbox.docker.ping().await.is_ok();
        if before != now {
            tracing::warn!(ready = now, "the availability of the container engine changed");
            sandbox.ready.send_replace(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ContainerSummaryStateEnum as State;

    use super::*;

    fn container(worker: &str, state: State, age: i64, expires: i64) -> ContainerSummary {
        let labels = [
            (LABEL_WORKER, worker.to_owned()),
            (LABEL_JOB, "j".into()),
            (LABEL_EXPIRES, expires.to_string()),
        ];
        ContainerSummary {
            labels: Some(labels.map(|(name, value)| (name.to_owned(), value)).into()),
            state: Some(state),
            created: Some(1000 - age),
            ..Default::default()
        }
    }

    #[test]
    fn only_a_container_without_an_owner_is_an_orphan() {
        let me = WorkerId("me".into());
        let orphaned = |container, active: bool| is_orphan(&container, &me, &move |_: &str| active, 1000);
        assert!(!orphaned(container("me", State::RUNNING, 5, 2000), true));
        assert!(orphaned(container("me", State::RUNNING, 5, 2000), false));
        assert!(!orphaned(container("you", State::RUNNING, 500, 2000), false));
        assert!(orphaned(container("you", State::RUNNING, 500, 999), false));
        assert!(!orphaned(container("you", State::CREATED, 5, 2000), false));
        assert!(orphaned(container("you", State::CREATED, 21, 2000), false));
    }
}
