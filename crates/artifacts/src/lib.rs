//! Object storage: the only crate that speaks S3.
//!
//! [`ObjectStore`] is a cheap handle on one bucket of any S3 server (MinIO, Garage, AWS). Every call ends within
//! a bounded time and tells "it does not exist" from "the storage can't be reached" ([`ObjectError`]). Nothing
//! here holds a whole large object in memory: bodies are streams, uploads go in parts.
//!
//! [`keys`] is the only place where object paths are spelled.

mod download;
mod error;
pub mod keys;
mod store;
mod timeout;
mod upload;

pub use download::Object;
pub use error::ObjectError;
pub use store::{Entry, ObjectStore, S3Config};

pub type Result<T> = std::result::Result<T, ObjectError>;
