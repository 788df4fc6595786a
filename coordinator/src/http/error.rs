//! Error responses: a problem+json body and its headers. `api::errors` maps the errors of
//! services to it.

use engunity_protocol::problem::{ErrorCode, FieldError, Problem};
use warp::http::{HeaderName, HeaderValue, header};
use warp::reply::Response;

/// The result of a handler.
pub type ApiResult = Result<Response, ApiError>;

#[derive(Debug)]
pub struct ApiError {
    pub problem: Box<Problem>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { problem: Box::new(Problem::new(code, detail)), headers: Vec::new() }
    }

    /// `what` does not exist or belongs to another user; the response is the same.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("{what} does not exist"))
    }

    /// One field is invalid.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// Several fields are invalid.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail =
            errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; ");
        let mut error = Self::new(ErrorCode::InvalidInput, detail);
        error.problem.errors = errors;
        error
    }

    /// The caller is not authenticated.
    pub fn unauthenticated(detail: &str) -> Self {
        Self::new(ErrorCode::Unauthenticated, detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"engunity\""))
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn with_etag(mut self, etag: impl Into<String>) -> Self {
        self.problem.etag = Some(etag.into());
        self
    }

    /// A bug or an unexpected failure: the cause goes to the log, not to the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed on our side");
        Self::new(ErrorCode::Internal, "the cause is in the coordinator's log")
    }

    pub fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = warp::http::StatusCode::from_u16(self.problem.status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}
