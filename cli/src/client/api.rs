//! One method per call of the API.

use std::time::{Duration, Instant};

use bytes::Bytes;
use engunity_protocol::{
    JobId, ProjectId,
    account::{Credentials, Login, NewPersonalToken, PersonalToken, RefreshToken, Register, User},
    file::File,
    fleet::{RuntimeView, Worker},
    index::IndexStatus,
    job::{Artifact, InputRequest, InputTaken, Job, JobState, RunRequest},
    problem::ErrorCode,
    project::{NewProject, Project},
    search::SearchAnswer,
    sync::{BlobsStored, Manifest, SyncPlan},
};
use futures::{Stream, StreamExt};
use reqwest::{Body, Method, Response, header};
use tokio::time::sleep;

use super::{Client, problem};
use crate::error::{CliError, Result};

/// Timeout of calls that answer at once.
const SHORT_TIMEOUT: Duration = Duration::from_secs(60);
/// Timeout of calls that touch every file of a project.
const LONG_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a submission is repeated after its answer was lost.
const RESUBMIT_TIMEOUT: Duration = Duration::from_secs(120);
const FIRST_RESUBMIT_WAIT: Duration = Duration::from_millis(250);
const LONGEST_RESUBMIT_WAIT: Duration = Duration::from_secs(5);
const EVERYTHING: usize = 100_000;
const PAGE: &str = "100";

// Accounts
impl Client {
    pub async fn register(&self, body: &Register) -> Result<Credentials> {
        self.json(self.request(Method::POST, &["auth", "register"]).json(body).timeout(SHORT_TIMEOUT)).await
    }

    pub async fn login(&self, body: &Login) -> Result<Credentials> {
        self.json(self.request(Method::POST, &["auth", "login"]).json(body).timeout(SHORT_TIMEOUT)).await
    }

    pub async fn end_login(&self, refresh_token: String) -> Result<()> {
        let body = RefreshToken { refresh_token };
        self.send(self.request(Method::POST, &["auth", "logout"]).json(&body).timeout(SHORT_TIMEOUT))
            .await
            .map(drop)
    }

    pub async fn me(&self) -> Result<User> {
        self.json(self.request(Method::GET, &["auth", "me"]).timeout(SHORT_TIMEOUT)).await
    }

    pub async fn make_token(&self, body: &NewPersonalToken) -> Result<PersonalToken> {
        self.json(self.request(Method::POST, &["auth", "tokens"]).json(body).timeout(SHORT_TIMEOUT)).await
    }

    pub async fn revoke_token(&self, id: &str) -> Result<()> {
        self.send(self.request(Method::DELETE, &["auth", "tokens", id]).timeout(SHORT_TIMEOUT))
            .await
            .map(drop)
    }
}

// Projects and their files
impl Client {
    pub async fn projects(&self) -> Result<Vec<Project>> {
        self.pages(
            self.request(Method::GET, &["code", ""]).query(&[("limit", PAGE)]).timeout(SHORT_TIMEOUT),
            EVERYTHING,
        )
        .await
    }

    pub async fn project(&self, id: ProjectId) -> Result<Project> {
        let request = self.request(Method::GET, &["code", &id.to_string()]).timeout(SHORT_TIMEOUT);
        self.json(request).await.map_err(no_project)
    }

    pub async fn create_project(&self, body: &NewProject) -> Result<Project> {
        self.json(self.request(Method::POST, &["code", ""]).json(body).timeout(SHORT_TIMEOUT)).await
    }

    pub async fn delete_project(&self, id: ProjectId) -> Result<()> {
        let request = self.request(Method::DELETE, &["code", &id.to_string()]).timeout(LONG_TIMEOUT);
        self.send(request).await.map(drop).map_err(no_project)
    }

    /// Whether the project has nothing at all.
    pub async fn is_empty(&self, id: ProjectId) -> Result<bool> {
        let request = self
            .request(Method::GET, &["code", &id.to_string(), "files"])
            .query(&[("limit", "1")])
            .timeout(SHORT_TIMEOUT);
        let first: Vec<File> = self.pages(request, 1).await.map_err(no_project)?;
        Ok(first.is_empty())
    }

    pub async fn sync(&self, id: ProjectId, manifest: &Manifest) -> Result<SyncPlan> {
        let request = self
            .request(Method::POST, &["code", &id.to_string(), "sync"])
            .json(manifest)
            .timeout(LONG_TIMEOUT);
        self.json(request).await.map_err(no_project)
    }

    /// Sends a tar of blobs; `body` makes it anew for each try.
    pub async fn put_blobs<S>(&self, id: ProjectId, length: u64, body: impl Fn() -> S) -> Result<BlobsStored>
    where
        S: Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    {
        let request = || {
            Ok(self
                .request(Method::PUT, &["code", &id.to_string(), "blobs"])
                .header(header::CONTENT_TYPE, "application/x-tar")
                .header(header::CONTENT_LENGTH, length)
                .timeout(LONG_TIMEOUT)
                .body(Body::wrap_stream(body())))
        };
        let response = self.send_each(request).await.map_err(no_project)?;
        self.parsed(response).await
    }

    pub async fn commit(&self, id: ProjectId, manifest: &Manifest) -> Result<()> {
        let request = self
            .request(Method::POST, &["code", &id.to_string(), "sync", "commit"])
            .json(manifest)
            .timeout(LONG_TIMEOUT);
        self.send(request).await.map(drop).map_err(no_project)
    }

    /// The whole project as a tar.gz.
    pub async fn archive(&self, id: ProjectId) -> Result<Response> {
        self.send(self.request(Method::GET, &["code", &id.to_string(), "archive"])).await.map_err(no_project)
    }
}

// Search
impl Client {
    /// Searches a project; `query` is the query string.
    pub async fn search(&self, id: ProjectId, query: &[(&str, String)]) -> Result<SearchAnswer> {
        let request = self.request(Method::GET, &["code", &id.to_string(), "search"]);
        self.json(request.query(query).timeout(SHORT_TIMEOUT)).await.map_err(no_project)
    }

    /// Searches all of one's projects.
    pub async fn search_all(&self, query: &[(&str, String)]) -> Result<SearchAnswer> {
        self.json(self.request(Method::GET, &["code", "search"]).query(query).timeout(SHORT_TIMEOUT)).await
    }

    pub async fn index_status(&self, id: ProjectId) -> Result<IndexStatus> {
        let request = self.request(Method::GET, &["code", &id.to_string(), "index"]);
        self.json(request.timeout(SHORT_TIMEOUT)).await.map_err(no_project)
    }

    /// Makes the job that brings the index up to date.
    pub async fn build_index(&self, id: ProjectId) -> Result<Job> {
        let request = self.request(Method::POST, &["code", &id.to_string(), "index"]);
        self.json(request.timeout(LONG_TIMEOUT)).await.map_err(no_project)
    }
}

// Jobs
impl Client {
    /// Submits a run. The same `key` never creates a second job, so a submission whose answer was lost is repeated.
    pub async fn submit(&self, id: ProjectId, run: &RunRequest, key: &str) -> Result<Job> {
        let deadline = Instant::now() + RESUBMIT_TIMEOUT;
        let (mut wait, mut sent) = (FIRST_RESUBMIT_WAIT, false);
        loop {
            let error = match self.submit_once(id, run, key).await {
                Err(error) if error.transient => error,
                result => return result,
            };
            sent |= !error.unsent;
            if !sent || Instant::now() + wait > deadline {
                return Err(error);
            }
            self.out.note("the answer was lost; submitting again with the same key");
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_RESUBMIT_WAIT);
        }
    }

    async fn submit_once(&self, id: ProjectId, run: &RunRequest, key: &str) -> Result<Job> {
        let request = self
            .request(Method::POST, &["code", &id.to_string(), "runs"])
            .header("Idempotency-Key", key)
            .json(run)
            .timeout(SHORT_TIMEOUT);
        self.json(request).await.map_err(no_project)
    }

    pub async fn job(&self, id: JobId) -> Result<Job> {
        self.json(self.request(Method::GET, &["jobs", &id.to_string()]).timeout(SHORT_TIMEOUT))
            .await
            .map_err(no_job)
    }

    /// The latest jobs first.
    pub async fn jobs(
        &self,
        project: Option<ProjectId>,
        state: Option<JobState>,
        kind: &str,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let mut query = vec![("limit", limit.clamp(1, 100).to_string()), ("kind", kind.to_owned())];
        query.extend(project.map(|id| ("project_id", id.to_string())));
        query.extend(state.map(|state| ("state", state.to_string())));
        self.pages(self.request(Method::GET, &["jobs"]).query(&query).timeout(SHORT_TIMEOUT), limit).await
    }

    /// Asks for the job's end; answers the job as it is now.
    pub async fn cancel(&self, id: JobId) -> Result<Job> {
        self.json(self.request(Method::POST, &["jobs", &id.to_string(), "cancel"]).timeout(SHORT_TIMEOUT))
            .await
            .map_err(no_job)
    }

    /// Gives a running program input.
    pub async fn input(&self, id: JobId, body: &InputRequest) -> Result<InputTaken> {
        let request = self.request(Method::POST, &["jobs", &id.to_string(), "input"]);
        self.json(request.json(body).timeout(SHORT_TIMEOUT)).await.map_err(no_job)
    }

    /// Opens the job's events behind `last_id`.
    pub async fn events(&self, id: JobId, last_id: Option<&str>) -> Result<Response> {
        let mut request = self
            .request(Method::GET, &["jobs", &id.to_string(), "events"])
            .header(header::ACCEPT, "text/event-stream");
        if let Some(last_id) = last_id {
            request = request.header("Last-Event-ID", last_id);
        }
        self.send(request).await.map_err(no_job)
    }

    /// One stream's bytes so far.
    pub async fn output(&self, id: JobId, stream: &str) -> Result<Response> {
        let request = self
            .request(Method::GET, &["jobs", &id.to_string(), "output"])
            .query(&[("stream", stream), ("offset", "0")]);
        self.send(request).await.map_err(no_job)
    }

    pub async fn artifacts(&self, id: JobId) -> Result<Vec<Artifact>> {
        let request =
            self.request(Method::GET, &["jobs", &id.to_string(), "artifacts"]).timeout(SHORT_TIMEOUT);
        self.pages(request, EVERYTHING).await.map_err(no_job)
    }

    pub async fn artifact(&self, id: JobId, path: &str) -> Result<Response> {
        let id = id.to_string();
        let parts: Vec<&str> = ["jobs", &id, "artifacts"].into_iter().chain(path.split('/')).collect();
        self.send(self.request(Method::GET, &parts)).await
    }

    pub async fn workers(&self) -> Result<Vec<Worker>> {
        self.pages(self.request(Method::GET, &["workers"]).timeout(SHORT_TIMEOUT), EVERYTHING).await
    }

    pub async fn runtimes(&self) -> Result<Vec<RuntimeView>> {
        self.pages(self.request(Method::GET, &["runtimes"]).timeout(SHORT_TIMEOUT), EVERYTHING).await
    }

    /// The body of an answer, piece by piece.
    pub fn body(&self, response: Response) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        let base = self.base.clone();
        response.bytes_stream().map(move |chunk| chunk.map_err(|error| problem::unreachable(&base, &error)))
    }
}

fn no_project(failure: CliError) -> CliError {
    failure.when(ErrorCode::NotFound, "engunity project ls")
}

fn no_job(failure: CliError) -> CliError {
    failure.when(ErrorCode::NotFound, "engunity jobs")
}
