//! The specification of an execute job: what a worker runs, with which limits, on which files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::schema;

/// A shell line, or an argv that no shell sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a command is a line for the shell, or a list of words")]
pub enum Command {
    Shell(String),
    Argv(Vec<String>),
}

impl PartialSchema for Command {
    fn schema() -> RefOr<Schema> {
        Schema::from(schema::command()).into()
    }
}

impl ToSchema for Command {}

impl Command {
    /// The argv to start: a shell line goes to `sh -c`.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Shell(line) => vec!["sh".into(), "-c".into(), line.clone()],
            Self::Argv(argv) => argv.clone(),
        }
    }

    /// The command as a person would read it.
    pub fn title(&self) -> String {
        match self {
            Self::Shell(line) => line.clone(),
            Self::Argv(argv) => argv.join(" "),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecuteSpec {
    /// The runtime's name; the worker knows its image.
    pub runtime: String,
    pub command: Command,
    #[serde(default)]
    pub stdin: Option<String>,
    /// The program gets a terminal of this size instead of pipes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<TerminalSize>,
    /// Input may come while it runs; else the input ends after `stdin`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live_input: bool,
    /// Complete: nothing of the worker's own environment is passed on.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    pub limits: Limits,
    /// Globs.
    #[serde(default)]
    pub artifacts: Vec<String>,
    pub snapshot: Snapshot,
}

/// The size of a terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminalSize {
    #[schema(minimum = 1, maximum = 1000)]
    pub rows: u16,
    #[schema(minimum = 1, maximum = 1000)]
    pub cols: u16,
}

impl TerminalSize {
    const LARGEST: u16 = 1000;

    pub fn is_valid(self) -> bool {
        [self.rows, self.cols].iter().all(|length| (1..=Self::LARGEST).contains(length))
    }
}

/// What terminals have always been.
impl Default for TerminalSize {
    fn default() -> Self {
        Self { rows: 24, cols: 80 }
    }
}

/// The project's files at submission: a zstd-compressed tar in object storage, named by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The object's key; `None` for a project without files.
    pub key: Option<String>,
    /// Bytes of all files, unpacked.
    pub unpacked_bytes: u64,
    pub files: u64,
}

/// Limits of one run, all decided.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Seconds of wall-clock time, from the program's start.
    pub wall_s: f64,
    /// Number of CPUs.
    pub cpu: f64,
    pub memory_mb: u64,
    /// Both streams together, in KiB.
    pub output_kb: u64,
    /// Processes and threads at one time.
    pub pids: u64,
    /// Size of the writable file systems (project folder, `/tmp`), each, in MiB.
    pub disk_mb: u64,
}
