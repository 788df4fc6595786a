//! Notification after a commit, and the batching and throttling of writes. Knows neither HTTP routes nor handlers.

pub mod batcher;
pub mod notifier;
pub mod throttle;
