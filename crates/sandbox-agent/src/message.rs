//! The messages. Fields are only ever added, with a default: an agent lives in an image, and may be older or newer
//! than the worker that talks to it.
//!
//! One sandbox: `Hello`, then `Files…FilesEnd` → `Unpacked`, then any number of `Start` → `Started`, `Output…`,
//! `Exited`, and `Collect` → (`Artifact`, `ArtifactData…`)… `Collected`. The end of the agent's stdin ends the sandbox.

use std::{collections::BTreeMap, io};

use serde::{Deserialize, Serialize};

/// Said in `Hello`.
pub const VERSION: u32 = 1;
/// Data of any kind travels in pieces of at most this many bytes.
pub const PIECE: usize = 64 * 1024;
/// So much of a program's input may be under way before the agent says that the program has taken it.
pub const STDIN_WINDOW: usize = 256 * 1024;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToAgent {
    /// The next piece of a zstd-compressed tar, to unpack into the root folder.
    Files(#[serde(with = "serde_bytes")] Vec<u8>),
    FilesEnd,
    Start(Start),
    Stdin(#[serde(with = "serde_bytes")] Vec<u8>),
    StdinEnd,
    /// Kill everything at once; `Exited` follows.
    Kill,
    Collect(Collect),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromAgent {
    Hello {
        version: u32,
    },
    Unpacked {
        files: u64,
        bytes: u64,
    },
    Started,
    Output {
        stream: Stream,
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    /// The program has taken so many bytes of its input since the last such message.
    StdinTaken {
        bytes: u64,
    },
    Exited(Exit),
    /// A file that a pattern matched; its bytes follow in pieces.
    Artifact {
        path: String,
        size: u64,
        mode: u32,
    },
    ArtifactData(#[serde(with = "serde_bytes")] Vec<u8>),
    Collected {
        skipped: Vec<Skipped>,
    },
    /// The sandbox can't go on; the agent ends after this.
    Failed(Failure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// What to start, and when to stop it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Start {
    pub argv: Vec<String>,
    /// Complete: the program finds nothing else.
    pub env: BTreeMap<String, String>,
    /// Relative to the root folder.
    pub cwd: String,
    /// Whether `Stdin` will come; else the program's input is empty.
    pub stdin: bool,
    pub wall_ms: u64,
    /// Both streams together.
    pub output_bytes: u64,
    pub open_files: u64,
    pub file_bytes: u64,
    /// File systems to watch for being full.
    pub scratch: Vec<String>,
}

/// How a program ended, and what was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exit {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// Why the agent killed it, if it did.
    pub stopped: Option<Stopped>,
    pub wall_ms: u64,
    /// User and system time of everything in the sandbox.
    pub cpu_ms: u64,
    /// Files in memory (the writable folders are) count.
    pub peak_memory_bytes: u64,
    /// Processes that the kernel killed for memory.
    pub oom_kills: u64,
    /// How often a new process or thread was refused.
    pub pids_refused: u64,
    /// Which of the scratch file systems was seen full.
    pub disk_full: Vec<String>,
    pub output_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    Deadline,
    OutputCap,
    Killed,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Collect {
    pub globs: Vec<String>,
    pub max_files: u64,
    pub max_bytes: u64,
}

/// A file that a pattern matched and that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub path: String,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
}

/// What has no better name is wrong with the line to the worker, or with the machine.
impl From<io::Error> for Failure {
    fn from(problem: io::Error) -> Self {
        Self { kind: FailureKind::Internal, message: problem.to_string() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The project does not fit into the sandbox's file system.
    Disk,
    /// The project's archive is not one, or has entries that are not for a sandbox.
    Archive,
    /// The worker said what it should not have.
    Protocol,
    Internal,
}
