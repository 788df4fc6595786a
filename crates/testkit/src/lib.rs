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
pub mod docker_engine;
pub mod gc;
pub mod history;
pub mod lab;
pub mod process;
pub mod rabbitmq;
pub mod services;
pub mod snapshot;
pub mod sse;
pub mod wait;

pub use client::{Answer, Client};
pub use lab::TestLab;
pub use process::Process;
pub use services::Facts;
pub use wait::eventually;
