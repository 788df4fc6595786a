//! Sandboxes for strangers' code. A [`Sandbox`] creates them; an [`AgentConnection`] is one in use, for one job, destroyed
//! afterwards.
//!
//! A pool of warm sandboxes can be added as another [`Sandbox`] that wraps this one, without a change to its users.

mod agent_connection;
pub mod docker;
pub mod gc;
#[cfg(test)]
pub mod local;

use std::collections::BTreeSet;

use async_trait::async_trait;
use engunity_agent::message::{Failure, FailureKind};
use engunity_protocol::{JobId, ProjectId, WorkerId, spec::Limits};
use tokio::sync::watch;

pub use agent_connection::{AgentConnection, ArtifactFile, Event};

/// The owner of a sandbox and its limits.
#[derive(Debug, Clone)]
pub struct SandboxSpec {
    pub image: String,
    pub limits: Limits,
    pub job_id: JobId,
    pub attempt: i32,
    pub project_id: ProjectId,
    pub worker_id: WorkerId,
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the image {0} is not on this host")]
    ImageMissing(String),
    /// The container engine does not respond or failed: another worker may succeed.
    #[error("no sandbox could be created: {0}")]
    Unavailable(String),
    /// It ended without a report: destroyed through the engine, or killed by the kernel for memory.
    #[error("the sandbox ended without a report")]
    Gone,
    #[error("{}", .0.message)]
    Failed(Failure),
    /// The engine refuses this specification; every worker's engine would.
    #[error("the container engine rejected the sandbox: {0}")]
    Rejected(String),
    /// The agent broke the protocol.
    #[error("the sandbox agent broke the protocol: {0}")]
    Protocol(String),
}

impl SandboxError {
    pub fn protocol(what: impl std::fmt::Display) -> Self {
        Self::Protocol(what.to_string())
    }

    /// Whether the project does not fit into the sandbox.
    pub fn is_disk(&self) -> bool {
        matches!(self, Self::Failed(Failure { kind: FailureKind::Disk, .. }))
    }
}

/// Whether this worker runs the job with that id.
pub type IsActiveJob = dyn Fn(&str) -> bool + Send + Sync;

#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Creates a sandbox and waits for its agent.
    async fn open(&self, spec: &SandboxSpec) -> Result<AgentConnection, SandboxError>;

    /// Whether sandboxes can be created now; changes are published.
    fn ready(&self) -> watch::Receiver<bool>;

    /// The images on this host, by name and tag; `None` while the engine does not say.
    async fn images(&self) -> Option<BTreeSet<String>>;

    /// Asks the engine for a response now. Tells a dead engine from a sandbox that died alone.
    async fn is_responding(&self) -> bool;

    /// Destroys sandboxes without an owner: those of `worker` whose job is not active, and expired ones of any worker.
    async fn gc(&self, worker: &WorkerId, is_active: &IsActiveJob);
}

/// Destroys a sandbox from outside.
#[async_trait]
pub trait SandboxHandle: Send + Sync {
    /// Kills its processes and removes it. Idempotent.
    async fn destroy(&self);
}
