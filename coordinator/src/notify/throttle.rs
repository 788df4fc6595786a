//! A pace for work that comes in batches: what comes alone is done at once; what comes in a row is done a moment apart,
//! so that more goes together. On a busy machine many small batches cost more than they save in waiting.

use std::time::{Duration, Instant};

pub struct Pace {
    apart: Duration,
    last: Option<Instant>,
}

impl Pace {
    pub fn new(apart: Duration) -> Self {
        Self { apart, last: None }
    }

    /// Waits until the last turn is long enough ago, which begins the next. Cancelled, it has not begun.
    pub async fn turn(&mut self) {
        let wait = self.last.map_or(Duration::ZERO, |last| self.apart.saturating_sub(last.elapsed()));
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
        let apart = Duration::from_millis(50);
        let mut pace = Pace::new(apart);
        let begin = Instant::now();
        pace.turn().await;
        assert!(begin.elapsed() < apart);
        pace.turn().await;
        assert!(begin.elapsed() >= apart);
        tokio::time::sleep(apart).await;
        let later = Instant::now();
        pace.turn().await;
        assert!(later.elapsed() < apart);
    }
}
