//! The messages between worker and agent. Fields are only added, always with a default: the agent is part of an image
//! and may be older or newer than the worker that talks to it.
//!
//! The life of a sandbox: `Hello`, then `Files…FilesEnd` → `Unpacked`, then any number of `Start` → `Started`,
//! `Output…`, `Exited`, and `Collect` → (`Artifact`, `ArtifactData…`)… `Collected`. The sandbox ends when the agent's
//! stdin is closed.

use std::{collections::BTreeMap, io};

use serde::{Deserialize, Serialize};

/// The protocol's version, sent in `Hello`.
pub const VERSION: u32 = 1;
/// Data of any kind travels in pieces of at most this many bytes.
pub const PIECE: usize = 64 * 1024;
/// At most this much input may be in flight: sent, and not yet reported as taken by the program.
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
    /// The terminal has a new size; without a terminal it is ignored.
    Resize(TerminalSize),
    /// Kill all processes now; `Exited` follows.
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
    /// How many bytes of input the program has taken since the last such message.
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
    /// The sandbox can't continue; the agent exits after this message.
    Failed(Failure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// The size of a terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    pub rows: u16,
    pub cols: u16,
}

/// What to start, and its limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Start {
    pub argv: Vec<String>,
    /// The whole environment; the agent adds only `PWD`.
    pub env: BTreeMap<String, String>,
    /// Relative to the root folder.
    pub cwd: String,
    /// Whether `Stdin` will come; without it the program's input is empty. A terminal always takes input.
    pub stdin: bool,
    /// Gives the program a terminal of this size as stdin, stdout and stderr. All its output is then one stream, `Stdout`.
    pub tty: Option<TerminalSize>,
    pub wall_ms: u64,
    /// Both streams together.
    pub output_bytes: u64,
    /// The hard limit of open descriptors; the soft limit is a login shell's, 1024, where that is lower.
    pub open_files: u64,
    /// The largest file; `u64::MAX` for no limit.
    pub file_bytes: u64,
    /// Mount points of file systems in memory whose use is measured.
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
    /// User and system time of all processes in the sandbox.
    pub cpu_ms: u64,
    /// Includes files in memory: all writable folders are in memory.
    pub peak_memory_bytes: u64,
    /// How many processes the kernel killed because memory ran out.
    pub oom_kills: u64,
    /// How often a new process or thread was refused.
    pub pids_refused: u64,
    /// Which of the scratch file systems were full at some time.
    pub disk_full: Vec<String>,
    /// How much of each scratch file system was in use at most, as far as it was sampled.
    pub scratch: Vec<ScratchUse>,
    pub output_bytes: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScratchUse {
    pub path: String,
    pub peak_bytes: u64,
    pub size_bytes: u64,
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

/// A file that a pattern matched and that was left out.
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

/// An I/O error without a better name: the connection to the worker failed, or the machine.
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
    /// The project's archive is damaged, or has entries that a sandbox does not take.
    Archive,
    /// The worker sent a message that does not belong here.
    Protocol,
    Internal,
}
