//! Search within one project and across all of one's projects. This build has no search engine: the calls answer with a
//! stable code, so that a client can tell this from a mistake of its own.

use std::sync::Arc;

use engunity_protocol::ProjectId;
use engunity_protocol::problem::{ErrorCode, Problem};
use warp::http::Method;

use super::projects;
use crate::app::App;
use crate::auth::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    parameter::Path,
    request::Request,
    router::Route,
};

const NO_ENGINE: &str = "this installation has no search engine: this build has none that could be set up";

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/code/search", search_all),
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}/search", search),
    ]
}

/// Searches all of one's projects.
#[utoipa::path(get, path = "/api/v1/code/search", operation_id = "search_all", tag = "search", security(("bearer" = [])),
    responses((status = 503, body = Problem)))]
pub async fn search_all(_: Arc<App>, _: Caller, _: Request) -> ApiResult {
    Err(ApiError::new(ErrorCode::NotConfigured, NO_ENGINE))
}

/// Searches a project.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/search", operation_id = "search", tag = "search", security(("bearer" = [])),
    responses((status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn search(app: Arc<App>, caller: Caller, Path(project): Path<ProjectId>, _: Request) -> ApiResult {
    projects::find(&app, caller.user_id, project).await?;
    Err(ApiError::new(ErrorCode::NotConfigured, NO_ENGINE))
}
