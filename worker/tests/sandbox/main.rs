//! The sandbox on a real engine: all runtimes, hostile programs, latencies. Needs Docker and the images (`./dev services`)
//! named by `.dev/env`.

mod escape;
mod lab;
mod latency;
mod resources;
mod smoke;
