//! The worker: takes jobs, runs them in sandboxes, reports.
//!
//! ```text
//! report/heartbeat (own thread, own connection)      once a second: who this is, what runs
//! intake/consumer ──► claims ──► runner × n ──► jobs/<kind> ──► execution/ ──► sandbox/ ──► agent in a container
//!    ▲ control                     │                │  ▲
//!    └── cancel, abandon ──────────┘                ▼  └─ execution/snapshots (local cache of object storage)
//!                                    report/outbox: one ordered, bounded buffer of events
//! sandbox/gc: removes containers that have no owner
//! embedding/: the program that computes vectors, started and watched
//! indexes/: search indexes, cached from object storage: jobs build them, the service `search` looks in them
//! services/: streams that a coordinator opens, without a job; nothing there is recorded
//! ```
//!
//! The worker knows the broker and object storage. It holds no database credentials, because it runs strangers' code.
//! A coordinator decides which job it may run; every report carries the attempt number that the coordinator granted.

mod capabilities;
pub mod config;
mod context;
pub mod embedding;
mod execution;
mod indexes;
mod intake;
mod jobs;
mod report;
pub mod sandbox;
pub mod services;
mod worker;

pub use execution::verdict;
pub use worker::{Worker, start};
