//! Jobs: what is asked for, what a worker is told, how it ends.

pub mod spec;
pub mod verdict;
mod view;

pub use view::*;
