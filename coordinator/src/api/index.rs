//! A project's search index: its state, and the job that builds it.

use std::sync::Arc;

use engunity_protocol::{
    ProjectId,
    index::IndexStatus,
    job::{Job, JobClass},
    problem::Problem,
};
use warp::http::{Method, StatusCode, header};

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
        // Packs what has changed before it answers: all files, the first time.
        Route::authenticated(Method::POST, PATH, build).body(RequestBody::Json { optional: true }).slow(),
    ]
}

/// The state of a project's index.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/index", operation_id = "read_index", tag = "search", security(("bearer" = [])),
    responses((status = 200, body = IndexStatus), (status = 404, body = Problem)))]
pub async fn read(app: Arc<App>, caller: Caller, Path(project): Path<ProjectId>, _: Request) -> ApiResult {
    let status = app.store.index_status(caller.user_id, project).await?;
    reply::json(&status.ok_or_else(|| ApiError::not_found("this project"))?)
}

/// Brings a project's index up to date, which happens by itself after changes too. Answers the job that does it: the
/// unfinished one, if there is one.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/index", operation_id = "build_index", tag = "search", security(("bearer" = [])),
    responses((status = 202, body = Job), (status = 404, body = Problem)))]
pub async fn build(app: Arc<App>, caller: Caller, Path(project): Path<ProjectId>, _: Request) -> ApiResult {
    let job = app.index_builds.submit(caller.user_id, project, JobClass::Interactive).await?;
    let mut response = reply::json_with(StatusCode::ACCEPTED, &job)?;
    reply::set(&mut response, header::LOCATION, &format!("/api/v1/jobs/{}", job.id));
    Ok(response)
}
