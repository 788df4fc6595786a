//! Submitting jobs: runs of a project, and no-op jobs where load tests are enabled. Answers as soon as the job is
//! safe in the database; no request waits for it to run.

use std::sync::Arc;

use engunity_languages::{Refusal, Resolved};
use engunity_protocol::{
    JobId, ProjectId,
    job::{Job, JobClass, JobSpec, RunRequest},
    problem::{ErrorCode, Problem},
    project::Project,
    spec::{ExecuteSpec, Snapshot},
};
use engunity_store::{Accepted, Idempotency, NewJob};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use warp::http::{Method, StatusCode, header};

use crate::app::App;
use crate::auth::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    parameter::{Header, Parameter, Path},
    reply,
    request::Request,
    router::{RequestBody, Route},
};

/// Longest `Idempotency-Key`.
const MAX_KEY: usize = 255;
/// Longest title kept of a command.
const MAX_TITLE: usize = 300;
/// No-op jobs of one request.
const MAX_NOOPS: usize = 1000;
/// A run may bring a mebibyte of stdin, in JSON.
const MAX_BODY: usize = 8 << 20;

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/runs", run).max_body(MAX_BODY),
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/noops", noops)
            .body(RequestBody::Json { optional: true }),
    ]
}

/// Runs a command or a file of the project in a sandbox.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/runs", operation_id = "run", tag = "jobs", security(("bearer" = [])),
    request_body = RunRequest,
    responses((status = 202, body = Job), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn run(
    app: Arc<App>,
    caller: Caller,
    Path(project_id): Path<ProjectId>,
    Header(key): Header<Option<IdempotencyKey>>,
    mut request: Request,
) -> ApiResult {
    let asked: RunRequest = request.json().await?;
    let idempotency =
        key.map(|IdempotencyKey(key)| Idempotency { key, request_hash: request_hash(project_id, &asked) });
    if let Some(before) = known(&app, &caller, idempotency.as_ref()).await? {
        return answer(&before);
    }
    let project = app.projects.find(caller.user_id, project_id).await?.ok_or_else(no_project)?;
    let resolved = app.catalog.resolve(&asked, project.language.as_deref()).map_err(refused)?;
    let snapshot = app.snapshots.current(caller.user_id, project_id).await?;
    let limits = app.limits.of_jobs(caller.user_id).await?;
    let job =
        NewJob { limits: Some(limits), ..new_job(&caller, &project, asked, resolved, snapshot, idempotency) };
    let accepted = app.jobs.submit(vec![job]).await?.pop();
    answer(&job_of(accepted)?)
}

/// Names a request, so that the same one again gives the same job.
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parameter for IdempotencyKey {
    const NAME: &'static str = "Idempotency-Key";
    const DESCRIPTION: &'static str = "the same key and body have the same effect, once";

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~](?:[ -~]*[!-~])?$"})
    }

    fn read(text: &str) -> Result<Self, String> {
        let fits =
            (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        fits.then(|| Self(text.to_owned()))
            .ok_or_else(|| format!("must have 1 to {MAX_KEY} visible ASCII characters"))
    }
}

/// What was asked for, whatever order its fields came in.
fn request_hash(project_id: ProjectId, asked: &RunRequest) -> Vec<u8> {
    let text = serde_json::to_vec(&(project_id, asked)).unwrap_or_default();
    blake3::hash(&text).as_bytes().to_vec()
}

/// The job that the same request made before: a repeated request needs nothing else.
async fn known(
    app: &App,
    caller: &Caller,
    idempotency: Option<&Idempotency>,
) -> Result<Option<Job>, ApiError> {
    let Some(idempotency) = idempotency else { return Ok(None) };
    match app.store.job_by_key(caller.user_id, idempotency).await? {
        None => Ok(None),
        accepted => job_of(accepted).map(Some),
    }
}

fn job_of(accepted: Option<Accepted>) -> Result<Job, ApiError> {
    match accepted {
        Some(Accepted::New(job) | Accepted::Same(job)) => Ok(job),
        Some(Accepted::Mismatch) => Err(ApiError::new(
            ErrorCode::IdempotencyMismatch,
            "this Idempotency-Key came before with another request; use a new one",
        )),
        Some(Accepted::NoProject) => Err(no_project()),
        Some(Accepted::Limited(reached)) => Err(reached.into()),
        None => Err(ApiError::internal("a job was neither accepted nor refused")),
    }
}

fn no_project() -> ApiError {
    ApiError::not_found("this project")
}

fn refused(refusal: Refusal) -> ApiError {
    let mut error = ApiError::new(refusal.code, refusal.detail);
    error.problem.errors = refusal.errors;
    error
}

fn new_job(
    caller: &Caller,
    project: &Project,
    asked: RunRequest,
    resolved: Resolved,
    snapshot: Snapshot,
    idempotency: Option<Idempotency>,
) -> NewJob {
    let Resolved { runtime, command, env, limits } = resolved;
    let title = command.title().chars().filter(|c| *c != '\0').take(MAX_TITLE).collect();
    let live_input = asked.takes_live_input();
    let RunRequest { stdin, artifacts, class, tty, terminal, .. } = asked;
    let tty = tty.then(|| terminal.unwrap_or_default());
    let runtime_name = runtime.clone();
    let spec = ExecuteSpec {
        runtime: runtime_name,
        command,
        stdin,
        tty,
        live_input,
        env,
        limits,
        artifacts,
        snapshot,
    };
    NewJob {
        id: JobId::new(),
        user_id: caller.user_id,
        project_id: project.id,
        class,
        title: Some(title),
        runtime: Some(runtime),
        spec: JobSpec::Execute(spec),
        idempotency,
        limits: None,
    }
}

fn answer(job: &Job) -> ApiResult {
    let mut response = reply::json_with(StatusCode::ACCEPTED, job)?;
    reply::set(&mut response, header::LOCATION, &format!("/api/v1/jobs/{}", job.id));
    Ok(response)
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoopsRequest {
    /// How many, answered as a list; absent: one, answered by itself.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    count: Option<usize>,
    #[serde(default)]
    class: JobClass,
}

/// One job, or a list where a count was given.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, clippy::large_enum_variant)] // for the document
pub enum Submitted {
    One(Job),
    Many(Vec<Job>),
}

/// Submits jobs that do nothing; exists only where `load_tests.enabled` is set.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/noops", operation_id = "submit_noops", tag = "jobs", security(("bearer" = [])),
    request_body = NoopsRequest,
    responses((status = 202, body = Submitted), (status = 404, body = Problem)))]
pub async fn noops(
    app: Arc<App>,
    caller: Caller,
    Path(project_id): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    if !app.config.load_tests.enabled {
        return Err(ApiError::not_found("this endpoint (without load_tests.enabled)"));
    }
    let asked: NoopsRequest = request.json_or_nothing().await?.unwrap_or_default();
    let count = asked.count.unwrap_or(1);
    if !(1..=MAX_NOOPS).contains(&count) {
        return Err(ApiError::field("count", format!("must be 1 to {MAX_NOOPS}")));
    }
    let jobs = (0..count).map(|_| noop(&caller, project_id, asked.class)).collect();
    let accepted = app.jobs.submit(jobs).await?;
    let jobs = accepted.into_iter().map(|one| job_of(Some(one))).collect::<Result<Vec<Job>, ApiError>>()?;
    match jobs.as_slice() {
        [job] if asked.count.is_none() => answer(job),
        jobs => reply::json_with(StatusCode::ACCEPTED, jobs),
    }
}

fn noop(caller: &Caller, project_id: ProjectId, class: JobClass) -> NewJob {
    let (id, user_id) = (JobId::new(), caller.user_id);
    NewJob {
        id,
        user_id,
        project_id,
        class,
        title: None,
        runtime: None,
        spec: JobSpec::Noop,
        idempotency: None,
        limits: None,
    }
}
