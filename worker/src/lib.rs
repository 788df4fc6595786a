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

mod artifacts;
mod claims;
mod coalesce;
pub mod config;
mod consumer;
mod environment;
mod events;
mod heartbeat;
mod jobs;
mod registry;
mod runner;
pub mod sandbox;
mod slots;
mod snapshots;
mod sweep;
pub mod verdict;
mod worker;

pub use worker::{Worker, start};
