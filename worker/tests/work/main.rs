//! The whole worker on a real broker, engine and object storage, with a fake coordinator that grants claims and records
//! reports.

mod fake_coordinator;
mod life;
mod runs;
