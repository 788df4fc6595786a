//! Accounts: register, login, refresh, logout, personal tokens and socket tickets.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use engunity_protocol::account::{
    Credentials, Login, NewPersonalToken, PersonalToken, RefreshToken, Register, Ticket, User,
};
use engunity_protocol::problem::{ErrorCode, Problem};
use engunity_protocol::schema;
use engunity_store::{Rotation, StoreError};
use serde_json::{Value, json};
use uuid::Uuid;
use warp::http::{Method, header};

use crate::app::App;
use crate::auth::password;
use crate::auth::rate_limit::{Key, Limiter};
use crate::auth::tokens::{self as auth, Caller, PERSONAL_PREFIX, unauthenticated};
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::parameter::{Parameter, Path};
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::{Route, Takes};

/// A personal token in the path.
pub struct TokenId(Uuid);

impl Parameter for TokenId {
    const NAME: &'static str = "token_id";

    fn schema() -> Value {
        json!({"type": "string", "format": "uuid"})
    }

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "must be a token's id".into())
    }
}

const TICKET_LIFE: Duration = Duration::from_secs(30);
/// Personal tokens that one user may have.
const MAX_TOKENS: usize = 100;

pub fn routes() -> Vec<Route> {
    vec![
        Route::open(Method::POST, "/api/v1/auth/register", register),
        Route::open(Method::POST, "/api/v1/auth/login", login),
        Route::open(Method::POST, "/api/v1/auth/refresh", refresh),
        Route::open(Method::POST, "/api/v1/auth/logout", logout),
        Route::signed(Method::GET, "/api/v1/auth/me", me),
        Route::signed(Method::GET, "/api/v1/auth/tokens", tokens),
        Route::signed(Method::POST, "/api/v1/auth/tokens", create_token),
        Route::signed(Method::DELETE, "/api/v1/auth/tokens/{token_id}", delete_token),
        Route::signed(Method::POST, "/api/v1/auth/ticket", ticket).takes(Takes::Nothing),
    ]
}

/// Makes an account and signs it in.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", request_body = Register,
    responses((status = 201, body = Credentials), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn register(app: Arc<App>, mut request: Request) -> ApiResult {
    let new: Register = request.json().await?;
    let email = new.email.trim();
    let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    check_register(email, &new.password, name)?;
    let hash = password::hash(new.password.clone()).await?;
    let user = app.store.create_user(email, name, &hash).await.map_err(|error| match error {
        StoreError::Conflict(_) => {
            ApiError::new(ErrorCode::Conflict, "there is an account with this email already")
        }
        other => other.into(),
    })?;
    reply::created(&sign_in(&app, user).await?)
}

fn check_register(email: &str, password: &str, name: Option<&str>) -> Result<(), ApiError> {
    let mut checks = Checks::default();
    if !is_email(email) {
        checks.refuse("email", "must be an email address");
    }
    checks.text("password", password, schema::PASSWORD);
    checks.text("name", name.unwrap_or_default(), schema::USER_NAME);
    checks.done()
}

/// Something before and after one `@`, and nothing that could be another thing than an address.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"".contains(c));
    plain
        && schema::EMAIL.contains(&text.chars().count())
        && !local.is_empty()
        && !local.contains('@')
        && is_domain(domain)
}

fn is_domain(domain: &str) -> bool {
    !domain.is_empty()
        && domain
            .split('.')
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
}

/// Signs in with email and password.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = Login,
    responses((status = 200, body = Credentials), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub async fn login(app: Arc<App>, mut request: Request) -> ApiResult {
    let login: Login = request.json().await?;
    let email = login.email.trim();
    let key = Key::Login(request.peer, email.to_lowercase());
    check_attempts(&app.login_failures, &key)?;
    let found = app.store.user_by_email(email).await?;
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let right = password::verify(login.password, hash).await?;
    match user.filter(|_| right) {
        Some(user) => {
            app.login_failures.forget(&key);
            reply::json(&sign_in(&app, user).await?)
        }
        None => {
            app.login_failures.count(key);
            Err(ApiError::new(ErrorCode::InvalidCredentials, "email or password is wrong"))
        }
    }
}

fn check_attempts(failures: &Limiter, key: &Key) -> Result<(), ApiError> {
    match failures.look(key) {
        Some(quota) if !quota.allowed => {
            let detail = format!("too many failed logins; try again in {} s", quota.reset);
            Err(ApiError::new(ErrorCode::RateLimited, detail)
                .with_header(header::RETRY_AFTER, quota.reset.into()))
        }
        _ => Ok(()),
    }
}

async fn sign_in(app: &App, user: User) -> Result<Credentials, ApiError> {
    let refresh_token = new_secret("engr_");
    app.store.add_refresh_token(user.id, &auth::hash(&refresh_token), refresh_end(app)).await?;
    credentials(app, user, refresh_token)
}

fn credentials(app: &App, user: User, refresh_token: String) -> Result<Credentials, ApiError> {
    let access_token = app.keys.sign(&user)?;
    Ok(Credentials {
        user,
        access_token,
        refresh_token,
        token_type: "bearer".into(),
        expires_in: app.keys.lifetime(),
    })
}

fn refresh_end(app: &App) -> chrono::DateTime<Utc> {
    Utc::now() + TimeDelta::days(app.config.auth.refresh_token_days)
}

/// Exchanges a refresh token for new tokens. It works once: its second use ends all tokens that came from the same login.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshToken,
    responses((status = 200, body = Credentials), (status = 401, body = Problem)))]
pub async fn refresh(app: Arc<App>, mut request: Request) -> ApiResult {
    let old: RefreshToken = request.json().await?;
    let new = new_secret("engr_");
    match app
        .store
        .rotate_refresh_token(&auth::hash(&old.refresh_token), &auth::hash(&new), refresh_end(&app))
        .await?
    {
        Rotation::Rotated(user) => reply::json(&credentials(&app, user, new)?),
        Rotation::Reused => {
            Err(ApiError::new(ErrorCode::TokenReused, "all tokens of this login have ended; sign in again"))
        }
        Rotation::Unknown => Err(unauthenticated("the refresh token is unknown or expired")),
    }
}

/// Ends the login that a refresh token came from.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshToken, responses((status = 204)))]
pub async fn logout(app: Arc<App>, mut request: Request) -> ApiResult {
    let token: RefreshToken = request.json().await?;
    app.store.end_refresh_family(&auth::hash(&token.refresh_token)).await?;
    reply::no_content()
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = User), (status = 401, body = Problem)))]
pub async fn me(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    let user = app
        .store
        .user(caller.user_id)
        .await?
        .ok_or_else(|| unauthenticated("this account does not exist any more"))?;
    reply::json(&user)
}

/// Lists personal access tokens, without the tokens themselves.
#[utoipa::path(get, path = "/api/v1/auth/tokens", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Vec<PersonalToken>)))]
pub async fn tokens(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    reply::json(&app.store.personal_tokens(caller.user_id).await?)
}

/// Makes a personal access token. The answer is the only place that ever shows it.
#[utoipa::path(post, path = "/api/v1/auth/tokens", tag = "auth", security(("bearer" = [])), request_body = NewPersonalToken,
    responses((status = 201, body = PersonalToken), (status = 422, body = Problem)))]
pub async fn create_token(app: Arc<App>, caller: Caller, mut request: Request) -> ApiResult {
    let new: NewPersonalToken = request.json().await?;
    check_token(&new)?;
    if app.store.personal_tokens(caller.user_id).await?.len() >= MAX_TOKENS {
        return Err(ApiError::new(
            ErrorCode::QuotaExceeded,
            format!("at most {MAX_TOKENS} personal tokens; revoke one first"),
        ));
    }
    let token = new_secret(PERSONAL_PREFIX);
    let expires_at = new.expires_in_days.map(|days| Utc::now() + TimeDelta::days(days.into()));
    let prefix = &token[..PERSONAL_PREFIX.len() + 6];
    let mut made = app
        .store
        .add_personal_token(caller.user_id, new.name.trim(), prefix, &auth::hash(&token), expires_at)
        .await?;
    made.token = Some(token);
    reply::created(&made)
}

fn check_token(new: &NewPersonalToken) -> Result<(), ApiError> {
    let mut checks = Checks::default();
    checks.text("name", new.name.trim(), schema::TOKEN_NAME);
    let days = schema::TOKEN_DAYS;
    if new.expires_in_days.is_some_and(|asked| !days.contains(&asked)) {
        checks.refuse("expires_in_days", format!("must be from {} to {}", days.start(), days.end()));
    }
    checks.done()
}

/// Revokes a personal access token, at once.
#[utoipa::path(delete, path = "/api/v1/auth/tokens/{token_id}", tag = "auth", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delete_token(
    app: Arc<App>,
    caller: Caller,
    Path(TokenId(id)): Path<TokenId>,
    _: Request,
) -> ApiResult {
    if app.store.delete_personal_token(caller.user_id, id).await? {
        reply::no_content()
    } else {
        Err(ApiError::not_found("this token"))
    }
}

/// Makes a key that opens one session socket within 30 seconds.
#[utoipa::path(post, path = "/api/v1/auth/ticket", tag = "auth", security(("bearer" = [])), responses((status = 200, body = Ticket)))]
pub async fn ticket(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    let ticket = new_secret("engt_");
    app.store.add_ticket(caller.user_id, &auth::hash(&ticket), Utc::now() + TICKET_LIFE).await?;
    reply::json(&Ticket { ticket, expires_in: TICKET_LIFE.as_secs() as i64 })
}

/// 256 random bits in text that fits in URLs and headers.
fn new_secret(prefix: &str) -> String {
    use base64::Engine;
    let bytes: [u8; 32] = rand::random();
    format!("{prefix}{}", base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_email_addresses() {
        for good in ["a@b", "a.b+c@example.com", "ü@example.org", "a@sub.example.co.uk"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@.com", "a@b..c", "a\n@b.c", "<a@b.c>", "a@-b.c"]
        {
            assert!(!is_email(bad), "{bad:?}");
        }
    }

    #[test]
    fn secrets_differ() {
        let (a, b) = (new_secret(PERSONAL_PREFIX), new_secret(PERSONAL_PREFIX));
        assert!(a != b && a.len() == b.len() && a.starts_with("engp_"));
    }
}
