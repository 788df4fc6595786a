//! Jobs: list, read, cancel.

use std::{str::FromStr, sync::Arc};

use engunity_protocol::{
    JobId,
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
    paging, reply,
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

/// Lists one's jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", operation_id = "list_jobs", tag = "jobs", security(("bearer" = [])),
    params(("project_id" = Option<String>, Query), ("state" = Option<JobState>, Query), ("kind" = Option<JobKind>, Query),
           ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Vec<Job>), (status = 422, body = Problem)))]
pub async fn list(app: Arc<App>, caller: Caller, request: Request) -> ApiResult {
    let limit = paging::limit(&request, 50, 200)?;
    let filter = JobFilter {
        project_id: request.query_value("project_id", "a project's id")?,
        state: request.query_value("state", &words(JobState::ALL))?,
        kind: request.query_value("kind", &words(JobKind::ALL))?,
        before: paging::cursor(&request)?,
        limit: limit as u64,
    };
    let mut jobs = app.store.jobs(caller.user_id, &filter).await?;
    let next = paging::cut(&mut jobs, limit, |last| last.id);
    app.store.fill_waiting(caller.user_id, &mut jobs).await?;
    let mut response = reply::json(&jobs)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

fn words<T: ToString + FromStr>(all: &[T]) -> String {
    format!("one of: {}", all.iter().map(T::to_string).collect::<Vec<_>>().join(", "))
}

/// A job.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}", operation_id = "read_job", tag = "jobs", security(("bearer" = [])),
    params(("job_id" = String, Path)), responses((status = 200, body = Job), (status = 404, body = Problem)))]
pub async fn read(app: Arc<App>, caller: Caller, request: Request) -> ApiResult {
    reply::json(&find(&app, &caller, request.id("job_id")?).await?)
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
    params(("job_id" = String, Path)), responses((status = 202, body = Job), (status = 404, body = Problem)))]
pub async fn cancel(app: Arc<App>, caller: Caller, request: Request) -> ApiResult {
    let id: JobId = request.id("job_id")?;
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
