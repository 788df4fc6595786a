//! Jobs on a real PostgreSQL: accepting, releasing, claiming, recording, cancelling, losing.

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

mod accepting;
mod capabilities;
mod deadlines;
mod ending;
mod errors;
mod events;
mod index_builds;
mod lab;
mod releasing;
