//! Made-up personal tokens and tickets: each costs a query, so an address may present few of them.

use std::net::IpAddr;

use super::AuthError;
use super::rate_limit::{Key, Limiter, Network};

pub struct Guesses(Limiter);

impl Guesses {
    /// At most `per_minute` wrong ones of one address; 0 is no limit.
    pub fn new(per_minute: u32) -> Self {
        Self(Limiter::new(per_minute))
    }

    /// Refuses without a query where there were too many wrong ones.
    pub fn check(&self, peer: Option<IpAddr>) -> Result<(), AuthError> {
        match self.0.look(&key(peer)) {
            Some(quota) if !quota.allowed => Err(AuthError::TooManyGuesses { retry_after_s: quota.reset }),
            _ => Ok(()),
        }
    }

    pub fn failed(&self, peer: Option<IpAddr>) {
        self.0.count(key(peer));
    }
}

fn key(peer: Option<IpAddr>) -> Key {
    Key::Address(peer.map(Network::of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_wrong_ones_are_looked_up() {
        let (guesses, peer) = (Guesses::new(2), "192.0.2.1".parse().ok());
        for _ in 0..2 {
            guesses.check(peer).unwrap();
            guesses.failed(peer);
        }
        assert!(guesses.check(peer).is_err());
        assert!(guesses.check("192.0.2.2".parse().ok()).is_ok());
    }
}
