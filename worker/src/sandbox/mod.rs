//! Where strangers' code runs. [`Sandbox`] makes sandboxes, a [`Session`] is one in use: for one job, then destroyed.
//!
//! The seam for faster ones: a pool of started sandboxes is another [`Sandbox`] around this one; nobody else notices.

mod agent_connection;
pub mod docker;
pub mod gc;
#[cfg(test)]
pub mod local;

use async_trait::async_trait;
use engunity_agent::message::{Failure, FailureKind};
use engunity_protocol::{JobId, ProjectId, WorkerId, spec::Limits};
use tokio::sync::watch;

pub use agent_connection::{ArtifactFile, Event, Session};

/// What a sandbox is for, and what it may use.
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
    /// The engine can't be reached, or could not do it now: another worker may.
    #[error("no sandbox can be made: {0}")]
    Unavailable(String),
    /// It ended without a word: killed from outside, or by the kernel for memory.
    #[error("the sandbox ended without a report")]
    Gone,
    #[error("{}", .0.message)]
    Failed(Failure),
    /// It said, or was asked for, something that makes no sense.
    #[error("the sandbox makes no sense: {0}")]
    Nonsense(String),
}

impl SandboxError {
    pub fn nonsense(what: impl std::fmt::Display) -> Self {
        Self::Nonsense(what.to_string())
    }

    /// The project does not fit.
    pub fn is_disk(&self) -> bool {
        matches!(self, Self::Failed(Failure { kind: FailureKind::Disk, .. }))
    }
}

/// Whether the job of that id runs here.
pub type IsOurs = dyn Fn(&str) -> bool + Send + Sync;

#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Makes a sandbox that is ready for its work.
    async fn open(&self, spec: &SandboxSpec) -> Result<Session, SandboxError>;

    /// Whether sandboxes can be made at the moment.
    fn ready(&self) -> watch::Receiver<bool>;

    /// Whether the engine answers now: where a sandbox ended without a report, was it the engine that ended?
    async fn answers(&self) -> bool;

    /// Destroys what belongs to nobody.
    async fn sweep(&self, worker: &WorkerId, is_ours: &IsOurs);
}

/// The means to end a sandbox from outside.
#[async_trait]
pub trait Enclosure: Send + Sync {
    /// Kills everything in it and removes it; again is fine.
    async fn destroy(&self);
}
