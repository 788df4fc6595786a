//! A language is a folder of data: this crate reads the folders and decides how a run starts.
//!
//! [`Catalog::load`] touches the file system once; everything after is pure: which language a file is written in
//! ([`Catalog::language_of`]), which runtime runs an entry ([`Catalog::by_entry`]), what command line and environment
//! that means ([`Catalog::resolve`]) and what it may use ([`Catalog::limits`]). Coordinator and worker read the same
//! folders; only the coordinator decides. The web IDE gets its tables from [`web::tables`], written once per change.

mod catalog;
mod folder;
mod language;
mod limits;
mod resolve;
mod runtime;
pub mod web;

pub use catalog::Catalog;
pub use folder::CatalogError;
pub use language::{Colour, Comments, Icon, Language, OutlineKind, OutlinePattern};
pub use limits::LimitsConfig;
pub use resolve::{Refusal, Resolved};
pub use runtime::{PartialLimits, Runtime};
