//! Administration: accounts, invitations, the queue, workers, limits. Everybody but administrators gets a 403.

use std::sync::Arc;

use engunity_protocol::admin::{
    AccountDetail, AccountPatch, AccountView, AllLimitsPatch, Invitation, LimitsAnswer, NewInvitation,
    QueueView,
};
use engunity_protocol::fleet::Worker;
use engunity_protocol::problem::Problem;
use engunity_protocol::{InvitationId, UserId, WorkerId, schema};
use serde_json::{Value, json};
use warp::http::Method;

use super::accounts::is_email;
use crate::app::App;
use crate::auth::Caller;
use crate::http::error::{ApiError, ApiResult};
use crate::http::paging::{self, Cursor, Limit};
use crate::http::parameter::{Parameter, Path, Query, arguments};
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::{RequestBody, Route};

impl Parameter for UserId {
    const NAME: &'static str = "user_id";

    fn schema() -> Value {
        json!({"type": "integer", "format": "int32"})
    }

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be a user's id".into())
    }
}

impl Parameter for WorkerId {
    const NAME: &'static str = "worker_id";

    fn schema() -> Value {
        json!({"type": "string"})
    }

    fn read(text: &str) -> Result<Self, String> {
        let fits = !text.is_empty() && text.len() <= 255 && !text.contains('\0');
        fits.then(|| Self(text.to_owned())).ok_or_else(|| "must be a worker's id".into())
    }
}

impl Parameter for InvitationId {
    const NAME: &'static str = "invitation_id";

    fn schema() -> Value {
        json!({"type": "string", "format": "uuid"})
    }

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be an invitation's id".into())
    }
}

/// Part of an email or name.
pub struct Search(String);

impl Parameter for Search {
    const NAME: &'static str = "q";
    const DESCRIPTION: &'static str = "part of an email or name";

    fn schema() -> Value {
        json!({"type": "string", "maxLength": 254, "pattern": "^[^\\x00]*$"})
    }

    fn read(text: &str) -> Result<Self, String> {
        let fits = text.chars().count() <= 254 && !text.contains('\0');
        fits.then(|| Self(text.to_owned())).ok_or_else(|| "must have at most 254 characters".into())
    }

    fn absent() -> Option<Self> {
        Some(Self(String::new()))
    }
}

arguments! {
    /// Which accounts are listed.
    pub struct Listed {
        search: Query<Search>,
        limit: Query<Limit<50, 200>>,
        cursor: Query<Option<Cursor<UserId>>>,
    }
}

pub fn routes() -> Vec<Route> {
    let none = RequestBody::None;
    vec![
        Route::admin(Method::GET, "/api/v1/admin/users", users),
        Route::admin(Method::GET, "/api/v1/admin/users/{user_id}", user),
        Route::admin(Method::PATCH, "/api/v1/admin/users/{user_id}", change_user),
        Route::admin(Method::DELETE, "/api/v1/admin/users/{user_id}", delete_user),
        Route::admin(Method::GET, "/api/v1/admin/queue", queue),
        Route::admin(Method::POST, "/api/v1/admin/workers/{worker_id}/drain", drain).body(none),
        Route::admin(Method::POST, "/api/v1/admin/workers/{worker_id}/resume", resume).body(none),
        Route::admin(Method::GET, "/api/v1/admin/limits", limits),
        Route::admin(Method::PATCH, "/api/v1/admin/limits", change_limits),
        Route::admin(Method::GET, "/api/v1/admin/invitations", invitations),
        Route::admin(Method::POST, "/api/v1/admin/invitations", invite),
        Route::admin(Method::DELETE, "/api/v1/admin/invitations/{invitation_id}", delete_invitation),
    ]
}

/// Lists accounts.
#[utoipa::path(get, path = "/api/v1/admin/users", operation_id = "list_users", tag = "admin", security(("bearer" = [])),
    responses((status = 200, body = Vec<AccountView>), (status = 403, body = Problem)))]
pub async fn users(app: Arc<App>, _: Caller, asked: Listed, request: Request) -> ApiResult {
    let (Query(Search(search)), Limit(limit)) = (asked.search, asked.limit.0);
    let after = asked.cursor.0.map(|Cursor(id)| id);
    let mut users = app.store.accounts(search.trim(), after, limit).await?;
    let next = paging::cut(&mut users, limit, |last| last.user.id);
    let mut response = reply::json(&users)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

/// An account, with its limits and what it uses.
#[utoipa::path(get, path = "/api/v1/admin/users/{user_id}", operation_id = "read_user", tag = "admin", security(("bearer" = [])),
    responses((status = 200, body = AccountDetail), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn user(app: Arc<App>, _: Caller, Path(id): Path<UserId>, _: Request) -> ApiResult {
    reply::json(&detail(&app, id).await?)
}

async fn detail(app: &App, id: UserId) -> Result<AccountDetail, ApiError> {
    let account = app.store.account_view(id).await?.ok_or_else(no_user)?;
    let own_limits = app.store.own_limits(id).await?;
    let limits = app.limits.current().per_user.with(&own_limits);
    Ok(AccountDetail { account, limits, own_limits, usage: app.limits.usage(id).await? })
}

fn no_user() -> ApiError {
    ApiError::not_found("this user")
}

/// Changes an account: its role, its limits, whether it is disabled. Disabling ends all that it is signed in by, and its jobs.
#[utoipa::path(patch, path = "/api/v1/admin/users/{user_id}", operation_id = "change_user", tag = "admin", security(("bearer" = [])),
    request_body = AccountPatch,
    responses((status = 200, body = AccountDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn change_user(
    app: Arc<App>,
    _: Caller,
    Path(id): Path<UserId>,
    mut request: Request,
) -> ApiResult {
    let patch: AccountPatch = request.json().await?;
    check_range("limits", patch.limits.as_ref().and_then(|limits| limits.out_of_range()))?;
    app.accounts.change_account(id, &patch).await?.ok_or_else(no_user)?;
    app.limits.forget(id);
    if patch.disabled == Some(true) {
        app.jobs.cancel_all_of(id).await?;
    }
    reply::json(&detail(&app, id).await?)
}

fn check_range(group: &str, wrong: Option<&str>) -> Result<(), ApiError> {
    let message = format!("must be from 0 to {}", schema::MAX_LIMIT);
    wrong.map_or(Ok(()), |name| Err(ApiError::field(format!("{group}.{name}"), message)))
}

/// Deletes an account with its projects, files, jobs and artifacts.
#[utoipa::path(delete, path = "/api/v1/admin/users/{user_id}", operation_id = "delete_user", tag = "admin", security(("bearer" = [])),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn delete_user(app: Arc<App>, _: Caller, Path(id): Path<UserId>, _: Request) -> ApiResult {
    if !app.accounts.delete_account(id).await? {
        return Err(no_user());
    }
    // What is left when this fails, the maintenance removes.
    app.jobs.cancel_all_of(id).await?;
    app.projects.delete_all_of(id).await?;
    reply::no_content()
}

/// What waits and what runs, by pool and by user.
#[utoipa::path(get, path = "/api/v1/admin/queue", operation_id = "read_queue", tag = "admin", security(("bearer" = [])),
    responses((status = 200, body = QueueView), (status = 403, body = Problem)))]
pub async fn queue(app: Arc<App>, _: Caller, _: Request) -> ApiResult {
    reply::json(&app.store.queue().await?)
}

/// Lets a worker take no more jobs; what it runs goes on.
#[utoipa::path(post, path = "/api/v1/admin/workers/{worker_id}/drain", operation_id = "drain_worker", tag = "admin", security(("bearer" = [])),
    responses((status = 200, body = Worker), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn drain(app: Arc<App>, _: Caller, Path(id): Path<WorkerId>, _: Request) -> ApiResult {
    set_drain(&app, &id, true).await
}

/// Lets a drained worker take jobs again.
#[utoipa::path(post, path = "/api/v1/admin/workers/{worker_id}/resume", operation_id = "resume_worker", tag = "admin", security(("bearer" = [])),
    responses((status = 200, body = Worker), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn resume(app: Arc<App>, _: Caller, Path(id): Path<WorkerId>, _: Request) -> ApiResult {
    set_drain(&app, &id, false).await
}

async fn set_drain(app: &App, id: &WorkerId, drain: bool) -> ApiResult {
    let worker = app.orchestrator.workers.set_drain(id, drain).await?;
    reply::json(&worker.ok_or_else(|| ApiError::not_found("this worker"))?)
}

/// What users and the installation may use.
#[utoipa::path(get, path = "/api/v1/admin/limits", operation_id = "read_limits", tag = "admin", security(("bearer" = [])),
    responses((status = 200, body = LimitsAnswer), (status = 403, body = Problem)))]
pub async fn limits(app: Arc<App>, _: Caller, _: Request) -> ApiResult {
    reply::json(&app.limits.current())
}

/// Changes limits, for all coordinators and until they are changed again; `null` goes back to the configuration.
#[utoipa::path(patch, path = "/api/v1/admin/limits", operation_id = "change_limits", tag = "admin", security(("bearer" = [])),
    request_body = AllLimitsPatch,
    responses((status = 200, body = LimitsAnswer), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn change_limits(app: Arc<App>, _: Caller, mut request: Request) -> ApiResult {
    let patch: AllLimitsPatch = request.json().await?;
    check_range("per_user", patch.per_user.out_of_range())?;
    check_range("installation", patch.installation.out_of_range())?;
    reply::json(&app.limits.change(&patch).await?)
}

/// Lists invitations that nobody used yet, without their codes.
#[utoipa::path(get, path = "/api/v1/admin/invitations", operation_id = "list_invitations", tag = "admin", security(("bearer" = [])),
    responses((status = 200, body = Vec<Invitation>), (status = 403, body = Problem)))]
pub async fn invitations(app: Arc<App>, _: Caller, _: Request) -> ApiResult {
    reply::json(&app.accounts.invitations().await?)
}

/// Makes an invitation to register. The answer is the only place that ever shows its code.
#[utoipa::path(post, path = "/api/v1/admin/invitations", operation_id = "invite", tag = "admin", security(("bearer" = [])),
    request_body = NewInvitation,
    responses((status = 201, body = Invitation), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn invite(app: Arc<App>, _: Caller, mut request: Request) -> ApiResult {
    let mut new: NewInvitation = request.json().await?;
    new.email = new.email.map(|email| email.trim().to_owned());
    if new.email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(ApiError::field("email", "must be an email address"));
    }
    if !schema::INVITATION_DAYS.contains(&new.expires_in_days) {
        let (least, most) = (schema::INVITATION_DAYS.start(), schema::INVITATION_DAYS.end());
        return Err(ApiError::field("expires_in_days", format!("must be from {least} to {most}")));
    }
    reply::created(&app.accounts.invite(&new).await?)
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/v1/admin/invitations/{invitation_id}", operation_id = "delete_invitation", tag = "admin", security(("bearer" = [])),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_invitation(
    app: Arc<App>,
    _: Caller,
    Path(id): Path<InvitationId>,
    _: Request,
) -> ApiResult {
    if app.accounts.delete_invitation(id).await? {
        reply::no_content()
    } else {
        Err(ApiError::not_found("this invitation"))
    }
}
