//! What applies to every request: its id, log line, metrics and response headers. Every request gets a response, even
//! if its handler panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

use super::cors::Cors;
use super::error::{ApiError, ApiResult};
use super::request::Request;
use super::router::{self, Entry, Table};
use super::web::Web;
use crate::app::App;
use crate::auth::rate_limit::Quota;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How much of a rejected body is read, and for how long, so that the client receives the response.
const DRAIN_BYTES: usize = 64 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(3);
/// How much of an unused body is read, so that the connection can be reused.
const IGNORED_BYTES: usize = 64 << 10;

pub struct Pipeline {
    app: Arc<App>,
    table: Table,
    cors: Cors,
    web: Web,
}

impl Pipeline {
    pub fn new(app: Arc<App>, table: Table) -> Self {
        let cors = Cors::new(&app.config.http.cors_origins);
        let web = Web::new(&app.config.web.root);
        Self { app, table, cors, web }
    }

    /// Answers one request. Never fails.
    pub async fn serve(&self, request: Request) -> Response {
        let started = Instant::now();
        let id = request_id(&request.headers);
        let (method, path, headers) = (request.method.clone(), request.path.clone(), request.headers.clone());
        let mut quota = None;
        let body = sends_body(&headers).then(|| request.body.clone());
        let (template, answer) = self.route(request, &mut quota).await;
        if let Some(body) = body {
            body.drain(if answer.is_err() { DRAIN_BYTES } else { IGNORED_BYTES }, DRAIN_TIME).await;
        }
        let mut response = answer.unwrap_or_else(ApiError::into_response);
        self.finish(&headers, quota, &id, &mut response);
        record(&method, template, response.status(), started.elapsed());
        log(&method, &path, &response, &id, started.elapsed());
        response
    }

    async fn route(&self, mut request: Request, quota: &mut Option<Quota>) -> (&'static str, ApiResult) {
        let Some((entry, params)) = self.table.find(&request.path) else {
            return ("static", self.web.answer(&request).await);
        };
        request.params = params;
        let answer = match entry.route(&request.method) {
            Err(_) if request.method == Method::OPTIONS => Ok(self.options(entry, &request.headers)),
            Err(error) => Err(error),
            Ok(route) => self.run(route, request, quota).await,
        };
        (entry.template, answer)
    }

    async fn run(&self, route: &router::Route, request: Request, quota: &mut Option<Quota>) -> ApiResult {
        let handled = AssertUnwindSafe(router::run(&self.app, route, request, quota)).catch_unwind().await;
        handled.unwrap_or_else(|_| {
            Err(ApiError::internal(format_args!("the handler of {} panicked", route.path)))
        })
    }

    fn options(&self, entry: &Entry, headers: &HeaderMap) -> Response {
        let mut response = Response::new(Vec::new().into());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(header::ALLOW, entry.allow.clone());
        self.cors.preflight(headers, response.headers_mut());
        response
    }

    fn finish(&self, request: &HeaderMap, quota: Option<Quota>, id: &HeaderValue, response: &mut Response) {
        let headers = response.headers_mut();
        self.cors.apply(request, headers);
        headers.insert(REQUEST_ID, id.clone());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        if let Some(quota) = quota {
            insert(headers, RATE_LIMIT, format!("\"default\";r={};t={}", quota.left, quota.reset));
            insert(headers, RATE_LIMIT_POLICY, format!("\"default\";q={};w=60", quota.limit));
        }
    }
}

/// Whether the client sends a body. If it stays unread, the connection is reset, perhaps before the client has read the
/// response. A client that expects `100 Continue` has not sent its body yet.
fn sends_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    (length || headers.contains_key(header::TRANSFER_ENCODING)) && !headers.contains_key(header::EXPECT)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// The request id of the client if it is valid, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_valid = |value: &&HeaderValue| {
        value.len() <= 64 && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    headers.get(REQUEST_ID).filter(is_valid).cloned().unwrap_or_else(|| {
        HeaderValue::try_from(uuid::Uuid::now_v7().simple().to_string())
            .unwrap_or(HeaderValue::from_static("-"))
    })
}

fn record(method: &Method, route: &'static str, status: StatusCode, took: Duration) {
    let method = known_method(method);
    metrics::counter!("engunity_http_requests_total", "method" => method, "route" => route, "status" => status_text(status)).increment(1);
    metrics::histogram!("engunity_http_request_duration_seconds", "method" => method, "route" => route)
        .record(took.as_secs_f64());
}

/// Bounds the values of the metrics label: clients may send any method name.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn status_text(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

fn log(method: &Method, path: &str, response: &Response, id: &HeaderValue, took: Duration) {
    let status = response.status().as_u16();
    let request_id = id.to_str().unwrap_or_default();
    let took_ms = took.as_micros() as f64 / 1000.0;
    if status >= 500 {
        tracing::warn!(target: "access", %method, path, status, took_ms, request_id, "answered with an error");
    } else {
        tracing::info!(target: "access", %method, path, status, took_ms, request_id, "answered");
    }
}
