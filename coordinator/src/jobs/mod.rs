//! Jobs and the workers that run them: release, claims, events, worker liveness. Knows neither HTTP routes nor handlers.

pub mod claims;
pub mod dispatcher;
pub mod event_reader;
pub mod event_router;
pub mod input;
pub mod liveness;
mod service;
mod worker_identity;
pub mod worker_registry;
pub mod writer;

pub use service::Jobs;
