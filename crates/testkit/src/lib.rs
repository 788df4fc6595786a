//! What tests stand on: the whole stack, alone and on free ports, in one line. For tests only.
//!
//! [`TestLab`] starts coordinators and workers as real processes on a database, a vhost and a bucket of their own, so
//! that any number of labs run side by side. [`TestLab::finish`] ends them and sees that nothing is left; a lab that
//! is dropped before that belongs to a failed test: it shows the logs and removes everything.
//!
//! The services themselves come from the environment ([`facts`]); `./dev test` provides them.

pub mod broker;
pub mod bucket;
pub mod client;
pub mod containers;
pub mod database;
pub mod disk;
pub mod engine;
pub mod facts;
pub mod history;
pub mod lab;
pub mod node;
pub mod packed;
pub mod process;
pub mod sse;
pub mod sweep;
pub mod wait;

pub use client::{Answer, Client};
pub use facts::Facts;
pub use lab::TestLab;
pub use process::Process;
pub use wait::eventually;
