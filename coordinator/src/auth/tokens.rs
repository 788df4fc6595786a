//! Who is calling: access tokens (JWT), personal tokens and socket tickets. `accounts` issues them, `revocations` says which
//! have ended before their time.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::Utc;
use engunity_protocol::{SessionId, UserId, account::User};
use engunity_store::Store;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::AuthError;
use super::revocations::Revocations;

/// Personal tokens begin with it, so that people and secret scanners know them.
pub const PERSONAL_PREFIX: &str = "engp_";
const ISSUER: &str = "engunity";

/// The user that a request speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    /// The user's name, else the email: what others in a session see.
    pub name: Arc<str>,
    pub authority: Authority,
}

/// What a caller proved one's identity by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Authority {
    /// The session or the personal token; none with an access token of an older version.
    pub id: Option<Uuid>,
    /// What had ended when it was checked; see [`Revocations`].
    pub seen: u64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    name: String,
    iat: i64,
    exp: i64,
}

/// The keys that sign and check access tokens.
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    minutes: i64,
}

impl Keys {
    pub fn new(secret: &str, minutes: i64) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.leeway = 0;
        let secret = secret.as_bytes();
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            minutes,
        }
    }

    /// Seconds that a new access token is good for.
    pub fn lifetime(&self) -> i64 {
        self.minutes * 60
    }

    pub fn sign(&self, user: &User, session: SessionId) -> Result<String, AuthError> {
        let now = Utc::now().timestamp();
        let name = user.name.clone().unwrap_or_else(|| user.email.clone());
        let claims = Claims {
            iss: ISSUER.into(),
            sub: user.id.to_string(),
            sid: Some(session.0),
            name,
            iat: now,
            exp: now + self.lifetime(),
        };
        Ok(jsonwebtoken::encode(&Header::default(), &claims, &self.encoding)?)
    }

    fn check(&self, token: &str) -> Result<Caller, AuthError> {
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).map_err(explain)?.claims;
        let user_id =
            claims.sub.parse().map_err(|_| AuthError::Unauthenticated("the access token names no user"))?;
        let authority = Authority { id: claims.sid, seen: 0 };
        Ok(Caller { user_id, name: claims.name.into(), authority })
    }
}

fn explain(error: jsonwebtoken::errors::Error) -> AuthError {
    use jsonwebtoken::errors::ErrorKind;
    AuthError::Unauthenticated(match error.kind() {
        ErrorKind::ExpiredSignature => "the access token has expired",
        _ => "the access token is not one of ours",
    })
}

/// Checks what callers present.
#[derive(Clone)]
pub struct Tokens {
    store: Store,
    keys: Arc<Keys>,
    revocations: Arc<Revocations>,
}

impl Tokens {
    pub fn new(store: Store, keys: Arc<Keys>, revocations: Arc<Revocations>) -> Self {
        Self { store, keys, revocations }
    }

    /// Whether this can be no access token of ours, told without the database.
    pub fn is_forged(&self, token: &str) -> bool {
        !token.starts_with(PERSONAL_PREFIX) && self.keys.check(token).is_err()
    }

    /// The caller that an access token or a personal token proves.
    pub async fn caller(&self, token: &str) -> Result<Caller, AuthError> {
        let seen = self.revocations.seen();
        if !token.starts_with(PERSONAL_PREFIX) {
            let mut caller = self.keys.check(token)?;
            if caller.authority.id.is_some_and(|id| self.revocations.contains(id)) {
                return Err(AuthError::Unauthenticated("this session has ended; sign in again"));
            }
            caller.authority.seen = seen;
            return Ok(caller);
        }
        let owner = self.store.personal_token_owner(&hash(token)).await?;
        let unknown = AuthError::Unauthenticated("the personal token is unknown, revoked or expired");
        let (user, id) = owner.ok_or(unknown)?;
        Ok(from_user(user, Authority { id: Some(id.0), seen }))
    }

    /// The caller whose ticket this is. A ticket works once.
    pub async fn redeem_ticket(&self, ticket: &str) -> Result<Caller, AuthError> {
        let seen = self.revocations.seen();
        let owner = self.store.redeem_ticket(&hash(ticket)).await?;
        let unknown = || AuthError::Unauthenticated("the ticket is unknown, used or older than 30 seconds");
        let (user, id) = owner.ok_or_else(unknown)?;
        Ok(from_user(user, Authority { id, seen }))
    }

    /// Waits until what the caller proved one's identity by ends.
    pub fn ended(&self, authority: Authority) -> impl Future<Output = ()> + Send + 'static {
        let revocations = self.revocations.clone();
        async move { revocations.ended(authority).await }
    }
}

fn from_user(user: User, authority: Authority) -> Caller {
    Caller { user_id: user.id, name: user.name.unwrap_or(user.email).into(), authority }
}

/// What is stored of a token: it has 256 random bits, so a fast hash is enough.
pub fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// 256 random bits in text that fits in URLs and headers.
pub fn new_secret(prefix: &str) -> String {
    let bytes: [u8; 32] = rand::random();
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            id: UserId(7),
            email: "a@example.com".into(),
            name: None,
            created_at: Utc::now(),
            role: Default::default(),
            email_verified: false,
        }
    }

    #[test]
    fn takes_its_own_tokens_only() {
        let keys = Keys::new(&"a".repeat(32), 15);
        let session = SessionId::new();
        let token = keys.sign(&user(), session).unwrap();
        let authority = Authority { id: Some(session.0), seen: 0 };
        let caller = Caller { user_id: UserId(7), name: "a@example.com".into(), authority };
        assert_eq!(keys.check(&token).unwrap(), caller);
        assert!(Keys::new(&"b".repeat(32), 15).check(&token).is_err());
        assert!(keys.check(&format!("{token}x")).is_err());
        assert!(
            Keys::new(&"a".repeat(32), -1).sign(&user(), session).is_ok_and(|old| keys.check(&old).is_err())
        );
    }

    #[test]
    fn secrets_differ() {
        let (a, b) = (new_secret(PERSONAL_PREFIX), new_secret(PERSONAL_PREFIX));
        assert!(a != b && a.len() == b.len() && a.starts_with("engp_"));
    }

    #[test]
    fn refuses_tokens_without_a_signature() {
        let keys = Keys::new(&"a".repeat(32), 15);
        let token = keys.sign(&user(), SessionId::new()).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        assert!(keys.check(&format!("{none}.{payload}.")).is_err());
    }
}
