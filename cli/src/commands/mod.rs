//! One file per command: each takes its arguments and the [`App`](crate::app::App) and returns the exit code.

pub mod admin;
pub mod artifacts;
pub mod bulk;
pub mod cancel;
pub mod completions;
pub mod download;
pub mod follow;
pub mod history;
pub mod index;
mod interrupts;
pub mod jobs;
mod keyboard;
pub mod login;
pub mod logout;
pub mod logs;
pub mod project;
mod request;
pub mod run;
pub mod runtimes;
pub mod search;
pub mod trash;
pub mod upload;
pub mod whoami;
pub mod workers;
