//! Search indexes on this worker: a local cache of bundles in object storage, in which jobs build and searches look.
//!
//! ```text
//! jobs/index ──► changes ──► OpenIndex (hybrid-index, one folder) ──► bundle ──► object storage ──► report
//! services/search ──► IndexCache ──► OpenIndex                        ▲
//!                        └── a bundle that another worker built ──────┘
//! ```
//!
//! All calls into `hybrid-index` block, so they run on threads of their own.

mod cache;
mod changes;
mod lineage;
mod publish;

pub use cache::{IndexCache, OpenError, OpenIndex};
pub use changes::{ChangesFile, Progressing};
pub use publish::{UploadError, counts, upload};
