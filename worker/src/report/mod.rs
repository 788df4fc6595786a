//! What the worker reports: events of jobs in order, output in portions, and once a second that it lives.

pub mod heartbeat;
pub mod outbox;
pub mod output_batch;
