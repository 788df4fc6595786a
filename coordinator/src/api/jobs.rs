//! Jobs: list, read, cancel.

use std::sync::Arc;

use engunity_protocol::{
    JobId, ProjectId,
    job::{Job, JobKind, JobState},
    problem::Problem,
    wire::Control,
};
use engunity_store::{Cancelled, JobChange, JobFilter};
use warp::http::{Method, StatusCode};

use crate::app::App;
use crate::auth::tokens::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    paging::{self, Cursor, Limit},
    parameter::{Path, Query, arguments},
    reply,
    request::Request,
    router::{Route, Takes},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::signed(Method::GET, "/api/v1/jobs", list),
        Route::signed(Method::GET, "/api/v1/jobs/{job_id}", read),
        Route::signed(Method::POST, "/api/v1/jobs/{job_id}/cancel", cancel).takes(Takes::Nothing),
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
    let mut jobs = app.store.jobs(caller.user_id, &filter).await?;
    let next = paging::cut(&mut jobs, limit, |last| last.id);
    app.store.fill_waiting(caller.user_id, &mut jobs).await?;
    let mut response = reply::json(&jobs)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

/// A job.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}", operation_id = "read_job", tag = "jobs", security(("bearer" = [])),
    responses((status = 200, body = Job), (status = 404, body = Problem)))]
pub async fn read(app: Arc<App>, caller: Caller, Path(id): Path<JobId>, _: Request) -> ApiResult {
    reply::json(&find(&app, &caller, id).await?)
}

/// A user's job, with what it waits for.
async fn find(app: &App, caller: &Caller, id: JobId) -> Result<Job, ApiError> {
    let mut job =
        app.store.job(caller.user_id, id).await?.ok_or_else(|| ApiError::not_found("this job"))?.job;
    app.store.fill_waiting(caller.user_id, std::slice::from_mut(&mut job)).await?;
    Ok(job)
}

/// Cancels a job: a queued one at once, a running one as fast as its worker hears of it. One that has ended stays as it is.
#[utoipa::path(post, path = "/api/v1/jobs/{job_id}/cancel", operation_id = "cancel_job", tag = "jobs", security(("bearer" = [])),
    responses((status = 202, body = Job), (status = 404, body = Problem)))]
pub async fn cancel(app: Arc<App>, caller: Caller, Path(id): Path<JobId>, _: Request) -> ApiResult {
    let job = match app.store.cancel_job(caller.user_id, id).await? {
        Some(cancelled) => follow(&app, cancelled).await,
        None => find(&app, &caller, id).await?,
    };
    reply::json_with(StatusCode::ACCEPTED, &job)
}

/// Tells whom it concerns: the worker, readers, and the dispatcher if there is room now.
async fn follow(app: &App, cancelled: Cancelled) -> Job {
    let Cancelled { job, ended, running_at } = cancelled;
    if let Some((worker, attempt)) = running_at {
        app.orchestrator.fleet.control(&worker, &Control::Cancel { job_id: job.id, attempt }).await;
    }
    if ended {
        app.orchestrator.notifier.notify_jobs(&[JobChange {
            job_id: job.id,
            project_id: job.project_id,
            state: true,
            ended,
        }]);
        app.orchestrator.dispatcher.wake();
    }
    job
}
