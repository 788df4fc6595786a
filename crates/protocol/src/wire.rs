//! The messages between coordinators and workers over the broker: MessagePack with named fields, so that a field can be
//! added without breaking a receiver that does not know it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    CoordinatorId, JobId, ProjectId, WorkerId,
    event::{Progress, Stream},
    index::IndexReport,
    job::{Artifact, JobClass, JobKind, JobSpec, Pool},
    session::{FileChange, ProjectChange},
    spec::TerminalSize,
    verdict::{Usage, Verdict},
};

/// A body that is not the message it should be.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("could not encode a message: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    #[error("could not decode a message: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, WireError> {
    Ok(rmp_serde::to_vec_named(message)?)
}

pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, WireError> {
    Ok(rmp_serde::from_slice(body)?)
}

/// In `jobs.<kind>.<class>`: there is a job to claim. Nothing more: PostgreSQL has the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobReady {
    pub job_id: JobId,
    pub kind: JobKind,
    pub class: JobClass,
}

/// Worker → any coordinator: may I run these? Many at once, to save round trips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    pub worker_id: WorkerId,
    pub claims: Vec<Claim>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub job_id: JobId,
    /// Identifies the request: repeated with the same id (the answer was lost), it gets the same answer.
    pub claim_id: Uuid,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimReply {
    /// One for each claim.
    pub answers: Vec<ClaimAnswer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimAnswer {
    pub job_id: JobId,
    /// `None`: refused (taken, ended, cancelled or unknown); the worker acknowledges the message.
    pub grant: Option<Grant>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The fencing token: every event and heartbeat of this run carries it.
    pub attempt: i32,
    pub project_id: ProjectId,
    pub spec: JobSpec,
}

/// Worker → coordinators, every second, from a thread of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub worker_id: WorkerId,
    pub name: String,
    pub version: String,
    pub slots: u32,
    pub busy: u32,
    pub draining: bool,
    pub started_at: DateTime<Utc>,
    pub running: Vec<Running>,
    /// The last [`Control::Ping`] that went through the loop that also takes jobs: proof that it consumes.
    pub echo: u64,
    /// Counts up while the runtime that runs jobs runs; 0 from older workers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub progress: u64,
    /// Extra concurrency for no-op jobs (load tests); 0 elsewhere.
    #[serde(default)]
    pub noop_slots: u32,
    /// Slots by the name of their pool. Absent from older workers: see [`Heartbeat::pools`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capacity: BTreeMap<String, PoolCapacity>,
    /// What the worker can do. Absent from older workers: see [`Heartbeat::kinds`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Offers>,
    /// It drains because it was asked to by [`Control::Pause`], and not because it shuts down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

/// Coordinator → itself, every second, by the way of heartbeats: a coordinator that has recorded one knows that every
/// heartbeat sent before it has been recorded as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beacon {
    /// Known to the sender alone, so that no worker can send one.
    pub token: Uuid,
    /// When it was sent, on the sender's own clock.
    pub sent_ms: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Slots of one pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCapacity {
    /// 0 while what the pool needs is missing, such as the container engine.
    pub total: u32,
    pub free: u32,
}

/// What a worker can do. Kinds and pools are names, so that an older coordinator reads a newer worker's heartbeat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    pub kinds: Vec<String>,
    /// Names of the runtimes it has; `None`: not reported, and assumed to be all.
    #[serde(default)]
    pub runtimes: Option<Vec<String>>,
    #[serde(default)]
    pub memory_mb: u64,
    #[serde(default)]
    pub gpus: u32,
}

impl Heartbeat {
    /// Slots by pool; those of an older worker from the two numbers that it sends.
    pub fn pools(&self) -> BTreeMap<String, PoolCapacity> {
        if !self.capacity.is_empty() {
            return self.capacity.clone();
        }
        let pool = |pool: Pool, total, free| (pool.to_string(), PoolCapacity { total, free });
        let free = self.slots.saturating_sub(self.busy);
        [pool(Pool::Sandbox, self.slots, free), pool(Pool::Noop, self.noop_slots, self.noop_slots)].into()
    }

    /// Names of the kinds that the worker takes.
    pub fn kinds(&self) -> Vec<String> {
        match &self.offers {
            Some(offers) => offers.kinds.clone(),
            None => JobKind::OF_OLDER_WORKERS.iter().map(ToString::to_string).collect(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Running {
    pub job_id: JobId,
    pub attempt: i32,
}

/// Coordinator → one worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    Ping {
        n: u64,
    },
    /// Kill it and report `cancelled`.
    Cancel {
        job_id: JobId,
        attempt: i32,
    },
    /// The lease is gone and another attempt may run: kill it and report nothing.
    Abandon {
        job_id: JobId,
        attempt: i32,
    },
    /// Take no more jobs, or take some again; repeated until a heartbeat says so.
    Pause {
        paused: bool,
    },
    /// Input for a running program: sent to the worker's service `input` over a stream, because it is answered (with
    /// [`InputReply`]), and a worker may not answer through the broker's default exchange.
    Input {
        job_id: JobId,
        attempt: i32,
        input: InputPiece,
    },
}

/// A part of a program's live input, from one of those who type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPiece {
    /// Who types: offsets count the bytes of each source alone.
    #[serde(default)]
    pub source: String,
    /// How many bytes the source sent before; `None`: follow whatever came before.
    #[serde(default)]
    pub offset: Option<u64>,
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
    /// Nothing follows.
    #[serde(default)]
    pub end: bool,
    #[serde(default)]
    pub terminal: Option<TerminalSize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputReply {
    /// The source's next offset. Smaller than what was sent: there is no room for the rest now.
    Taken { offset: u64 },
    /// The program takes no input, or no more.
    Closed,
    /// That attempt does not run here.
    Unknown,
}

/// Worker → the event router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventBatch {
    pub worker_id: WorkerId,
    pub events: Vec<WorkerEvent>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerEvent {
    pub job_id: JobId,
    pub attempt: i32,
    /// 1, 2, 3… within the attempt; a message that comes twice is known by it.
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub body: EventBody,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// The user's process has started.
    Started,
    Output {
        stream: Stream,
        offset: u64,
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    Progress(Progress),
    /// An index, or a usable part of it, is in object storage: searches use it from now on.
    Indexed(IndexReport),
    /// The index that the job should begin with can't be used: it must be built anew, from all files.
    IndexUnusable {
        manifest: String,
        why: String,
    },
    /// Nothing comes after it.
    Finished(Outcome),
    /// The worker drains and could not finish: run it elsewhere.
    HandedBack,
    /// The worker could not run it, or not to its end: its engine, its disk or object storage failed. Run it again a
    /// little later, but not for ever.
    Unable {
        because: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub verdict: Verdict,
    pub usage: Usage,
    /// Already in object storage; visible only by this event's commit.
    pub artifacts: Vec<Artifact>,
}

/// Coordinator → all coordinators: there is something new to read in PostgreSQL about this job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobChanged {
    pub job_id: JobId,
    pub project_id: ProjectId,
    /// The state changed (not only output).
    pub state: bool,
}

/// Coordinator → all coordinators, over `live`: changes that sessions and readers are notified of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveMessage {
    /// The sender, which has notified its own sessions and readers already.
    pub from: CoordinatorId,
    #[serde(rename = "news")]
    pub notifications: Vec<Notification>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // one at a time, on its way to the wire
pub enum Notification {
    Job(JobChanged),
    File {
        project_id: ProjectId,
        change: FileChange,
    },
    Project {
        project_id: ProjectId,
        change: ProjectChange,
    },
    /// Some notifications were lost: read everything again.
    Lost,
}
