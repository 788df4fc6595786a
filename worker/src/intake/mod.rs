//! Takes jobs: consumes offers from the broker, claims them from a coordinator, and starts each with a slot. Nothing here
//! knows what a job kind does.

pub mod claims;
pub mod consumer;
pub mod runner;
pub mod runs;
pub mod slots;
