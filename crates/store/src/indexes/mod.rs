//! Search indexes: which files have changed since a project's index was built, the index that stands, and when to build
//! again. The triggers of `V14__indexes.sql` note the changes, whoever makes them.

mod builds;
mod search;

pub use builds::{ChangedFile, DueIndex, FileNow, IndexBase, IndexUse};
pub use search::{Overlay, OverlayFile, OverlayLimits, PublishedIndex, SearchView};
