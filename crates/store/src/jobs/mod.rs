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

use engunity_protocol::job::JobKind;

pub(crate) use accept::project_id;
pub use accept::{Accepted, Cancelled, Idempotency, JobFilter, JobHead, NewJob};
pub use acceptance::AcceptLimits;
pub use backlog::{ReleasePolicy, Released};
pub use capacity::FleetCapacity;
pub use claims::{ClaimKey, MAX_LOSSES};
pub use events::{Chunk, JobChange, Recorded, StoredBody, StoredEvent};

/// The condition that leaves out kinds whose jobs are too short to count or to keep output; as in the index of jobs with
/// output. `column` is the job's kind.
pub(crate) fn is_counted(column: &str) -> String {
    let all = JobKind::ALL.iter().filter(|kind| kind.pool().is_short());
    let names: Vec<_> = all.map(|kind| format!("'{kind}'")).collect();
    format!("{column} NOT IN ({})", names.join(", "))
}
