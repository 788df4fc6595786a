//! Throttles batched work: a lone batch starts at once, consecutive batches start a minimum interval apart, so that more
//! items share a batch. On a busy machine many small batches cost more than they save in waiting.

use std::time::{Duration, Instant};

pub struct Throttle {
    min_interval: Duration,
    last: Option<Instant>,
}

impl Throttle {
    pub fn new(min_interval: Duration) -> Self {
        Self { min_interval, last: None }
    }

    /// Waits until the interval since the previous start has passed, and starts the next one. Safe to cancel.
    pub async fn wait(&mut self) {
        let wait = self.last.map_or(Duration::ZERO, |last| self.min_interval.saturating_sub(last.elapsed()));
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        self.last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_comes_in_a_row_waits() {
        let min_interval = Duration::from_millis(50);
        let mut throttle = Throttle::new(min_interval);
        let begin = Instant::now();
        throttle.wait().await;
        assert!(begin.elapsed() < min_interval);
        throttle.wait().await;
        assert!(begin.elapsed() >= min_interval);
        tokio::time::sleep(min_interval).await;
        let later = Instant::now();
        throttle.wait().await;
        assert!(later.elapsed() < min_interval);
    }
}
