//! The files of projects. [`Files`] is the one place that commits a change of files and then notifies; the modules below it
//! store content, unpack archives and make snapshots. Knows neither HTTP nor handlers.

pub mod archive;
pub mod content;
mod error;
mod ingest;
mod many;
mod service;
pub mod snapshot;
mod upload;

pub use error::FileError;
pub use service::{EntryChange, FileText, Files, Limits, NewEntry, Origin};
pub use upload::Upload;
