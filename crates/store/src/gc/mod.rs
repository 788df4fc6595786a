//! Garbage collection: what nothing refers to any more, in the database and in object storage.

mod attempts;
mod history;
mod objects;
mod projects;

pub use attempts::DeadAttempt;
pub use history::HistoryLimits;
