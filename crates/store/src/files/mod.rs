//! Projects and their files: single changes, bulk changes, contents by hash, snapshots.

pub mod blobs;
pub mod bulk;
mod change;
mod entries;
pub mod plan;
mod projects;
mod quota;
pub mod snapshots;

pub use change::ChangeError;
pub use entries::{Content, Draft, Edit, Edited, Stored};
pub use projects::ProjectCursor;
pub use quota::ProjectQuota;
pub(crate) use quota::UsageCache;
