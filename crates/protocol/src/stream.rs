//! Streams between a coordinator and a worker: unrecorded bytes in both directions, with offsets and credit. The messages
//! are MessagePack, like those of [`crate::wire`].
//!
//! Each direction of a stream numbers its bytes from 0. The end of a direction counts as one more, so that it is
//! acknowledged like a byte. A frame may arrive twice or never: offsets tell.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CoordinatorId, WorkerId};

/// Names a stream. Random throughout, because a peer that knows the id can write to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(pub Uuid);

impl StreamId {
    /// Returns a new random id (UUID version 4).
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

/// An end of streams.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamPeer {
    Coordinator(CoordinatorId),
    Worker(WorkerId),
}

/// Frames of one sender for one receiver, of any number of streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamMessage {
    pub from: StreamPeer,
    pub frames: Vec<StreamFrame>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFrame {
    pub stream: StreamId,
    pub body: FrameBody,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameBody {
    /// Coordinator → worker: starts a stream, with its first bytes. Repeated until the worker sends credit.
    Open {
        /// The name of a service of the worker.
        service: String,
        #[serde(with = "serde_bytes")]
        params: Vec<u8>,
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
        end: bool,
    },
    Data {
        /// The offset of the first byte.
        offset: u64,
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
        /// The direction ends after these bytes.
        end: bool,
    },
    /// Acknowledges and grants credit. Also sent periodically, as a sign of life.
    Credit {
        /// The sender has everything before this offset.
        received: u64,
        /// The sender accepts bytes before this offset.
        limit: u64,
        /// Bytes were lost: send again from `received`.
        resend: bool,
    },
    /// Ends both directions at once. Never answered.
    Reset { reason: ResetReason, detail: String },
}

/// Why a stream ended before both directions did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// The user of the stream dropped it.
    Cancelled,
    /// The service failed.
    Failed,
    /// The worker has no service with that name.
    UnknownService,
    /// The receiver does not know the stream: it restarted, or forgot a stream that had ended.
    UnknownStream,
    /// Too many streams are open.
    TooManyStreams,
    /// The worker did not answer before the deadline for opening.
    OpenTimeout,
    /// The peer was silent for too long.
    PeerLost,
    /// The peer exceeded its credit or contradicted itself.
    ProtocolError,
    /// The process is shutting down.
    Shutdown,
}
