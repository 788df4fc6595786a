//! The API as a test sees it: typed calls for the ways everyone goes, plain requests for the rest.

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

/// Who asks which coordinator.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).with_context(|| format!("{} {}", self.status, self.text()))
    }

    /// The answer, if it is a success.
    pub fn ok(self) -> Result<Self> {
        ensure!(self.status.is_success(), "{} {}", self.status, self.text());
        Ok(self)
    }

    /// The problem, if it is one.
    pub fn problem(&self) -> Result<Problem> {
        let kind = self.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        ensure!(kind == "application/problem+json", "{} {kind:?} {}", self.status, self.text());
        self.json()
    }
}

impl Client {
    /// Asks `base` (`http://host:port`) without a token.
    pub fn new(base: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.trim_end_matches('/').to_owned(), token: None }
    }

    /// The same user at another coordinator.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    /// Someone who has this token.
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

    /// A request to `/api/v1<path>`, with the token if there is one.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Answer { status, headers, body: answer.bytes().await?.to_vec() })
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn project(&self, name: &str) -> Result<Project> {
        self.post("/code/", json!({"name": name, "language": "bash"})).await?.ok()?.json()
    }

    pub async fn write(&self, project: ProjectId, path: &str, content: &str) -> Result<Value> {
        let file = json!({"path": path, "type": "file", "content": content});
        self.post(&format!("/code/{project}/files"), file).await?.ok()?.json()
    }

    pub async fn upload(&self, project: ProjectId, name: &str, bytes: Vec<u8>) -> Result<Answer> {
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

    pub async fn cancel(&self, job: JobId) -> Result<Answer> {
        self.post(&format!("/jobs/{job}/cancel"), json!({})).await
    }

    pub async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>> {
        self.get(&format!("/jobs/{job}/artifacts")).await?.ok()?.json()
    }

    /// The job, once `is_it` says so.
    pub async fn job_when(
        &self,
        job: JobId,
        patience: Duration,
        is_it: impl Fn(&Job) -> bool,
    ) -> Result<Job> {
        let look = || async { self.job(job).await.map(|job| is_it(&job).then_some(job)) };
        match eventually(&format!("job {job} is as wanted"), patience, look).await {
            Ok(job) => Ok(job),
            Err(error) => Err(error.context(format!("{:?}", self.job(job).await))),
        }
    }

    pub async fn job_end(&self, job: JobId, patience: Duration) -> Result<Job> {
        self.job_when(job, patience, |job| job.state.is_terminal()).await
    }

    /// The job's events after number `after` (0: all).
    pub async fn events(&self, job: JobId, after: i64) -> Result<Events> {
        let mut request =
            self.request(Method::GET, &format!("/jobs/{job}/events")).header("accept", "text/event-stream");
        if after > 0 {
            request = request.header("last-event-id", after.to_string());
        }
        Events::open(request).await
    }
}
