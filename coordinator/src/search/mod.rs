//! Search: which files have changed since a project's index was built, and questions to the worker that has the index.
//!
//! ```text
//! a file changes ── trigger ──► index_changes ── clock ──► IndexBuilds: changes as an object + an index job ──► worker
//!                                    │                                                                          │
//!                                    │  overlay                       publish, fenced by the attempt ◄──────────┘
//! GET …/search ──► Search ◄──────────┴── the index that stands
//!                    └── question + overlay, by a stream ──► worker ──► hits by path ──► with ids of files
//! ```
//!
//! The overlay holds what has changed since the index, so that a search finds what was saved just before it.

mod builds;
mod merge;
mod service;
mod workers;

use engunity_broker::streams::StreamError;
use engunity_store::StoreError;

pub use self::builds::{BuildError, IndexBuilds};
pub use self::service::{Search, checked};

/// Why a search was not answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The project does not exist, or belongs to another user.
    #[error("this project does not exist")]
    NoProject,
    /// One field of the request is wrong.
    #[error("{field}: {message}")]
    Invalid { field: String, message: String },
    #[error("no worker that searches is connected")]
    NoWorker,
    #[error("no worker answered in time")]
    Unanswered(#[source] StreamError),
    #[error("a worker's answer can't be read")]
    Unreadable(#[from] engunity_protocol::wire::WireError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
