//! Jobs: list, read, cancel.

use std::sync::Arc;

use engunity_protocol::{
    JobId, ProjectId,
    job::{Job, JobKind, JobState},
    problem::Problem,
};
use engunity_store::JobFilter;
use warp::http::{Method, StatusCode};

use crate::app::App;
use crate::auth::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    paging::{self, Cursor, Limit},
    parameter::{Path, Query, arguments},
    reply,
    request::Request,
    router::{RequestBody, Route},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/jobs", list),
        Route::authenticated(Method::GET, "/api/v1/jobs/{job_id}", read),
        Route::authenticated(Method::POST, "/api/v1/jobs/{job_id}/cancel", cancel).body(RequestBody::None),
    ]
}

arguments! {
    /// Which jobs are listed.
    pub struct Listed {
        project: Query<Option<ProjectId>>,
        state: Query<Option<JobState>>,
        kind: Query<Option<JobKind>>,
        limit: Query<Limit<50, 200>>,
        cursor: Query<Option<Cursor<JobId>>>,
    }
}

/// Lists one's jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", operation_id = "list_jobs", tag = "jobs", security(("bearer" = [])),
    responses((status = 200, body = Vec<Job>), (status = 422, body = Problem)))]
pub async fn list(app: Arc<App>, caller: Caller, asked: Listed, request: Request) -> ApiResult {
    let Limit(limit) = asked.limit.0;
    let filter = JobFilter {
        project_id: asked.project.0,
        state: asked.state.0,
        kind: asked.kind.0,
        before: asked.cursor.0.map(|Cursor(id)| id),
        limit: limit as u64,
    };
    let mut jobs = app.jobs.list(caller.user_id, &filter).await?;
    let next = paging::cut(&mut jobs, limit, |last| last.id);
    app.jobs.fill_waiting(caller.user_id, &mut jobs).await?;
    let mut response = reply::json(&jobs)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

/// A job.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}", operation_id = "read_job", tag = "jobs", security(("bearer" = [])),
    responses((status = 200, body = Job), (status = 404, body = Problem)))]
pub async fn read(app: Arc<App>, caller: Caller, Path(id): Path<JobId>, _: Request) -> ApiResult {
    let job = app.jobs.find(caller.user_id, id).await?;
    reply::json(&job.ok_or_else(|| ApiError::not_found("this job"))?)
}

/// Cancels a job: a queued one at once, a running one as fast as its worker hears of it. One that has ended stays as it is.
#[utoipa::path(post, path = "/api/v1/jobs/{job_id}/cancel", operation_id = "cancel_job", tag = "jobs", security(("bearer" = [])),
    responses((status = 202, body = Job), (status = 404, body = Problem)))]
pub async fn cancel(app: Arc<App>, caller: Caller, Path(id): Path<JobId>, _: Request) -> ApiResult {
    let job = app.jobs.cancel(caller.user_id, id).await?;
    let job = job.ok_or_else(|| ApiError::not_found("this job"))?;
    reply::json_with(StatusCode::ACCEPTED, &job)
}
