//! What a user asks for when they run something.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    kind::JobClass,
    spec::{Command, TerminalSize},
};
use crate::{event::Encoding, schema};

/// The body of `POST /code/{project_id}/runs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// A string for `sh -c`, or an argv. Either this or `entry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// A file's path; the runtime knows how to run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::optional_path)]
    pub entry: Option<String>,
    /// Else by the entry's extension, else by the project's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// What the program reads first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::stdin)]
    pub stdin: Option<String>,
    /// Gives the program a terminal: all output is one stream (stdout) in the order it was written, and what is typed
    /// reaches it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tty: bool,
    /// The terminal's size at the start; else 24 rows of 80 columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalSize>,
    /// Whether input can be sent while the program runs. Absent: with a terminal it can, without one the input ends
    /// after `stdin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<InputMode>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(schema_with = schema::env)]
    pub env: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsRequest>,
    /// Globs of what to keep from the project's folder after the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(schema_with = schema::globs)]
    pub artifacts: Vec<String>,
    #[serde(default)]
    pub class: JobClass,
}

impl RunRequest {
    /// Whether input can be sent while the program runs.
    pub fn takes_live_input(&self) -> bool {
        self.input.map_or(self.tty, |input| input == InputMode::Live)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputMode {
    /// After `stdin`, what is sent with `POST /jobs/{job_id}/input` follows, until its `end`.
    Live,
    /// The input ends after `stdin`.
    Closed,
}

/// The body of `POST /jobs/{job_id}/input`: bytes for the program, the end of its input, or a new terminal size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InputRequest {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(schema_with = schema::input_data)]
    pub data: String,
    #[serde(default, skip_serializing_if = "is_text")]
    pub encoding: Encoding,
    /// Names who types, e.g. one tab or one terminal: `offset` counts the bytes of each source alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(schema_with = schema::input_source)]
    pub source: String,
    /// How many bytes this source sent before. A request that is repeated with its offset types nothing twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Nothing follows: the program reads the end of its input.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalSize>,
}

fn is_text(encoding: &Encoding) -> bool {
    *encoding == Encoding::Utf8
}

/// The answer to an [`InputRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InputTaken {
    /// The source's next offset: all bytes before it have been taken. It is smaller than what was sent when the program
    /// reads more slowly; the rest is to be sent again a little later.
    pub offset: u64,
}

/// What the caller asks for; what is absent takes the runtime's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsRequest {
    /// Seconds of wall-clock time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_s: Option<f64>,
    /// Number of CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    /// Both streams together, in KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_kb: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
}
