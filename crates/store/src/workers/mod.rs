//! The processes of the system: workers with their leases, coordinators with their sessions.

mod coordinators;
mod fleet;

pub use coordinators::COORDINATOR_LEASE_SECONDS;
pub(crate) use fleet::SILENCE_SECONDS;
pub use fleet::{HeartbeatOutcome, LEASE_SECONDS};
