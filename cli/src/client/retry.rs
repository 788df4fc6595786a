//! Decides how long to wait before a request is sent again: as `Retry-After` says, within a total. Pure except for the
//! clock.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::{Response, StatusCode, header};

/// The maximum that one call waits in total.
const TOTAL: Duration = Duration::from_secs(300);
/// The waits after a 429 without `Retry-After` grow from this.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What an answer asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// `Retry-After`.
    Wait(Duration),
    /// A 429 without a time.
    Later,
}

/// The wait that `response` asks for. A 503 without `Retry-After` is an error like any other.
pub fn asked_wait(response: &Response, now: DateTime<Utc>) -> Option<RetryAfter> {
    let value = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    decide(response.status(), value, now)
}

fn decide(status: StatusCode, retry_after: Option<&str>, now: DateTime<Utc>) -> Option<RetryAfter> {
    let told = retry_after.and_then(|value| parse(value, now)).map(RetryAfter::Wait);
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(told.unwrap_or(RetryAfter::Later)),
        StatusCode::SERVICE_UNAVAILABLE => told,
        _ => None,
    }
}

/// Seconds, or a date.
fn parse(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

/// The time that one call may still wait.
pub struct Budget {
    deadline: Instant,
    next: Duration,
}

impl Budget {
    pub fn start() -> Self {
        Self { deadline: Instant::now() + TOTAL, next: FIRST_WAIT }
    }

    /// How long to wait now; `None` if it exceeds the total.
    pub fn grant(&mut self, asked: RetryAfter) -> Option<Duration> {
        let wait = match asked {
            // No wait at all would be a busy loop.
            RetryAfter::Wait(wait) => wait.max(FIRST_WAIT),
            RetryAfter::Later => self.later(),
        };
        (wait <= self.left()).then_some(wait)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn later(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST_WAIT);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    #[test]
    fn the_wait_is_what_was_told() {
        let wait = |seconds| Some(RetryAfter::Wait(Duration::from_secs(seconds)));
        for (status, retry_after, asked) in [
            (429, Some("12"), wait(12)),
            (503, Some("7"), wait(7)),
            (429, Some("Fri, 02 Jan 2026 03:04:35 GMT"), wait(30)),
            (503, Some("Fri, 02 Jan 2026 03:04:00 GMT"), wait(0)),
            (429, Some("soon"), Some(RetryAfter::Later)),
            (429, None, Some(RetryAfter::Later)),
            (503, None, None),
            (500, Some("1"), None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(decide(status, retry_after, now()), asked, "{status} {retry_after:?}");
        }
    }

    #[test]
    fn all_waits_together_are_bounded() {
        let mut budget = Budget::start();
        assert_eq!(budget.grant(RetryAfter::Wait(TOTAL * 2)), None);
        assert_eq!(budget.grant(RetryAfter::Wait(Duration::ZERO)), Some(FIRST_WAIT));
        let waits: Vec<_> = (0..7).map(|_| budget.grant(RetryAfter::Later).unwrap().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        let spent = Budget { deadline: Instant::now(), next: FIRST_WAIT }.grant(RetryAfter::Later);
        assert_eq!(spent, None);
    }
}
