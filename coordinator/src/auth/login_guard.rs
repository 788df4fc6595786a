//! Slows down guessing of passwords. Three counts of failures, because each alone does harm: one account from one address
//! (a guesser), one account from anywhere (many guessers), one address with any account (a guesser of accounts). Only
//! failures count, so that a classroom behind one address can sign in at once.

use std::net::IpAddr;

use super::AuthError;
use super::rate_limit::{Key, Limiter, Network};

/// Failures of one account from anywhere, and of one address, as multiples of those of one account from one address.
const FROM_ANYWHERE: u32 = 5;
const OF_ADDRESS: u32 = 10;

pub struct LoginGuard {
    pair: Limiter,
    account: Limiter,
    address: Limiter,
}

/// One try.
pub struct Attempt {
    pair: Key,
    account: Key,
    address: Key,
}

impl LoginGuard {
    /// `per_minute` failures of one account from one address; 0 is no limit.
    pub fn new(per_minute: u32) -> Self {
        Self {
            pair: Limiter::new(per_minute),
            account: Limiter::new(per_minute.saturating_mul(FROM_ANYWHERE)),
            address: Limiter::new(per_minute.saturating_mul(OF_ADDRESS)),
        }
    }

    /// Refuses where there were too many failures.
    pub fn begin(&self, email: &str, peer: Option<IpAddr>) -> Result<Attempt, AuthError> {
        let (email, network) = (email.to_lowercase(), peer.map(Network::of));
        let attempt = Attempt {
            pair: Key::Login(network, email.clone()),
            account: Key::Account(email),
            address: Key::Address(network),
        };
        for (limiter, key) in self.counts(&attempt) {
            if let Some(quota) = limiter.look(key).filter(|quota| !quota.allowed) {
                return Err(AuthError::TooManyFailures { retry_after_s: quota.reset });
            }
        }
        Ok(attempt)
    }

    pub fn failed(&self, attempt: Attempt) {
        for (limiter, key) in self.counts(&attempt) {
            limiter.count(key.clone());
        }
    }

    pub fn succeeded(&self, attempt: &Attempt) {
        self.pair.forget(&attempt.pair);
    }

    fn counts<'a>(&'a self, attempt: &'a Attempt) -> [(&'a Limiter, &'a Key); 3] {
        [(&self.pair, &attempt.pair), (&self.account, &attempt.account), (&self.address, &attempt.address)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(guard: &LoginGuard, email: &str, peer: &str, times: usize) -> bool {
        (0..times).all(|_| {
            let attempt = guard.begin(email, peer.parse().ok());
            attempt.map(|attempt| guard.failed(attempt)).is_ok()
        })
    }

    #[test]
    fn a_guesser_does_not_lock_out_the_neighbours() {
        let guard = LoginGuard::new(3);
        assert!(
            fails(&guard, "ada@b", "192.0.2.1", 3) && guard.begin("ada@b", "192.0.2.1".parse().ok()).is_err()
        );
        assert!(
            guard.begin("bob@b", "192.0.2.1".parse().ok()).is_ok(),
            "another account at the same address"
        );
        assert!(guard.begin("ada@b", "192.0.2.2".parse().ok()).is_ok(), "the same account from elsewhere");
    }

    #[test]
    fn many_guessers_and_guessers_of_accounts_are_slowed() {
        let guard = LoginGuard::new(3);
        let everywhere = (0..5).all(|n| fails(&guard, "ada@b", &format!("192.0.2.{n}"), 3));
        assert!(everywhere && guard.begin("ada@b", "192.0.2.99".parse().ok()).is_err());
        let accounts = (0..30).all(|n| fails(&guard, &format!("{n}@b"), "198.51.100.1", 1));
        assert!(accounts && guard.begin("new@b", "198.51.100.1".parse().ok()).is_err());
    }
}
