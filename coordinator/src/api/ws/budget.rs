//! Rate limit of a client's messages: a token bucket. Pure: the time is an argument.

use std::time::Instant;

const CAPACITY: f64 = 100.0;
const PER_SECOND: f64 = 30.0;

pub struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub fn new(now: Instant) -> Self {
        Self { left: CAPACITY, at: now }
    }

    /// Whether one more message is fine.
    pub fn take(&mut self, now: Instant) -> bool {
        self.left = (self.left + now.duration_since(self.at).as_secs_f64() * PER_SECOND).min(CAPACITY);
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
