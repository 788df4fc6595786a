//! Accounts: registration, logins, and the tokens that they issue.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use engunity_protocol::account::{Credentials, NewPersonalToken, PersonalToken, Ticket, User};
use engunity_protocol::{TokenId, UserId};
use engunity_store::{Rotation, Store, StoreError};

use super::rate_limit::{Key, Limiter};
use super::tokens::{Keys, PERSONAL_PREFIX, hash, new_secret};
use super::{AuthError, password};

const TICKET_LIFE: Duration = Duration::from_secs(30);
/// Personal tokens that one user may have.
pub const MAX_TOKENS: usize = 100;
const REFRESH_PREFIX: &str = "engr_";
const TICKET_PREFIX: &str = "engt_";
/// Characters of a personal token's secret that lists show.
const SHOWN: usize = 6;

pub struct Accounts {
    store: Store,
    keys: Arc<Keys>,
    refresh_token_life: TimeDelta,
    /// Counts failed logins by address and email.
    login_failures: Limiter,
}

impl Accounts {
    pub fn new(
        store: Store,
        keys: Arc<Keys>,
        refresh_token_days: i64,
        login_failures_per_minute: u32,
    ) -> Self {
        let refresh_token_life = TimeDelta::days(refresh_token_days);
        Self { store, keys, refresh_token_life, login_failures: Limiter::new(login_failures_per_minute) }
    }

    /// Makes an account and signs it in.
    pub async fn register(
        &self,
        email: &str,
        password: String,
        name: Option<&str>,
    ) -> Result<Credentials, AuthError> {
        let hash = password::hash(password).await?;
        let user = self.store.create_user(email, name, &hash).await.map_err(|error| match error {
            StoreError::Conflict { .. } => AuthError::EmailTaken,
            other => other.into(),
        })?;
        self.sign_in(user).await
    }

    /// Signs in with email and password; `peer` is the client's address.
    pub async fn login(
        &self,
        email: &str,
        password: String,
        peer: Option<IpAddr>,
    ) -> Result<Credentials, AuthError> {
        let key = Key::Login(peer, email.to_lowercase());
        self.check_failures(&key)?;
        let found = self.store.user_by_email(email).await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
        let right = password::verify(password, hash).await?;
        match user.filter(|_| right) {
            Some(user) => {
                self.login_failures.forget(&key);
                self.sign_in(user).await
            }
            None => {
                self.login_failures.count(key);
                Err(AuthError::InvalidCredentials)
            }
        }
    }

    fn check_failures(&self, key: &Key) -> Result<(), AuthError> {
        match self.login_failures.look(key) {
            Some(quota) if !quota.allowed => Err(AuthError::TooManyFailures { retry_after_s: quota.reset }),
            _ => Ok(()),
        }
    }

    async fn sign_in(&self, user: User) -> Result<Credentials, AuthError> {
        let refresh_token = new_secret(REFRESH_PREFIX);
        self.store.add_refresh_token(user.id, &hash(&refresh_token), self.refresh_end()).await?;
        self.credentials(user, refresh_token)
    }

    fn credentials(&self, user: User, refresh_token: String) -> Result<Credentials, AuthError> {
        let access_token = self.keys.sign(&user)?;
        let expires_in = self.keys.lifetime();
        Ok(Credentials { user, access_token, refresh_token, token_type: "bearer".into(), expires_in })
    }

    fn refresh_end(&self) -> DateTime<Utc> {
        Utc::now() + self.refresh_token_life
    }

    /// Exchanges a refresh token for new tokens. Its second use ends all tokens that came from the same login.
    pub async fn refresh(&self, old: &str) -> Result<Credentials, AuthError> {
        let new = new_secret(REFRESH_PREFIX);
        match self.store.rotate_refresh_token(&hash(old), &hash(&new), self.refresh_end()).await? {
            Rotation::Rotated(user) => self.credentials(user, new),
            Rotation::Reused => Err(AuthError::TokenReused),
            Rotation::Unknown => Err(AuthError::Unauthenticated("the refresh token is unknown or expired")),
        }
    }

    /// Ends the login that a refresh token came from.
    pub async fn logout(&self, token: &str) -> Result<(), AuthError> {
        Ok(self.store.end_refresh_family(&hash(token)).await?)
    }

    pub async fn user(&self, id: UserId) -> Result<User, AuthError> {
        let user = self.store.user(id).await?;
        user.ok_or(AuthError::Unauthenticated("this account does not exist any more"))
    }

    /// A user's personal tokens, without their secrets.
    pub async fn tokens(&self, owner: UserId) -> Result<Vec<PersonalToken>, AuthError> {
        Ok(self.store.personal_tokens(owner).await?)
    }

    /// Makes a personal token. The result is the only place that ever shows its secret.
    pub async fn create_token(
        &self,
        owner: UserId,
        new: &NewPersonalToken,
    ) -> Result<PersonalToken, AuthError> {
        if self.store.personal_tokens(owner).await?.len() >= MAX_TOKENS {
            return Err(AuthError::TooManyTokens);
        }
        let token = new_secret(PERSONAL_PREFIX);
        let expires_at = new.expires_in_days.map(|days| Utc::now() + TimeDelta::days(days.into()));
        let prefix = &token[..PERSONAL_PREFIX.len() + SHOWN];
        let made =
            self.store.add_personal_token(owner, new.name.trim(), prefix, &hash(&token), expires_at).await?;
        Ok(PersonalToken { token: Some(token), ..made })
    }

    /// Revokes a personal token; false where this user has no such token.
    pub async fn delete_token(&self, owner: UserId, id: TokenId) -> Result<bool, AuthError> {
        Ok(self.store.delete_personal_token(owner, id).await?)
    }

    /// Makes a ticket that opens one session socket.
    pub async fn ticket(&self, owner: UserId) -> Result<Ticket, AuthError> {
        let ticket = new_secret(TICKET_PREFIX);
        self.store.add_ticket(owner, &hash(&ticket), Utc::now() + TICKET_LIFE).await?;
        Ok(Ticket { ticket, expires_in: TICKET_LIFE.as_secs() as i64 })
    }
}
