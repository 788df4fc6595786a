//! Why a request is refused: one problem+json body and the headers that go with it. Everything that can go
//! wrong below a handler is turned into one here, so that handlers use `?`.

use engunity_artifacts::ObjectError;
use engunity_protocol::problem::{ErrorCode, FieldError, Problem};
use engunity_store::StoreError;
use warp::http::{HeaderName, HeaderValue, header};
use warp::reply::Response;

/// What a handler answers.
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

    /// `what` does not exist, or is someone else's: the two can't be told apart.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("{what} does not exist"))
    }

    /// One field is wrong.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// Each of `errors` is wrong.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail =
            errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; ");
        let mut error = Self::new(ErrorCode::InvalidInput, detail);
        error.problem.errors = errors;
        error
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn with_etag(mut self, etag: impl Into<String>) -> Self {
        self.problem.etag = Some(etag.into());
        self
    }

    /// Something that should not happen: the cause goes to the log, not to the client.
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

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "the database can't be reached");
                Self::new(ErrorCode::Unavailable, "the database can't be reached; try again in a moment")
            }
            StoreError::Conflict(_) => Self::new(ErrorCode::Conflict, "it exists already"),
            StoreError::Gone(_) => {
                Self::new(ErrorCode::NotFound, "what it belongs to does not exist any more")
            }
            StoreError::Unstorable(_) => Self::new(ErrorCode::InvalidInput, error.to_string()),
            other => Self::internal(other),
        }
    }
}

impl From<ObjectError> for ApiError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Unavailable(cause) => {
                tracing::warn!(%cause, "object storage can't be reached");
                Self::new(ErrorCode::Unavailable, "object storage can't be reached; try again in a moment")
            }
            other => Self::internal(other),
        }
    }
}

impl From<tokio::task::JoinError> for ApiError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal(error)
    }
}
