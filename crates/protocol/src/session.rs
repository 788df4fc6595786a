//! Messages of the session socket: presence, file changes, jobs, and streams of job events.
//!
//! Server messages that change what every tab shows carry `seq`, so that a tab that was away resumes with
//! `hello {last_seq, epoch}`. Job events carry no `seq`: they resume per job by `watch {after}`.

use serde::{Deserialize, Serialize};

use crate::{
    ConnectionId, FileId, JobId, UserId,
    event::{Encoding, JobEvent},
    file::File,
    job::Job,
    problem::ErrorCode,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    Hello {
        #[serde(default)]
        last_seq: Option<u64>,
        /// The session's life that `last_seq` belongs to.
        #[serde(default)]
        epoch: Option<String>,
    },
    Presence {
        #[serde(flatten)]
        place: Place,
    },
    Watch {
        job_id: JobId,
        #[serde(default)]
        after: Option<i64>,
        /// Of the output that is there already only this many of the newest bytes; what is left out shows as a jump of
        /// `offset`. Absent: all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tail: Option<u64>,
    },
    Unwatch {
        job_id: JobId,
    },
    /// What is typed into a running program: the fields of [`crate::job::InputRequest`].
    #[serde(rename = "run.input")]
    RunInput {
        job_id: JobId,
        #[serde(default)]
        data: String,
        #[serde(default)]
        encoding: Encoding,
        #[serde(default)]
        source: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
        #[serde(default)]
        end: bool,
    },
    /// The terminal that shows a running program has a new size.
    #[serde(rename = "run.resize")]
    RunResize {
        job_id: JobId,
        rows: u16,
        cols: u16,
    },
    Ping {
        t: f64,
    },
}

/// Where someone is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<FileId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub conn_id: ConnectionId,
    pub user_id: UserId,
    pub name: String,
    #[serde(flatten)]
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    Welcome {
        epoch: String,
        seq: u64,
        conn_id: ConnectionId,
        presence: Vec<Presence>,
        /// True: forget what you had; false: the missed messages follow.
        snapshot: bool,
        /// Active and recent jobs.
        jobs: Vec<Job>,
    },
    Presence {
        seq: u64,
        presence: Vec<Presence>,
    },
    File {
        seq: u64,
        #[serde(flatten)]
        change: FileChange,
    },
    Job {
        seq: u64,
        job: Job,
    },
    Project {
        seq: u64,
        change: ProjectChange,
    },
    Event {
        job_id: JobId,
        id: i64,
        #[serde(flatten)]
        event: JobEvent,
    },
    /// All bytes of the source before `offset` have been taken.
    #[serde(rename = "run.input_taken")]
    RunInputTaken {
        job_id: JobId,
        source: String,
        offset: u64,
    },
    /// Input that did not reach the program, and why.
    #[serde(rename = "run.input_refused")]
    RunInputRefused {
        job_id: JobId,
        source: String,
        code: ErrorCode,
        detail: String,
    },
    Pong {
        t: f64,
    },
    Error {
        code: ErrorCode,
        detail: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileChange {
    pub change: FileChangeKind,
    /// Without content; absent for deletions and bulk changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<FileId>,
    /// The connection that made the change, where it said so.
    #[serde(default)]
    pub by: Option<ConnectionId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChangeKind {
    Created,
    Updated,
    Deleted,
    Moved,
    /// Many at once: read the list again.
    Bulk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectChange {
    Updated,
    Deleted,
}
