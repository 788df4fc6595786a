//! Refinement of code with an AI provider. This build has none: the call answers with a stable code, so that a client can
//! tell this from a mistake of its own.

use std::sync::Arc;

use engunity_protocol::problem::{ErrorCode, Problem};
use warp::http::Method;

use crate::app::App;
use crate::auth::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    request::Request,
    router::{RequestBody, Route},
};

const NO_PROVIDER: &str =
    "this installation has no AI provider: this build has no refine engine, so there is none to set yet";

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::POST, "/api/v1/code/refine", refine)
            .body(RequestBody::Json { optional: true })
            .produces(&["application/json", "text/event-stream"]),
    ]
}

/// Refines code with AI.
#[utoipa::path(post, path = "/api/v1/code/refine", operation_id = "refine", tag = "refine", security(("bearer" = [])),
    responses((status = 503, body = Problem)))]
pub async fn refine(_: Arc<App>, _: Caller, _: Request) -> ApiResult {
    Err(ApiError::new(ErrorCode::NotConfigured, NO_PROVIDER))
}
