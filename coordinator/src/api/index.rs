//! A project's search index. No index engine is part of this build: reading says that there is none, and asking for
//! one says that it is not configured.

use std::sync::Arc;

use engunity_protocol::{
    ProjectId,
    index::{IndexState, IndexStatus},
    problem::{ErrorCode, Problem},
};
use warp::http::Method;

use super::projects;
use crate::app::App;
use crate::auth::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    parameter::Path,
    reply,
    request::Request,
    router::{RequestBody, Route},
};

const PATH: &str = "/api/v1/code/{project_id}/index";

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, PATH, read),
        Route::authenticated(Method::POST, PATH, build).body(RequestBody::Json { optional: true }),
    ]
}

/// The state of a project's index.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/index", operation_id = "read_index", tag = "search", security(("bearer" = [])),
    responses((status = 200, body = IndexStatus), (status = 404, body = Problem)))]
pub async fn read(app: Arc<App>, caller: Caller, Path(project): Path<ProjectId>, _: Request) -> ApiResult {
    projects::find(&app, caller.user_id, project).await?;
    reply::json(&IndexStatus {
        state: IndexState::None,
        files: 0,
        chunks: 0,
        embedded: 0,
        skipped: Vec::new(),
        segments: 0,
        indexed_at: None,
    })
}

/// Builds a project's index.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/index", operation_id = "build_index", tag = "search", security(("bearer" = [])),
    responses((status = 503, body = Problem)))]
pub async fn build(app: Arc<App>, caller: Caller, Path(project): Path<ProjectId>, _: Request) -> ApiResult {
    projects::find(&app, caller.user_id, project).await?;
    Err(ApiError::new(ErrorCode::NotConfigured, "this installation has no index engine"))
}
