//! The whole worker on a real broker, engine and object storage, with a fake coordinator that grants claims and records
//! reports.

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

mod fake_coordinator;
mod life;
#[cfg(feature = "test-kind")]
mod new_kind;
mod runs;
mod streams;
