//! The sandbox on a real engine: all runtimes, hostile programs, latencies. Needs Docker and the images (`./dev services`)
//! named by `.dev/env`.

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

mod entries;
mod escape;
mod lab;
mod latency;
mod normal;
mod resources;
mod smoke;
