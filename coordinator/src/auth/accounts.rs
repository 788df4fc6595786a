//! Accounts: registration, logins, sessions, and the tokens that they issue.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use engunity_protocol::account::{Credentials, NewPersonalToken, PersonalToken, Role, Session, Ticket, User};
use engunity_protocol::{SessionId, TokenId, UserId};
use engunity_store::{Admission, Device, Registered, Rotation, Store, StoreError};

use super::login_guard::LoginGuard;
use super::mail::{Mailer, Purpose};
use super::rate_limit::{Key, Limiter};
use super::revocations::Revocations;
use super::tokens::{Keys, PERSONAL_PREFIX, hash, new_secret};
use super::{AuthError, Caller, password};
use crate::config::{self, Registration};

const TICKET_LIFE: Duration = Duration::from_secs(30);
/// Personal tokens that one user may have.
pub const MAX_TOKENS: usize = 100;
const REFRESH_PREFIX: &str = "engr_";
const TICKET_PREFIX: &str = "engt_";
/// Characters of a personal token's secret that lists show.
const SHOWN: usize = 6;
/// Longest description of a device that is kept.
const DEVICE_CHARS: usize = 300;
/// Mails to one address in a minute.
const MAILS_PER_MINUTE: u32 = 3;

pub struct Accounts {
    pub(super) store: Store,
    keys: Arc<Keys>,
    pub(super) revocations: Arc<Revocations>,
    pub(super) mailer: Mailer,
    pub(super) mails: Limiter,
    registration: Registration,
    refresh_token_life: TimeDelta,
    refresh_grace_s: f64,
    pub(super) logins: LoginGuard,
}

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub peer: Option<IpAddr>,
    pub user_agent: Option<String>,
}

impl Origin {
    fn device(&self) -> Device {
        let short = |text: &String| text.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS).collect();
        Device {
            user_agent: self.user_agent.as_ref().map(short),
            address: self.peer.map(|peer| peer.to_string()),
        }
    }
}

/// A new account, its fields checked.
#[derive(Debug)]
pub struct NewAccount<'a> {
    pub email: &'a str,
    pub password: String,
    pub name: Option<&'a str>,
    pub invitation: Option<&'a str>,
}

impl Accounts {
    pub fn new(
        store: Store,
        keys: Arc<Keys>,
        revocations: Arc<Revocations>,
        mailer: Mailer,
        auth: &config::Auth,
    ) -> Self {
        Self {
            store,
            keys,
            revocations,
            mailer,
            mails: Limiter::new(MAILS_PER_MINUTE),
            registration: auth.registration,
            refresh_token_life: TimeDelta::days(auth.refresh_token_days),
            refresh_grace_s: auth.refresh_grace_seconds,
            logins: LoginGuard::new(auth.login_failures_per_minute),
        }
    }

    /// Makes an account and signs it in. The first one is an administrator's, however registration is set.
    pub async fn register(
        &self,
        new: NewAccount<'_>,
        origin: &Origin,
        most: i64,
    ) -> Result<Credentials, AuthError> {
        let password_hash = password::hash(new.password).await?;
        let code = new.invitation.map(hash);
        let admission = match self.registration {
            Registration::Open => Admission::Open,
            Registration::Invitation => Admission::Invitation(code.as_ref().map(|code| code.as_slice())),
            Registration::Closed => Admission::Closed,
        };
        let registered = self.store.register_user(new.email, new.name, &password_hash, admission, most).await;
        let user = match registered {
            Ok(Registered::New(user)) => user,
            Ok(Registered::Refused) => return Err(self.refusal(code.is_some())),
            Ok(Registered::Full { users }) => return Err(AuthError::TooManyUsers { users, most }),
            Err(StoreError::Conflict { .. }) => return Err(AuthError::EmailTaken),
            Err(other) => return Err(other.into()),
        };
        if self.mailer.is_configured() {
            self.mail_code(user.id, &user.email, Purpose::Verify).await?;
        }
        self.sign_in(user, origin).await
    }

    fn refusal(&self, invited: bool) -> AuthError {
        match self.registration {
            Registration::Invitation if invited => AuthError::BadInvitation,
            Registration::Invitation => AuthError::ByInvitation,
            Registration::Open | Registration::Closed => AuthError::Closed,
        }
    }

    /// Signs in with email and password.
    pub async fn login(
        &self,
        email: &str,
        password: String,
        origin: &Origin,
    ) -> Result<Credentials, AuthError> {
        let attempt = self.logins.begin(email, origin.peer)?;
        let found = self.store.account_by_email(email).await?;
        let known = found.as_ref().map(|account| account.password_hash.clone());
        let right = password::verify(password, known).await?;
        match found.filter(|_| right) {
            Some(account) if account.disabled => Err(AuthError::Disabled),
            Some(account) => {
                self.logins.succeeded(&attempt);
                self.sign_in(account.user, origin).await
            }
            None => {
                self.logins.failed(attempt);
                Err(AuthError::InvalidCredentials)
            }
        }
    }

    async fn sign_in(&self, user: User, origin: &Origin) -> Result<Credentials, AuthError> {
        let token = new_secret(REFRESH_PREFIX);
        let end = self.refresh_end();
        let session = self.store.add_session(user.id, &hash(&token), end, &origin.device()).await?;
        self.credentials(user, session, token)
    }

    fn credentials(
        &self,
        user: User,
        session: SessionId,
        refresh_token: String,
    ) -> Result<Credentials, AuthError> {
        let access_token = self.keys.sign(&user, session)?;
        let expires_in = self.keys.lifetime();
        Ok(Credentials { user, access_token, refresh_token, token_type: "bearer".into(), expires_in })
    }

    fn refresh_end(&self) -> DateTime<Utc> {
        Utc::now() + self.refresh_token_life
    }

    /// Exchanges a refresh token for new tokens. Its second use ends all tokens that came from the same login, except
    /// within the grace period under the same `key`: then the answer to the first use was lost.
    pub async fn refresh(
        &self,
        old: &str,
        key: Option<&str>,
        origin: &Origin,
    ) -> Result<Credentials, AuthError> {
        let (old, new) = (hash(old), new_secret(REFRESH_PREFIX));
        let (end, device) = (self.refresh_end(), origin.device());
        let (new_hash, key) = (hash(&new), key.map(hash));
        let key = key.as_ref().map(<[u8; 32]>::as_slice);
        let grace_s = self.refresh_grace_s;
        match self.store.rotate_refresh_token(&old, &new_hash, end, grace_s, key, &device).await? {
            Rotation::Rotated(user, session) => self.credentials(user, session, new),
            Rotation::Reused(session) => {
                self.revocations.add([session.0]);
                Err(AuthError::TokenReused)
            }
            Rotation::Unknown => Err(AuthError::Unauthenticated("the refresh token is unknown or expired")),
        }
    }

    /// Ends the login that a refresh token came from.
    pub async fn logout(&self, token: &str) -> Result<(), AuthError> {
        let ended = self.store.end_session_of(&hash(token)).await?;
        self.revocations.add(ended.map(|session| session.0));
        Ok(())
    }

    pub async fn user(&self, id: UserId) -> Result<User, AuthError> {
        let user = self.store.user(id).await?;
        user.ok_or(AuthError::Unauthenticated("this account does not exist any more"))
    }

    /// Refuses everybody but administrators.
    pub async fn check_admin(&self, caller: &Caller) -> Result<(), AuthError> {
        match self.user(caller.user_id).await?.role {
            Role::Admin => Ok(()),
            Role::User => Err(AuthError::NotAdmin("only administrators may do this")),
        }
    }

    /// A user's sessions, the last used first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<Session>, AuthError> {
        Ok(self.store.sessions(caller.user_id, caller.authority.id).await?)
    }

    /// Ends one session; false where this user has none of that id.
    pub async fn end_session(&self, owner: UserId, id: SessionId) -> Result<bool, AuthError> {
        let ended = self.store.end_sessions(owner, Some(&[id]), None).await?;
        self.revocations.add(ended.iter().map(|ended| ended.authority));
        Ok(!ended.is_empty())
    }

    /// Ends all sessions of a user but the caller's own.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<(), AuthError> {
        self.end_all_sessions(caller.user_id, caller.authority.id).await
    }

    pub(super) async fn end_all_sessions(
        &self,
        owner: UserId,
        except: Option<uuid::Uuid>,
    ) -> Result<(), AuthError> {
        let ended = self.store.end_sessions(owner, None, except).await?;
        self.revocations.add(ended.iter().map(|ended| ended.authority));
        Ok(())
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
        let deleted = self.store.delete_personal_token(owner, id).await?;
        if deleted {
            self.revocations.add([id.0]);
        }
        Ok(deleted)
    }

    /// Makes a ticket that opens one session socket.
    pub async fn ticket(&self, caller: &Caller) -> Result<Ticket, AuthError> {
        let ticket = new_secret(TICKET_PREFIX);
        let (owner, authority) = (caller.user_id, caller.authority.id);
        self.store.add_ticket(owner, authority, &hash(&ticket), Utc::now() + TICKET_LIFE).await?;
        Ok(Ticket { ticket, expires_in: TICKET_LIFE.as_secs() as i64 })
    }

    /// Sends a code by mail, but not many to one address.
    pub(super) async fn mail_code(
        &self,
        owner: UserId,
        email: &str,
        purpose: Purpose,
    ) -> Result<(), AuthError> {
        let quota = self.mails.count(Key::Account(format!("{} {}", purpose.as_str(), email.to_lowercase())));
        if quota.is_some_and(|quota| !quota.allowed) {
            return Ok(());
        }
        let token = new_secret("engm_");
        let end = Utc::now() + purpose.lifetime();
        self.store.add_mailed_code(owner, purpose.as_str(), email, &hash(&token), end).await?;
        self.mailer.send(email, purpose, &token);
        Ok(())
    }
}
