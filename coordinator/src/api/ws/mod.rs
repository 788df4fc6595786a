//! WebSockets: the session socket of a project. A ticket opens it once; what goes over it is `protocol::session`.

mod budget;
mod connection;
mod handshake;
mod typing;
mod watches;

use std::sync::Arc;

use engunity_protocol::ProjectId;
use serde_json::{Value, json};
use warp::http::Method;

use self::{
    connection::Connection,
    handshake::{Handshake, check_origin},
};
use crate::{
    app::App,
    http::{
        error::{ApiError, ApiResult},
        parameter::{Parameter, Path, Query},
        request::Request,
        router::Route,
    },
};

pub fn routes() -> Vec<Route> {
    // Its ticket was counted when it was handed out.
    vec![
        Route::public(Method::GET, "/api/v1/code/{project_id}/session", open)
            .produces(&[])
            .without_rate_limit(),
    ]
}

/// What `POST /auth/ticket` gave.
pub struct Ticket(String);

impl Parameter for Ticket {
    const NAME: &'static str = "ticket";
    const DESCRIPTION: &'static str = "from POST /api/v1/auth/ticket; works once";

    fn schema() -> Value {
        json!({"type": "string"})
    }

    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

/// Opens the session socket of a project (WebSocket).
#[utoipa::path(get, path = "/api/v1/code/{project_id}/session", operation_id = "open_session", tag = "sessions",
    responses((status = 101, description = "a WebSocket of tagged JSON messages; `{\"type\":\"hello\",\"last_seq\":n,\"epoch\":e}` resumes"),
              (status = 401, body = engunity_protocol::problem::Problem)))]
pub async fn open(
    app: Arc<App>,
    Path(project_id): Path<ProjectId>,
    Query(ticket): Query<Option<Ticket>>,
    mut request: Request,
) -> ApiResult {
    check_origin(&app.config.http, &request.headers)?;
    let handshake = Handshake::check(&mut request)?;
    let Ticket(ticket) =
        ticket.ok_or_else(|| ApiError::unauthenticated("add ?ticket= from POST /api/v1/auth/ticket"))?;
    app.guesses.check(request.peer)?;
    let redeemed = app.tokens.redeem_ticket(&ticket).await;
    let caller = redeemed.inspect_err(|_| app.guesses.failed(request.peer))?;
    app.store
        .project(caller.user_id, project_id)
        .await?
        .ok_or_else(|| ApiError::not_found("this project"))?;
    let permit = app.limits.open_stream(caller.user_id).await?;
    let (response, socket) = handshake.accept();
    tokio::spawn(async move {
        if let Some(socket) = socket.await {
            Box::pin(Connection::new(&app, caller, project_id, socket, permit).run()).await;
        }
    });
    Ok(response)
}
