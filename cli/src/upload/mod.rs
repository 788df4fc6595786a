//! From a folder to a project: what belongs to it ([`walk`]), what it contains ([`manifest`], [`cache`]), and the
//! missing content in packs ([`pack`]).

pub mod cache;
mod gitignore;
pub mod manifest;
pub mod pack;
pub mod rules;
pub mod walk;

/// Larger files are not uploaded; the server would refuse them.
pub const MAX_FILE_BYTES: u64 = 100 << 20;
