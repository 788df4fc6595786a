//! How jobs come in: offered by the broker, claimed from a coordinator, started with a slot. Nothing here knows what a
//! job does.

pub mod claims;
pub mod consumer;
pub mod runner;
pub mod runs;
pub mod slots;
