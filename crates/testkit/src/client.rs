//! An API client for tests: typed calls for the common requests, untyped requests for the rest.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engunity_protocol::{
    JobId, ProjectId,
    account::Credentials,
    job::{Artifact, Job, RunRequest},
    problem::Problem,
    project::Project,
};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{eventually, sse::Events};

const PASSWORD: &str = "correct horse battery staple";

/// A user at a coordinator.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// A response with its body.
#[derive(Debug)]
pub struct ApiResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl ApiResponse {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).with_context(|| format!("{} {}", self.status, self.text()))
    }

    /// Fails unless the status is a success.
    pub fn ok(self) -> Result<Self> {
        ensure!(self.status.is_success(), "{} {}", self.status, self.text());
        Ok(self)
    }

    /// The problem document. Fails if the response is not one.
    pub fn problem(&self) -> Result<Problem> {
        let kind = self.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        ensure!(kind == "application/problem+json", "{} {kind:?} {}", self.status, self.text());
        self.json()
    }
}

impl Client {
    /// A client for `base` (`http://host:port`) without a token.
    pub fn new(base: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.trim_end_matches('/').to_owned(), token: None }
    }

    /// The same user at another coordinator.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    /// The same coordinator with this token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn register(&self, email: &str) -> Result<Self> {
        let who = json!({"email": email, "password": PASSWORD, "name": "A Tester"});
        let credentials: Credentials = self.post("/auth/register", who).await?.ok()?.json()?;
        Ok(Self { token: Some(credentials.access_token), ..self.clone() })
    }

    /// A request to `/api/v1<path>`, with the token if one is set.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<ApiResponse> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(ApiResponse { status, headers, body: response.bytes().await?.to_vec() })
    }

    pub async fn get(&self, path: &str) -> Result<ApiResponse> {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<ApiResponse> {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Result<ApiResponse> {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Result<ApiResponse> {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn project(&self, name: &str) -> Result<Project> {
        self.post("/code/", json!({"name": name, "language": "bash"})).await?.ok()?.json()
    }

    pub async fn write(&self, project: ProjectId, path: &str, content: &str) -> Result<Value> {
        let file = json!({"path": path, "type": "file", "content": content});
        self.post(&format!("/code/{project}/files"), file).await?.ok()?.json()
    }

    pub async fn upload(&self, project: ProjectId, name: &str, bytes: Vec<u8>) -> Result<ApiResponse> {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        self.send(self.request(Method::POST, &format!("/code/{project}/upload")).multipart(form)).await
    }

    pub async fn run(&self, project: ProjectId, run: &RunRequest) -> Result<Job> {
        self.post(&format!("/code/{project}/runs"), serde_json::to_value(run)?).await?.ok()?.json()
    }

    pub async fn job(&self, job: JobId) -> Result<Job> {
        self.get(&format!("/jobs/{job}")).await?.ok()?.json()
    }

    pub async fn cancel(&self, job: JobId) -> Result<ApiResponse> {
        self.post(&format!("/jobs/{job}/cancel"), json!({})).await
    }

    pub async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>> {
        self.get(&format!("/jobs/{job}/artifacts")).await?.ok()?.json()
    }

    /// Waits until `predicate` holds for the job and returns the job.
    pub async fn job_when(
        &self,
        job: JobId,
        timeout: Duration,
        predicate: impl Fn(&Job) -> bool,
    ) -> Result<Job> {
        let look = || async { self.job(job).await.map(|job| predicate(&job).then_some(job)) };
        match eventually(&format!("job {job} matches the predicate"), timeout, look).await {
            Ok(job) => Ok(job),
            Err(error) => Err(error.context(format!("{:?}", self.job(job).await))),
        }
    }

    pub async fn job_end(&self, job: JobId, timeout: Duration) -> Result<Job> {
        self.job_when(job, timeout, |job| job.state.is_terminal()).await
    }

    /// Events of the job after number `after`; 0 means all.
    pub async fn events(&self, job: JobId, after: i64) -> Result<Events> {
        let mut request =
            self.request(Method::GET, &format!("/jobs/{job}/events")).header("accept", "text/event-stream");
        if after > 0 {
            request = request.header("last-event-id", after.to_string());
        }
        Events::open(request).await
    }
}
