//! Periodic work: republishing, expired leases, garbage collection, retention.

pub mod clocks;
mod gc_attempts;
mod gc_storage;
