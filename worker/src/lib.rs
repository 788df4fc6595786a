//! The worker: takes jobs, runs them in sandboxes, reports.
//!
//! ```text
//! heartbeat (own thread, own connection)      every second: who we are, what runs
//! consumer ──► claims ──► runner × n ──► jobs/execute ──► sandbox ──► agent in a container
//!    ▲ control                 │              │  ▲
//!    └── cancel, abandon ──────┘              ▼  └─ snapshots (local cache of object storage)
//!                               events: one ordered, bounded buffer of what is reported
//! sweep: containers that belong to nobody
//! ```
//!
//! It knows the broker and object storage, and holds no database credentials: it runs strangers' code. Which job it
//! may run, a coordinator says; everything it reports carries the attempt it was granted.

pub mod config;
mod context;
mod execution;
mod intake;
mod jobs;
mod report;
pub mod sandbox;
mod worker;

pub use execution::verdict;
pub use worker::{Worker, start};
