//! Reports to the coordinators: job events in order, output in batches, and a heartbeat each second.

pub mod heartbeat;
pub mod outbox;
pub mod output_batch;
