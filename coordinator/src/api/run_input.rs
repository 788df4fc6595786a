//! Typing into a running program.

use std::sync::Arc;

use engunity_protocol::{
    JobId,
    job::{InputRequest, InputTaken},
    problem::{ErrorCode, Problem},
};
use warp::http::{Method, header};

use crate::{
    app::App,
    auth::{rate_limit::Key, tokens::Caller},
    http::{
        error::{ApiError, ApiResult},
        parameter::Path,
        reply,
        request::Request,
        router::Route,
    },
};

/// 64 KiB of input, escaped in JSON.
const MAX_BODY: usize = 512 * 1024;

pub fn routes() -> Vec<Route> {
    // Keys are counted by themselves: they are many, and nobody who types may be shut out of everything else.
    vec![
        Route::authenticated(Method::POST, "/api/v1/jobs/{job_id}/input", send)
            .max_body(MAX_BODY)
            .without_rate_limit(),
    ]
}

/// Gives a running program input, the end of its input, or its terminal a new size. Answers how much was taken.
#[utoipa::path(post, path = "/api/v1/jobs/{job_id}/input", operation_id = "send_input", tag = "jobs", security(("bearer" = [])),
    request_body = InputRequest,
    responses((status = 200, body = InputTaken), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn send(
    app: Arc<App>,
    caller: Caller,
    Path(job_id): Path<JobId>,
    mut request: Request,
) -> ApiResult {
    if let Some(quota) = app.input_limiter.count(Key::User(caller.user_id)).filter(|quota| !quota.allowed) {
        let detail = format!("at most {} inputs a minute; try again in {} s", quota.limit, quota.reset);
        return Err(ApiError::new(ErrorCode::RateLimited, detail)
            .with_header(header::RETRY_AFTER, quota.reset.into()));
    }
    let input: InputRequest = request.json().await?;
    let taken = app.orchestrator.input.send(caller.user_id, job_id, input).await;
    reply::json(&taken?)
}
