//! Docker: the only file that knows bollard. A sandbox is a container without network, capabilities, new privileges,
//! writable image, swap or logs, with a memory file system for the project and one for `/tmp`, and our agent as PID 1.
//!
//! The engine is told of the connection's end (`stdin_once`): when this worker dies, the agent's input ends, and with it
//! the container. What that misses, [`DockerSandbox::sweep`] finds by its labels.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use async_trait::async_trait;
use bollard::{
    API_DEFAULT_VERSION, Docker,
    container::{AttachContainerResults, LogOutput},
    errors::Error,
    models::{ContainerCreateBody, ContainerSummary, HostConfig, HostConfigLogConfig, ResourcesUlimits},
    query_parameters::{
        AttachContainerOptions, CreateContainerOptions, ListContainersOptions, RemoveContainerOptions,
        StartContainerOptions,
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

use super::{Enclosure, IsOurs, Sandbox, SandboxError, SandboxSpec, Session};

const AGENT: &str = "/engunity-agent";
/// The user that strangers' code runs as, known to no host.
const UID: u32 = 65532;
const REQUEST_SECONDS: u64 = 30;
const MIB: u64 = 1024 * 1024;
const OPEN_FILES: i64 = 4096;
const INODES_PER_MIB: u64 = 256;
const SHM_BYTES: i64 = 16 * MIB as i64;
/// The agent's own process.
const AGENT_PIDS: u64 = 1;
/// Among all processes of the host the kernel takes these first.
const OOM_SCORE: i64 = 500;
/// A container that was made and not started by then belongs to a worker that died in between.
const STARTED_BY: i64 = 20;
/// Nothing a job does beside running takes longer.
const BESIDE_RUNNING: i64 = 900;
const PING: Duration = Duration::from_secs(1);
/// An engine that takes longer to answer a ping is not well.
const ANSWER: Duration = Duration::from_secs(5);

const LABEL_JOB: &str = "engunity.job";
const LABEL_PROJECT: &str = "engunity.project";
const LABEL_WORKER: &str = "engunity.worker";
const LABEL_ATTEMPT: &str = "engunity.attempt";
/// Unix time after which it can't belong to anyone.
const LABEL_EXPIRES: &str = "engunity.expires";

pub struct DockerSandbox {
    docker: Docker,
    /// More can't be asked for.
    cpus: f64,
    ready: watch::Sender<bool>,
}

impl DockerSandbox {
    /// Connects, waiting until the engine answers.
    pub async fn connect(socket: &str) -> anyhow::Result<Arc<Self>> {
        let path = socket.strip_prefix("unix://").unwrap_or(socket);
        let docker = Docker::connect_with_unix(path, REQUEST_SECONDS, API_DEFAULT_VERSION)?;
        let (docker, cpus) = wait_for_engine(docker, socket).await;
        let sandbox = Arc::new(Self { docker, cpus, ready: watch::Sender::new(true) });
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
            // It would be refused everywhere.
            Error::DockerResponseServerError { status_code: 400, message } => SandboxError::Nonsense(message),
            other => self.unavailable(other),
        })
    }

    /// Connects before the start, so that no byte of a fast program is lost.
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
            hostname: Some("sandbox".into()),
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
        HostConfig {
            network_mode: Some("none".into()),
            cap_drop: Some(vec!["ALL".into()]),
            security_opt: Some(vec!["no-new-privileges:true".into()]),
            privileged: Some(false),
            readonly_rootfs: Some(true),
            tmpfs: Some(tmpfs(limits.disk_mb)),
            shm_size: Some(SHM_BYTES),
            memory,
            memory_swap: memory,
            nano_cpus: Some((limits.cpu.min(self.cpus) * 1e9) as i64),
            pids_limit: Some((limits.pids + AGENT_PIDS) as i64),
            ulimits: Some(ulimits(limits.disk_mb)),
            oom_score_adj: Some(OOM_SCORE),
            log_config: Some(HostConfigLogConfig { typ: Some("none".into()), config: None }),
            init: Some(false),
            auto_remove: Some(true),
            ..Default::default()
        }
    }

    /// Notes that the engine may be away; the watcher finds out when it is back.
    fn unavailable(&self, error: Error) -> SandboxError {
        if !matches!(error, Error::DockerResponseServerError { .. }) {
            self.ready.send_replace(false);
        }
        SandboxError::Unavailable(error.to_string())
    }

    async fn orphans(&self, worker: &WorkerId, is_ours: &IsOurs) -> Vec<String> {
        let filters = HashMap::from([("label".to_owned(), vec![LABEL_JOB.to_owned()])]);
        let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
        let containers = self.docker.list_containers(Some(options)).await.unwrap_or_default();
        let now = Utc::now().timestamp();
        let orphans = containers.into_iter().filter(|container| is_orphan(container, worker, is_ours, now));
        orphans.filter_map(|container| container.id).collect()
    }
}

#[async_trait]
impl Sandbox for DockerSandbox {
    async fn open(&self, spec: &SandboxSpec) -> Result<Session, SandboxError> {
        let id = self.create(spec).await?;
        let container = Arc::new(Container { docker: self.docker.clone(), id });
        let guard = Guard(Some(container.clone()));
        let attached = self.attach_and_start(&container.id).await.map_err(|error| self.unavailable(error))?;
        let output =
            StreamReader::new(attached.output.filter_map(|chunk| std::future::ready(agents_words(chunk))));
        let session = Session::begin(attached.input, Box::pin(output), container).await?;
        guard.defuse();
        Ok(session)
    }

    fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    async fn answers(&self) -> bool {
        let answers = matches!(timeout(ANSWER, self.docker.ping()).await, Ok(Ok(_)));
        if !answers {
            self.ready.send_replace(false);
        }
        answers
    }

    async fn sweep(&self, worker: &WorkerId, is_ours: &IsOurs) {
        for id in self.orphans(worker, is_ours).await {
            tracing::info!(container = id, "removing a sandbox that belongs to nobody");
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
impl Enclosure for Container {
    async fn destroy(&self) {
        let options = RemoveContainerOptions { force: true, ..Default::default() };
        for _ in 0..5 {
            match self.docker.remove_container(&self.id, Some(options.clone())).await {
                // Gone, or going: it removes itself too.
                Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => return,
                Err(error) => {
                    tracing::warn!(container = self.id, %error, "a sandbox could not be removed; trying again")
                }
            }
            sleep(PING).await;
        }
    }
}

/// Destroys a container that did not become a session.
struct Guard(Option<Arc<Container>>);

impl Guard {
    fn defuse(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(container) = self.0.take() {
            tokio::spawn(async move { container.destroy().await });
        }
    }
}

/// The agent's frames; what it says on its standard error is for the log.
fn agents_words(chunk: Result<LogOutput, Error>) -> Option<io::Result<Bytes>> {
    match chunk {
        Ok(LogOutput::StdOut { message }) => Some(Ok(message)),
        Ok(LogOutput::StdErr { message }) => {
            tracing::warn!(text = %String::from_utf8_lossy(&message).trim_end(), "the agent complains");
            None
        }
        Ok(_) => None,
        Err(error) => Some(Err(io::Error::other(error))),
    }
}

fn labels(spec: &SandboxSpec) -> HashMap<String, String> {
    let expires = Utc::now().timestamp() + spec.limits.wall_s.ceil() as i64 + BESIDE_RUNNING;
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

/// The only places that can be written to; programs may be compiled and run there.
fn tmpfs(disk_mb: u64) -> HashMap<String, String> {
    let options = |mode: &str| {
        let inodes = disk_mb * INODES_PER_MIB;
        format!("rw,exec,nosuid,nodev,size={disk_mb}m,nr_inodes={inodes},mode={mode},uid={UID},gid={UID}")
    };
    HashMap::from([("/workspace".to_owned(), options("0755")), ("/tmp".to_owned(), options("1777"))])
}

fn ulimits(disk_mb: u64) -> Vec<ResourcesUlimits> {
    let limit = |name: &str, value: i64| ResourcesUlimits {
        name: Some(name.into()),
        soft: Some(value),
        hard: Some(value),
    };
    vec![limit("nofile", OPEN_FILES), limit("core", 0), limit("fsize", (disk_mb * MIB) as i64)]
}

/// A sandbox of ours without its job; or anyone's that was never started, or that has outlived every deadline. (A
/// sandbox whose worker died ends by itself when its input ends.)
fn is_orphan(container: &ContainerSummary, worker: &WorkerId, is_ours: &IsOurs, now: i64) -> bool {
    let label =
        |name: &str| container.labels.as_ref().and_then(|labels| labels.get(name)).map_or("", String::as_str);
    if label(LABEL_WORKER) == worker.0 {
        return !is_ours(label(LABEL_JOB));
    }
    let running = container.state.is_some_and(|state| state.as_ref() == "running");
    let age = now - container.created.unwrap_or(now);
    let expired = label(LABEL_EXPIRES).parse::<i64>().is_ok_and(|expires| expires < now);
    expired || (!running && age > STARTED_BY)
}

async fn wait_for_engine(docker: Docker, socket: &str) -> (Docker, f64) {
    let mut complained = false;
    loop {
        match connected(docker.clone()).await {
            Ok(found) => return found,
            Err(error) if !complained => {
                tracing::warn!(socket, %error, "waiting for the container engine");
                complained = true;
            }
            Err(_) => {}
        }
        sleep(PING).await;
    }
}

async fn connected(docker: Docker) -> Result<(Docker, f64), Error> {
    let docker = docker.negotiate_version().await?;
    let cpus = docker.info().await?.ncpu.unwrap_or(1);
    Ok((docker, cpus as f64))
}

/// While the engine is away, asks each second whether it is back.
async fn watch_engine(sandbox: std::sync::Weak<DockerSandbox>) {
    loop {
        sleep(PING).await;
        let Some(sandbox) = sandbox.upgrade() else { return };
        let before = *sandbox.ready.borrow();
        let now = sandbox.docker.ping().await.is_ok();
        if before != now {
            tracing::warn!(ready = now, "the container engine changed its mind");
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
    fn only_what_belongs_to_nobody_is_an_orphan() {
        let me = WorkerId("me".into());
        let judge = |container, ours: bool| is_orphan(&container, &me, &move |_: &str| ours, 1000);
        assert!(!judge(container("me", State::RUNNING, 5, 2000), true));
        assert!(judge(container("me", State::RUNNING, 5, 2000), false));
        assert!(!judge(container("you", State::RUNNING, 500, 2000), false));
        assert!(judge(container("you", State::RUNNING, 500, 999), false));
        assert!(!judge(container("you", State::CREATED, 5, 2000), false));
        assert!(judge(container("you", State::CREATED, 21, 2000), false));
    }
}
