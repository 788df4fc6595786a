//! What the worker knows of its embedder.

use std::{fmt, sync::Arc};

use engunity_embedder::message::About;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// No model is configured.
    Off,
    /// Something is not there yet, such as the program or the weights.
    Missing(String),
    Starting,
    Ready(Arc<Running>),
    /// It could not start, or ended; it starts again after a while.
    Failed(String),
}

/// A running embedder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub about: About,
    /// Of its process.
    pub pid: u32,
}

impl State {
    /// One word, for heartbeats and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Missing(_) => "missing",
            Self::Starting => "starting",
            Self::Ready(_) => "ready",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("none is configured"),
            Self::Missing(what) => write!(f, "{what} is missing; it may still be set up"),
            Self::Starting => f.write_str("it is starting"),
            Self::Ready(running) => write!(f, "{} ({})", running.about.name, running.about.precision),
            Self::Failed(why) => write!(f, "{why}"),
        }
    }
}
