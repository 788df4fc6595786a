//! The parts of a run in a sandbox: its files, its verdict, its artifacts.

pub mod artifacts;
pub mod snapshots;
pub mod verdict;
