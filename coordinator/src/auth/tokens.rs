//! Who is calling: access tokens (JWT), personal tokens and socket tickets. Reads tokens from the store;
//! making accounts and sessions is `accounts`.

use std::sync::Arc;

use chrono::Utc;
use engunity_protocol::{UserId, account::User, problem::ErrorCode};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use warp::http::{HeaderMap, HeaderValue, header};

use crate::app::App;
use crate::http::error::ApiError;

/// Personal tokens begin with it, so that people and secret scanners know them.
pub const PERSONAL_PREFIX: &str = "engp_";
const ISSUER: &str = "engunity";

/// The user that a request speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    /// The user's name, else the email: what others in a session see.
    pub name: Arc<str>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
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

    pub fn sign(&self, user: &User) -> Result<String, ApiError> {
        let now = Utc::now().timestamp();
        let name = user.name.clone().unwrap_or_else(|| user.email.clone());
        let claims = Claims {
            iss: ISSUER.into(),
            sub: user.id.to_string(),
            name,
            iat: now,
            exp: now + self.lifetime(),
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.encoding).map_err(ApiError::internal)
    }

    fn check(&self, token: &str) -> Result<Caller, ApiError> {
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).map_err(explain)?.claims;
        let user_id = claims.sub.parse().map_err(|_| unauthenticated("the access token names no user"))?;
        Ok(Caller { user_id, name: claims.name.into() })
    }
}

fn explain(error: jsonwebtoken::errors::Error) -> ApiError {
    use jsonwebtoken::errors::ErrorKind;
    unauthenticated(match error.kind() {
        ErrorKind::ExpiredSignature => "the access token has expired",
        _ => "the access token is not one of ours",
    })
}

pub fn unauthenticated(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"engunity\""))
}

/// The caller that the `Authorization` header proves.
pub async fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let token = bearer(headers)?;
    if token.starts_with(PERSONAL_PREFIX) {
        let owner = app.store.personal_token_owner(&hash(token)).await?;
        return owner
            .map(from_user)
            .ok_or_else(|| unauthenticated("the personal token is unknown, revoked or expired"));
    }
    app.keys.check(token)
}

/// The caller whose ticket this is. A ticket works once.
pub async fn redeem_ticket(app: &App, ticket: &str) -> Result<Caller, ApiError> {
    let owner = app.store.redeem_ticket(&hash(ticket)).await?;
    owner
        .map(from_user)
        .ok_or_else(|| unauthenticated("the ticket is unknown, used or older than 30 seconds"))
}

fn from_user(user: User) -> Caller {
    Caller { user_id: user.id, name: user.name.unwrap_or(user.email).into() }
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| unauthenticated("send Authorization: Bearer <access token>"))?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(unauthenticated("the Authorization header must be: Bearer <access token>"));
    }
    Ok(token.trim())
}

/// What is stored of a token: it has 256 random bits, so a fast hash is enough.
pub fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User { id: 7, email: "a@example.com".into(), name: None, created_at: Utc::now() }
    }

    #[test]
    fn takes_its_own_tokens_only() {
        let keys = Keys::new(&"a".repeat(32), 15);
        let token = keys.sign(&user()).unwrap();
        assert_eq!(keys.check(&token).unwrap(), Caller { user_id: 7, name: "a@example.com".into() });
        assert!(Keys::new(&"b".repeat(32), 15).check(&token).is_err());
        assert!(keys.check(&format!("{token}x")).is_err());
        assert!(Keys::new(&"a".repeat(32), -1).sign(&user()).is_ok_and(|old| keys.check(&old).is_err()));
    }

    #[test]
    fn refuses_tokens_without_a_signature() {
        let keys = Keys::new(&"a".repeat(32), 15);
        let token = keys.sign(&user()).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        assert!(keys.check(&format!("{none}.{payload}.")).is_err());
    }
}
