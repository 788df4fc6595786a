//! Messages between a session and the connections of its members, local or on another coordinator.

use std::sync::Arc;

use engunity_protocol::{
    ConnectionId, CoordinatorId, ProjectId, UserId,
    session::{Place, Presence, ServerMessage},
};
use serde::{Deserialize, Serialize};

/// A numbered message, serialized once for all who get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub seq: u64,
    pub json: Arc<str>,
}

impl Text {
    pub fn of(seq: u64, message: &ServerMessage) -> Self {
        Self { seq, json: to_json(message).into() }
    }
}

/// A message as its JSON.
pub fn to_json(message: &ServerMessage) -> String {
    serde_json::to_string(message).unwrap_or_else(|error| {
        tracing::error!(%error, "a session message can't be written");
        String::new()
    })
}

/// The last message that a returning connection received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    pub epoch: String,
    pub last_seq: u64,
}

/// The session's part of a `welcome`; the connection adds the jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    pub epoch: String,
    pub seq: u64,
    pub presence: Vec<Presence>,
    /// True: the client discards its state; false: `missed` follows.
    pub snapshot: bool,
    pub missed: Vec<Text>,
}

/// From a session to one of its connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Downstream {
    Welcome(Box<Welcome>),
    Text(Text),
    /// The session is full.
    Refused,
}

/// A connection that wants to take part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Joining {
    pub conn_id: ConnectionId,
    pub user_id: UserId,
    pub name: String,
    pub resume: Option<Resume>,
}

/// Between coordinators, over `coordinators`. The broker may lose one: numbers show it, and joining again heals it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Relay {
    Join {
        project_id: ProjectId,
        holder: CoordinatorId,
        joining: Joining,
    },
    Place {
        project_id: ProjectId,
        conn_id: ConnectionId,
        place: Place,
    },
    Alive {
        project_id: ProjectId,
        holder: CoordinatorId,
        conn_id: ConnectionId,
    },
    Leave {
        project_id: ProjectId,
        conn_id: ConnectionId,
    },
    /// To the coordinator that holds these connections.
    Down {
        to: Vec<ConnectionId>,
        message: Downstream,
    },
    /// These connections are no longer members and must join again.
    Gone {
        conns: Vec<ConnectionId>,
    },
}
