//! The signal that stops a run before its program ends, and the reasons for it.

use tokio::sync::watch;

/// Why a run must stop before its program ends. Ordered: a later reason replaces an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopReason {
    /// The user cancelled the job: report `cancelled`.
    Cancel,
    /// The worker is draining: report that the job is handed back.
    HandBack,
    /// The worker lost the lease: report nothing.
    Abandon,
}

/// Raised when the run must stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Option<StopReason>>);

impl StopSignal {
    pub fn new(stop: watch::Receiver<Option<StopReason>>) -> Self {
        Self(stop)
    }

    pub fn now(&self) -> Option<StopReason> {
        *self.0.borrow()
    }

    /// Waits until the run must stop. Cancel safe.
    pub async fn wait(&mut self) -> StopReason {
        match self.0.wait_for(Option::is_some).await {
            Ok(stop) => stop.unwrap_or(StopReason::Abandon),
            // The sender was dropped, so the worker has ended.
            Err(_) => StopReason::Abandon,
        }
    }
}
