//! Accounts: register, login, refresh, logout, personal tokens and socket tickets.

use std::sync::Arc;

use engunity_protocol::account::{
    Credentials, Login, Me, NewPersonalToken, PersonalToken, RefreshToken, Register, Ticket,
};
use engunity_protocol::problem::Problem;
use engunity_protocol::{TokenId, schema};
use serde_json::{Value, json};
use warp::http::Method;

use super::runs::IdempotencyKey;
use crate::app::App;
use crate::auth::{
    Caller,
    accounts::{NewAccount, Origin},
};
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::parameter::{Header, Parameter, Path};
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::{RequestBody, Route};

impl Parameter for TokenId {
    const NAME: &'static str = "token_id";

    fn schema() -> Value {
        json!({"type": "string", "format": "uuid"})
    }

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be a token's id".into())
    }
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::public(Method::POST, "/api/v1/auth/register", register),
        Route::public(Method::POST, "/api/v1/auth/login", login),
        Route::public(Method::POST, "/api/v1/auth/refresh", refresh),
        Route::public(Method::POST, "/api/v1/auth/logout", logout),
        Route::authenticated(Method::GET, "/api/v1/auth/me", me),
        Route::authenticated(Method::GET, "/api/v1/auth/tokens", tokens),
        Route::authenticated(Method::POST, "/api/v1/auth/tokens", create_token),
        Route::authenticated(Method::DELETE, "/api/v1/auth/tokens/{token_id}", delete_token),
        Route::authenticated(Method::POST, "/api/v1/auth/ticket", ticket).body(RequestBody::None),
    ]
}

/// Makes an account and signs it in.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", request_body = Register,
    responses((status = 201, body = Credentials), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn register(app: Arc<App>, mut request: Request) -> ApiResult {
    let new: Register = request.json().await?;
    let email = new.email.trim();
    let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    check_register(email, &new.password, name)?;
    let invitation = new.invitation.as_deref().map(str::trim);
    if invitation.is_some_and(|code| code.contains('\0')) {
        return Err(ApiError::field("invitation", "must not contain NUL"));
    }
    let account = NewAccount { email, password: new.password.clone(), name, invitation };
    let most = app.limits.current().installation.users;
    reply::created(&app.accounts.register(account, &origin(&request), most).await?)
}

/// Where a request comes from.
pub(super) fn origin(request: &Request) -> Origin {
    Origin { peer: request.peer, user_agent: request.header("user-agent").map(str::to_owned) }
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
pub(super) fn is_email(text: &str) -> bool {
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
    responses((status = 200, body = Credentials), (status = 401, body = Problem), (status = 403, body = Problem), (status = 429, body = Problem)))]
pub async fn login(app: Arc<App>, mut request: Request) -> ApiResult {
    let login: Login = request.json().await?;
    reply::json(&app.accounts.login(login.email.trim(), login.password, &origin(&request)).await?)
}

/// Exchanges a refresh token for new tokens. It works once: its second use ends all tokens that came from the same login.
/// Only under the same `Idempotency-Key` it is taken once more within some seconds, because the answer may have been lost.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshToken,
    responses((status = 200, body = Credentials), (status = 401, body = Problem)))]
pub async fn refresh(
    app: Arc<App>,
    Header(key): Header<Option<IdempotencyKey>>,
    mut request: Request,
) -> ApiResult {
    let old: RefreshToken = request.json().await?;
    reply::json(
        &app.accounts
            .refresh(&old.refresh_token, key.as_ref().map(IdempotencyKey::as_str), &origin(&request))
            .await?,
    )
}

/// Ends the login that a refresh token came from.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshToken, responses((status = 204)))]
pub async fn logout(app: Arc<App>, mut request: Request) -> ApiResult {
    let token: RefreshToken = request.json().await?;
    app.accounts.logout(&token.refresh_token).await?;
    reply::no_content()
}

/// Who is signed in, with what this user may use and uses now.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub async fn me(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    let user = app.accounts.user(caller.user_id).await?;
    let limits = app.limits.of(user.id).await?;
    let usage = app.limits.usage(user.id).await?;
    reply::json(&Me { user, limits, usage })
}

/// Lists personal access tokens, without the tokens themselves.
#[utoipa::path(get, path = "/api/v1/auth/tokens", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Vec<PersonalToken>)))]
pub async fn tokens(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    reply::json(&app.accounts.tokens(caller.user_id).await?)
}

/// Makes a personal access token. The answer is the only place that ever shows it.
#[utoipa::path(post, path = "/api/v1/auth/tokens", tag = "auth", security(("bearer" = [])), request_body = NewPersonalToken,
    responses((status = 201, body = PersonalToken), (status = 422, body = Problem)))]
pub async fn create_token(app: Arc<App>, caller: Caller, mut request: Request) -> ApiResult {
    let new: NewPersonalToken = request.json().await?;
    check_token(&new)?;
    reply::created(&app.accounts.create_token(caller.user_id, &new).await?)
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
pub async fn delete_token(app: Arc<App>, caller: Caller, Path(id): Path<TokenId>, _: Request) -> ApiResult {
    if app.accounts.delete_token(caller.user_id, id).await? {
        reply::no_content()
    } else {
        Err(ApiError::not_found("this token"))
    }
}

/// Makes a key that opens one session socket within 30 seconds.
#[utoipa::path(post, path = "/api/v1/auth/ticket", tag = "auth", security(("bearer" = [])), responses((status = 200, body = Ticket)))]
pub async fn ticket(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    reply::json(&app.accounts.ticket(&caller).await?)
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
}
