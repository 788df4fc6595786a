//! Projects and their files: single changes, bulk changes, contents by hash, the trash, snapshots.

mod begin;
pub mod blobs;
pub mod bulk;
mod change;
mod entries;
mod history;
pub mod plan;
mod projects;
mod quota;
mod rearrange;
mod restoration;
pub mod snapshots;
mod trash;
mod tree;

pub use change::ChangeError;
pub use entries::{Content, Draft, Edit, Edited, Stored};
pub use history::{RestoredVersion, StoredVersion, VersionCursor};
pub use projects::ProjectCursor;
pub use quota::ProjectQuota;
pub(crate) use quota::UsageCache;
pub use rearrange::Rearrangement;
pub use trash::{TrashCursor, Wanted};
