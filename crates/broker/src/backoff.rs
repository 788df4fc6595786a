//! Pauses between tries: doubling up to a cap, with jitter so that many clients do not come back in step.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// After a success: the next pause is short again.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// Whether nothing has failed since the last success.
    pub(crate) fn is_fresh(&self) -> bool {
        self.next == FIRST
    }

    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.next.mul_f64(rand::random_range(0.5..1.0))).await;
        self.next = (self.next * 2).min(LONGEST);
    }
}
