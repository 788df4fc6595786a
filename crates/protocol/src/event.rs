//! Events of a job, as clients see them over SSE and the session socket.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    WorkerId,
    job::{Job, JobState},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// One event. `event` is also the SSE event name, `data` its JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", content = "data", rename_all = "lowercase")]
#[allow(clippy::large_enum_variant)] // one at a time, on its way to the wire
pub enum JobEvent {
    State(StateChange),
    Output(Output),
    Progress(Progress),
    /// The job as it ended; the stream then ends.
    Result(Job),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateChange {
    pub state: JobState,
    /// A higher attempt than before means that output starts again at offset 0.
    pub attempt: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<WorkerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Output {
    pub stream: Stream,
    /// Offset of the first byte within its stream.
    pub offset: u64,
    pub data: String,
    pub encoding: Encoding,
    #[serde(default)]
    pub attempt: i32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "base64")]
    Base64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What is being done, in words: `unpacking 214 files`.
    pub message: String,
    /// 0 to 1, where it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
    /// True for what the next message does not outdate: `not kept: "out/link": it is not a regular file`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remark: bool,
}
