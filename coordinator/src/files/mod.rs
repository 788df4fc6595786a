//! The files of projects. [`Files`] is the one place that commits a change of files and then notifies; the modules below it
//! store content, unpack archives and make snapshots. Knows neither HTTP nor handlers.

pub mod archive;
pub mod content;
mod error;
mod history;
mod ingest;
mod many;
mod service;
pub mod snapshot;
mod upload;

use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use error::FileError;
pub use service::{EntryChange, FileText, Files, Limits, NewEntry, Origin};
pub use upload::Upload;

/// Archives that are unpacked at one time: each takes a processor, and a thread that no request may take from others.
static UNPACKING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(processors.max(4)))
});

/// Waits for a turn to unpack; the semaphore is never closed.
async fn unpacking_slot() -> Option<OwnedSemaphorePermit> {
    UNPACKING.clone().acquire_owned().await.ok()
}
