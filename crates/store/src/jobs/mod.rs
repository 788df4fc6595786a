//! Jobs: accepting them, releasing and granting them to workers, recording what workers report, ending them.

mod accept;
mod acceptance;
mod backlog;
mod capacity;
mod claims;
mod events;
pub mod fencing;
mod outbox;
mod overview;
mod waiting;

pub(crate) use accept::project_id;
pub use accept::{Accepted, Cancelled, Idempotency, JobFilter, JobHead, NewJob};
pub use acceptance::AcceptLimits;
pub use backlog::{ReleasePolicy, Released};
pub use capacity::FleetCapacity;
pub use claims::{ClaimKey, MAX_LOSSES};
pub use events::{Chunk, JobChange, Recorded, StoredBody, StoredEvent};
