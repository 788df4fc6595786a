//! The HTTP side: the only part of the CLI that knows the API's paths.
//!
//! [`api`], `admin` and `history` have a method per call; [`events`] follows a job over disconnects; [`problem`] turns
//! what the server (or the network) says into one line. Every request ends in bounded time.

mod admin;
pub mod api;
pub mod events;
mod history;
mod problem;
mod retry;
pub mod sse;

use std::time::Duration;

use chrono::Utc;
use reqwest::{Method, RequestBuilder, Response, Url, header, redirect};
use serde::de::DeserializeOwned;

use crate::{
    error::{CliError, Result},
    output::Out,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout between two reads of an answer. Event streams send keep-alives more often.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
    out: Out,
}

impl Client {
    pub fn new(server: &str, token: Option<String>, out: Out) -> Result<Self> {
        let base = Url::parse(server).map_err(|e| CliError::new(format!("{server}: {e}")))?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("engunity/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(redirect::Policy::none());
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|e| CliError::new(format!("no HTTP client: {e}")))?;
        Ok(Self { http, base, token, out })
    }

    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// The same client as someone else.
    pub fn with_token(&self, token: String) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// A request to `/api/v1/<parts…>`.
    fn request(&self, method: Method, parts: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(parts);
        }
        self.authorized(self.http.request(method, url))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request whose body is in memory.
    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let copy = || request.try_clone().ok_or_else(|| CliError::new("this request can't be repeated"));
        self.send_each(copy).await
    }

    /// Sends the request, and sends it again after each wait that the server or a proxy asks for.
    async fn send_each(&self, request: impl Fn() -> Result<RequestBuilder>) -> Result<Response> {
        let mut budget = retry::Budget::start();
        loop {
            let response = self.once(request()?).await?;
            let Some(asked) = retry::asked_wait(&response, Utc::now()) else {
                return self.ensure_success(response).await;
            };
            match budget.grant(asked) {
                Some(wait) => self.wait(wait).await,
                // The total is used up: callers do not retry.
                None => {
                    return Err(CliError { transient: false, ..problem::read(&self.base, response).await });
                }
            }
        }
    }

    async fn once(&self, request: RequestBuilder) -> Result<Response> {
        request.send().await.map_err(|error| problem::unreachable(&self.base, &error))
    }

    /// Returns a successful answer and turns any other into an error.
    async fn ensure_success(&self, response: Response) -> Result<Response> {
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(problem::read(&self.base, response).await)
        }
    }

    async fn wait(&self, wait: Duration) {
        self.out.note(format!("the server asks to wait {} s", wait.as_secs_f64().ceil()));
        tokio::time::sleep(wait).await;
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let response = self.send(request).await?;
        self.parsed(response).await
    }

    async fn parsed<T: DeserializeOwned>(&self, response: Response) -> Result<T> {
        let body = response.bytes().await.map_err(|error| problem::unreachable(&self.base, &error))?;
        serde_json::from_slice(&body).map_err(|error| {
            CliError::new(format!("{} sent an answer that this version can't read: {error}", self.base))
        })
    }

    /// Reads a paged list until it ends or `limit` items are there.
    async fn pages<T: DeserializeOwned>(&self, first: RequestBuilder, limit: usize) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut request = first;
        loop {
            let response = self.send(request).await?;
            let next = next_page(&response);
            items.extend(self.parsed::<Vec<T>>(response).await?);
            match next.filter(|url| items.len() < limit && url.origin() == self.base.origin()) {
                Some(url) => request = self.authorized(self.http.get(url)),
                None => break,
            }
        }
        items.truncate(limit);
        Ok(items)
    }
}

fn is_loopback(base: &Url) -> bool {
    matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The target of `Link: <…>; rel="next"`.
fn next_page(response: &Response) -> Option<Url> {
    let links = response.headers().get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let target = links
        .flat_map(|value| value.split(','))
        .find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    let (_, rest) = target.split_once('<')?;
    let (target, _) = rest.split_once('>')?;
    response.url().join(target).ok()
}
