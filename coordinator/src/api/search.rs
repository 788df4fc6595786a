//! Calls whose engines are no part of this build: search and refinement. They say so with a stable code, so that a
//! client can tell this from a mistake of its own.

use std::sync::Arc;

use engunity_protocol::problem::{ErrorCode, Problem};
use warp::http::Method;

use super::projects;
use crate::app::App;
use crate::auth::tokens::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    request::Request,
    router::{Route, Takes},
};

const NO_SEARCH: &str =
    "this installation has no search orchestrator: this build has none that could be set up";
const NO_PROVIDER: &str = "this installation has no AI provider: this build has no refine orchestrator, so there is none to set yet";

pub fn routes() -> Vec<Route> {
    vec![
        Route::signed(Method::GET, "/api/v1/code/search", search_all),
        Route::signed(Method::GET, "/api/v1/code/{project_id}/search", search),
        Route::signed(Method::POST, "/api/v1/code/refine", refine)
            .takes(Takes::Json { optional: true })
            .answers(&["application/json", "text/event-stream"]),
    ]
}

/// Searches all of one's projects.
#[utoipa::path(get, path = "/api/v1/code/search", operation_id = "search_all", tag = "search", security(("bearer" = [])),
    responses((status = 503, body = Problem)))]
pub async fn search_all(_: Arc<App>, _: Caller, _: Request) -> ApiResult {
    Err(ApiError::new(ErrorCode::NotConfigured, NO_SEARCH))
}

/// Searches a project.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/search", operation_id = "search", tag = "search", security(("bearer" = [])),
    params(("project_id" = String, Path)), responses((status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn search(app: Arc<App>, caller: Caller, request: Request) -> ApiResult {
    projects::find(&app, caller.user_id, request.id("project_id")?).await?;
    Err(ApiError::new(ErrorCode::NotConfigured, NO_SEARCH))
}

/// Refines code with AI.
#[utoipa::path(post, path = "/api/v1/code/refine", operation_id = "refine", tag = "refine", security(("bearer" = [])),
    responses((status = 503, body = Problem)))]
pub async fn refine(_: Arc<App>, _: Caller, _: Request) -> ApiResult {
    Err(ApiError::new(ErrorCode::NotConfigured, NO_PROVIDER))
}
