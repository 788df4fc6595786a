//! A language is a folder of data: this crate reads the folders and decides how a run starts.
//!
//! [`Catalog::load`] touches the file system once; everything after is pure: which runtime runs an entry
//! ([`Catalog::by_entry`]), what command line and environment that means ([`Catalog::resolve`]) and what it may
//! use ([`Catalog::limits`]). Coordinator and worker read the same folders; only the coordinator decides.

mod catalog;
mod limits;
mod manifest;
mod resolve;

pub use catalog::{Catalog, CatalogError};
pub use limits::LimitsConfig;
pub use manifest::{PartialLimits, Runtime};
pub use resolve::{Refusal, Resolved};
