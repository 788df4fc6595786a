//! How much a client may say: a bucket of messages that fills up again. Pure: time is handed in.

use std::time::Instant;

const MOST: f64 = 100.0;
const PER_SECOND: f64 = 30.0;

pub struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub fn new(now: Instant) -> Self {
        Self { left: MOST, at: now }
    }

    /// Whether one more message is fine.
    pub fn take(&mut self, now: Instant) -> bool {
        self.left = (self.left + now.duration_since(self.at).as_secs_f64() * PER_SECOND).min(MOST);
        self.at = now;
        self.left -= 1.0;
        self.left >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_is_stopped_and_a_pause_forgives() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert_eq!((0..500).filter(|_| budget.take(start)).count(), 100);
        assert!(budget.take(start + Duration::from_secs(60)));
    }
}
