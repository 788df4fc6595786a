//! The files of projects: their content, ingestion of archives, snapshots. Knows neither HTTP routes nor handlers.

pub mod archive;
pub mod content;
pub mod ingest;
pub mod snapshot;
