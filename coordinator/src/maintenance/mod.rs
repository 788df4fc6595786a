//! Periodic work: republishing, expired leases, garbage collection, retention.

pub mod clocks;
mod deletions;
pub mod gc_accounts;
mod gc_attempts;
mod gc_history;
mod gc_indexes;
mod gc_storage;
