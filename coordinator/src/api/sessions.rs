//! Sessions and passwords: list and end sign-ins, change or reset a password, prove an address.

use std::sync::Arc;

use engunity_protocol::account::{EmailProof, PasswordChange, PasswordReset, Session};
use engunity_protocol::problem::Problem;
use engunity_protocol::{SessionId, schema};
use serde_json::{Value, json};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::accounts::origin;
use crate::app::App;
use crate::auth::Caller;
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::parameter::{Parameter, Path};
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::{RequestBody, Route};

impl Parameter for SessionId {
    const NAME: &'static str = "session_id";

    fn schema() -> Value {
        json!({"type": "string", "format": "uuid"})
    }

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be a session's id".into())
    }
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/auth/sessions", list),
        Route::authenticated(Method::DELETE, "/api/v1/auth/sessions", end_others),
        Route::authenticated(Method::DELETE, "/api/v1/auth/sessions/{session_id}", end),
        Route::authenticated(Method::POST, "/api/v1/auth/password", password),
        Route::public(Method::POST, "/api/v1/auth/reset", reset),
        Route::public(Method::POST, "/api/v1/auth/verify", verify),
        Route::authenticated(Method::POST, "/api/v1/auth/verify/send", send_verification)
            .body(RequestBody::None),
    ]
}

/// Lists one's sessions, the last used first.
#[utoipa::path(get, path = "/api/v1/auth/sessions", operation_id = "list_sessions", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Vec<Session>)))]
pub async fn list(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    reply::json(&app.accounts.sessions(&caller).await?)
}

/// Ends one session: its tokens, streams and sockets end at once.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{session_id}", operation_id = "end_session", tag = "auth",
    security(("bearer" = [])), responses((status = 204), (status = 404, body = Problem)))]
pub async fn end(app: Arc<App>, caller: Caller, Path(id): Path<SessionId>, _: Request) -> ApiResult {
    if app.accounts.end_session(caller.user_id, id).await? {
        reply::no_content()
    } else {
        Err(ApiError::not_found("this session"))
    }
}

/// Ends all sessions but the one that asks.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", operation_id = "end_other_sessions", tag = "auth",
    security(("bearer" = [])), responses((status = 204)))]
pub async fn end_others(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    app.accounts.end_other_sessions(&caller).await?;
    reply::no_content()
}

/// Changes the password. All other sessions end.
#[utoipa::path(post, path = "/api/v1/auth/password", operation_id = "change_password", tag = "auth", security(("bearer" = [])),
    request_body = PasswordChange,
    responses((status = 204), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub async fn password(app: Arc<App>, caller: Caller, mut request: Request) -> ApiResult {
    let change: PasswordChange = request.json().await?;
    let mut checks = Checks::default();
    checks.text("new_password", &change.new_password, schema::PASSWORD);
    checks.done()?;
    let from = origin(&request);
    app.accounts.change_password(&caller, change.current_password, change.new_password, &from).await?;
    reply::no_content()
}

/// With `email`: sends a code there if an account has it (202 in either case). With `token` and `new_password`: sets the
/// password and ends all sessions (204).
#[utoipa::path(post, path = "/api/v1/auth/reset", operation_id = "reset_password", tag = "auth", request_body = PasswordReset,
    responses((status = 202), (status = 204), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub async fn reset(app: Arc<App>, mut request: Request) -> ApiResult {
    let asked: PasswordReset = request.json().await?;
    match asked {
        PasswordReset { email: Some(email), token: None, new_password: None } => {
            app.accounts.request_reset(email.trim()).await?;
            Ok(accepted())
        }
        PasswordReset { email: None, token: Some(token), new_password: Some(new) } => {
            let mut checks = Checks::default();
            checks.text("new_password", &new, schema::PASSWORD);
            checks.done()?;
            app.accounts.reset_password(token.trim(), new).await?;
            reply::no_content()
        }
        _ => Err(ApiError::field("email", "send either email, or token and new_password")),
    }
}

/// Proves an address with the code that was mailed there.
#[utoipa::path(post, path = "/api/v1/auth/verify", operation_id = "verify_email", tag = "auth", request_body = EmailProof,
    responses((status = 204), (status = 422, body = Problem)))]
pub async fn verify(app: Arc<App>, mut request: Request) -> ApiResult {
    let proof: EmailProof = request.json().await?;
    app.accounts.verify_email(proof.token.trim()).await?;
    reply::no_content()
}

/// Sends the caller a mail with a code that proves the address.
#[utoipa::path(post, path = "/api/v1/auth/verify/send", operation_id = "send_verification", tag = "auth", security(("bearer" = [])),
    responses((status = 202), (status = 503, body = Problem)))]
pub async fn send_verification(app: Arc<App>, caller: Caller, _: Request) -> ApiResult {
    app.accounts.request_verification(&caller).await?;
    Ok(accepted())
}

fn accepted() -> Response {
    let mut response = Response::new(Vec::new().into());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
