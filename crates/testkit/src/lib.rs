//! Test support: the whole stack, isolated and on free ports. Only tests depend on this crate.
//!
//! [`TestLab`] starts coordinators and workers as real processes on a private database, vhost and bucket, so that
//! labs can run in parallel. [`TestLab::finish`] stops them and checks that nothing is left. A lab that is dropped
//! before that belongs to a failed test: it prints the logs and removes everything.
//!
//! The services themselves come from the environment ([`services`]); `./dev test` provides them.

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
pub mod names;
pub mod process;
pub mod proxy;
pub mod rabbitmq;
pub mod services;
pub mod smtp;
pub mod snapshot;
pub mod sse;
pub mod wait;

pub use client::{ApiResponse, Client};
pub use lab::TestLab;
pub use process::Process;
pub use proxy::Proxy;
pub use services::ServiceConfig;
pub use wait::eventually;
