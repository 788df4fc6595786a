//! Whether one coordinator has heard every worker that could be heard: the evidence without which no lease is judged. Pure.
//!
//! A coordinator sends itself a beacon each second by the same way that heartbeats take: broker, queue, consumer, commit. A
//! beacon that was recorded proves that the heartbeats sent before it were recorded too. So the leases of a period may be
//! judged when beacons of that whole period were recorded, without a gap. Everything that keeps heartbeats away keeps
//! beacons away as well: a broker that is gone or blocked, another consumer, a database that is away, read-only or slow, a
//! process that was suspended.

use engunity_store::LEASE_SECONDS;

/// A longer time without evidence is a gap.
const MAX_GAP_MS: u64 = 3_000;
/// A lease, and as long as a heartbeat may take to come after a gap.
const PERIOD_MS: u64 = (LEASE_SECONDS * 1000.0) as u64 + 2_000;

/// Times are those of the coordinator's own clock.
#[derive(Debug, Default)]
pub struct Liveness {
    /// The period that is proven, from its first beacon to its last.
    proven: Option<(u64, u64)>,
}

impl Liveness {
    /// A beacon that was sent at this time is recorded.
    pub fn recorded(&mut self, sent_ms: u64) {
        self.proven = match self.proven {
            Some((first, last)) if sent_ms.saturating_sub(last) <= MAX_GAP_MS => {
                Some((first, last.max(sent_ms)))
            }
            _ => Some((sent_ms, sent_ms)),
        };
    }

    /// Whether the evidence reaches from a whole period ago to now.
    pub fn is_complete(&self, now_ms: u64) -> bool {
        self.proven.is_some_and(|(first, last)| {
            now_ms.saturating_sub(last) <= MAX_GAP_MS && now_ms.saturating_sub(first) > PERIOD_MS
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beacons of these seconds, each recorded at once.
    fn after(seconds: impl IntoIterator<Item = u64>) -> Liveness {
        let mut liveness = Liveness::default();
        seconds.into_iter().for_each(|second| liveness.recorded(second * 1000));
        liveness
    }

    #[test]
    fn nothing_is_judged_before_a_whole_period_was_heard() {
        assert!(!Liveness::default().is_complete(60_000));
        assert!((1..9).all(|second| !after(0..=second).is_complete(second * 1000)));
        assert!(after(0..=9).is_complete(9_000));
    }

    #[test]
    fn a_gap_begins_a_new_period() {
        assert!(!after((0..20).chain(24..30)).is_complete(29_500));
        assert!(after((0..20).chain(24..34)).is_complete(33_500));
    }

    #[test]
    fn old_evidence_is_none() {
        assert!(after(0..20).is_complete(22_000));
        assert!(!after(0..20).is_complete(22_001), "nothing came, or this process was suspended");
    }

    #[test]
    fn a_beacon_that_was_late_proves_the_time_when_it_was_sent() {
        let mut liveness = after(0..5);
        liveness.recorded(4_500);
        assert!(!liveness.is_complete(20_000), "recorded at 20, but sent long before");
    }
}
