//! How many requests one user or address may make: windows of one minute in a bounded map. Pure but for the clock.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use engunity_protocol::UserId;
use moka::sync::Cache;

const WINDOW: Duration = Duration::from_secs(60);
/// Beyond this number the oldest windows are evicted, so that memory stays bounded.
const MAX_KEYS: u64 = 100_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    User(UserId),
    Address(Option<Network>),
    /// This account, from anywhere.
    Account(String),
    /// This account from this address.
    Login(Option<Network>, String),
}

/// Where a client is, as far as one client can choose it: a whole IPv6 network of 64 bits is one place, because each
/// customer of a provider gets at least that many addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
            v4 => Self(v4),
        }
    }
}

pub struct Limiter {
    limit: u32,
    windows: Cache<Key, Arc<Window>>,
}

struct Window {
    since: Instant,
    used: AtomicU32,
}

/// What is left after one request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub limit: u32,
    pub left: u32,
    /// Seconds until the window starts anew.
    pub reset: u64,
    pub allowed: bool,
}

impl Limiter {
    /// At most `limit` a minute; 0 is no limit.
    pub fn new(limit: u32) -> Self {
        Self { limit, windows: Cache::builder().max_capacity(MAX_KEYS).time_to_live(WINDOW).build() }
    }

    /// Counts one request; `None` where there is no limit.
    pub fn count(&self, key: Key) -> Option<Quota> {
        if self.limit == 0 {
            return None;
        }
        let window = self
            .windows
            .get_with(key, || Arc::new(Window { since: Instant::now(), used: AtomicU32::new(0) }));
        let used = window.used.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        Some(self.quota(&window, used))
    }

    /// Whether one more would be allowed, without counting it.
    pub fn look(&self, key: &Key) -> Option<Quota> {
        let window = self.windows.get(key)?;
        let used = window.used.load(Ordering::Relaxed).saturating_add(1);
        (self.limit > 0).then(|| self.quota(&window, used))
    }

    pub fn forget(&self, key: &Key) {
        self.windows.invalidate(key);
    }

    fn quota(&self, window: &Window, used: u32) -> Quota {
        let left = WINDOW.saturating_sub(window.since.elapsed());
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Quota {
            limit: self.limit,
            left: self.limit.saturating_sub(used),
            reset: reset.max(1),
            allowed: used <= self.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_key_by_itself() {
        let limiter = Limiter::new(2);
        let left: Vec<_> =
            (0..3).map(|_| limiter.count(Key::User(UserId(1))).map(|q| (q.left, q.allowed))).collect();
        assert_eq!(left, [Some((1, true)), Some((0, true)), Some((0, false))]);
        assert!(limiter.count(Key::User(UserId(2))).unwrap().allowed);
        assert!(limiter.count(Key::Address(None)).unwrap().allowed);
    }

    #[test]
    fn an_ipv6_network_is_one_place() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }

    #[test]
    fn zero_is_off() {
        assert_eq!(Limiter::new(0).count(Key::User(UserId(1))), None);
    }
}
