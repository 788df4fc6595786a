//! The one short list of error codes and the RFC 9457 body that carries them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::IntoDeserializer};
use utoipa::ToSchema;

use crate::limits::ReachedLimit;

/// Why a request was refused. Clients may rely on these names; the list only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A field is missing, unknown, of the wrong type or out of range; `errors` names each.
    InvalidInput,
    /// The body is not JSON, or not the JSON that was announced.
    MalformedBody,
    /// What came is not an HTTP request.
    MalformedRequest,
    /// No token, or one that is expired, forged or revoked.
    Unauthenticated,
    /// Email and password do not match.
    InvalidCredentials,
    /// A refresh token came a second time: the whole family has ended.
    TokenReused,
    /// The caller is known, and may not do this.
    Forbidden,
    /// An administrator disabled the account.
    AccountDisabled,
    /// New accounts are made by invitation, or not at all.
    RegistrationClosed,
    /// The thing does not exist, or belongs to someone else.
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    /// The name, path or email is taken.
    Conflict,
    /// `If-Match` names an older version; `etag` in the body is the current one.
    PreconditionFailed,
    PayloadTooLarge,
    /// The address, with its query, is too long.
    UriTooLong,
    /// The request's line and headers together are too long.
    HeadersTooLarge,
    /// The `Range` lies behind the end; `Content-Range` says how long it is.
    RangeNotSatisfiable,
    UnsupportedMediaType,
    /// An archive that can't be unpacked safely or at all; `detail` says which entry and why.
    BadArchive,
    /// The same `Idempotency-Key` came with another body.
    IdempotencyMismatch,
    RateLimited,
    /// The request took longer than the server waits.
    Timeout,
    /// The job has ended, so this can't be done to it any more.
    JobFinished,
    /// The job does not run yet: what only a running program can take has to wait.
    NotRunning,
    /// The program takes no input: the run did not ask for live input, or its input has ended.
    InputClosed,
    UnknownRuntime,
    QuotaExceeded,
    /// One of the limits of the user or of the installation is reached; `limit` says which.
    LimitReached,
    /// A feature that the operator has not set up.
    NotConfigured,
    /// PostgreSQL, object storage or the broker can't be reached; try again later.
    Unavailable,
    Internal,
}

/// Where the pages about error codes are; a problem's `type` is the address of one.
pub const ERROR_PAGES: &str = "/api/v1/docs/errors";

impl ErrorCode {
    pub const ALL: &'static [Self] = &{
        use ErrorCode::*;
        [
            InvalidInput,
            MalformedBody,
            MalformedRequest,
            Unauthenticated,
            InvalidCredentials,
            TokenReused,
            Forbidden,
            AccountDisabled,
            RegistrationClosed,
            NotFound,
            MethodNotAllowed,
            NotAcceptable,
            Conflict,
            PreconditionFailed,
            PayloadTooLarge,
            UriTooLong,
            HeadersTooLarge,
            RangeNotSatisfiable,
            UnsupportedMediaType,
            BadArchive,
            IdempotencyMismatch,
            RateLimited,
            Timeout,
            JobFinished,
            NotRunning,
            InputClosed,
            UnknownRuntime,
            QuotaExceeded,
            LimitReached,
            NotConfigured,
            Unavailable,
            Internal,
        ]
    };

    /// The address of the page about this code, on the same server.
    pub fn page(self) -> String {
        format!("{ERROR_PAGES}/{self}")
    }

    /// The HTTP status of this code: the only place where it is decided.
    pub fn status(self) -> u16 {
        use ErrorCode::*;
        match self {
            InvalidInput | BadArchive | UnknownRuntime => 422,
            MalformedBody | MalformedRequest => 400,
            Unauthenticated | InvalidCredentials | TokenReused => 401,
            Forbidden | AccountDisabled | RegistrationClosed => 403,
            NotFound => 404,
            MethodNotAllowed => 405,
            NotAcceptable => 406,
            Timeout => 408,
            Conflict | IdempotencyMismatch | JobFinished | NotRunning | InputClosed => 409,
            PreconditionFailed => 412,
            PayloadTooLarge => 413,
            UriTooLong => 414,
            UnsupportedMediaType => 415,
            RangeNotSatisfiable => 416,
            RateLimited | LimitReached => 429,
            HeadersTooLarge => 431,
            QuotaExceeded => 507,
            NotConfigured | Unavailable => 503,
            Internal => 500,
        }
    }

    /// A short sentence that is the same for every occurrence of this code.
    pub fn title(self) -> &'static str {
        use ErrorCode::*;
        match self {
            InvalidInput => "The request has invalid fields",
            MalformedBody => "The request body can't be read",
            MalformedRequest => "The request can't be read",
            Unauthenticated => "A valid access token is needed",
            InvalidCredentials => "Email or password is wrong",
            TokenReused => "This refresh token was used before",
            Forbidden => "This is not allowed to you",
            AccountDisabled => "The account is disabled",
            RegistrationClosed => "Registration is not open",
            NotFound => "There is no such thing",
            MethodNotAllowed => "This method is not allowed here",
            NotAcceptable => "No representation fits the Accept header",
            Conflict => "It exists already",
            PreconditionFailed => "It was changed by someone else",
            PayloadTooLarge => "The request body is too large",
            UriTooLong => "The address is too long",
            HeadersTooLarge => "The headers are too long",
            RangeNotSatisfiable => "The range lies outside the content",
            UnsupportedMediaType => "This content type is not supported here",
            BadArchive => "The archive was refused",
            IdempotencyMismatch => "The idempotency key was used for another request",
            RateLimited => "Too many requests",
            Timeout => "The request took too long",
            JobFinished => "The job has already ended",
            NotRunning => "The job does not run yet",
            InputClosed => "The program takes no input",
            UnknownRuntime => "There is no such runtime",
            QuotaExceeded => "The quota is used up",
            LimitReached => "A limit is reached",
            NotConfigured => "This feature is not configured",
            Unavailable => "A needed service can't be reached",
            Internal => "Something went wrong on our side",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl FromStr for ErrorCode {
    type Err = serde::de::value::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::deserialize(text.into_deserializer())
    }
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field's name; dotted for nested ones (`limits.wall_s`).
    pub field: String,
    pub message: String,
}

/// An `application/problem+json` body (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The address of the page about `code`.
    #[serde(rename = "type")]
    #[schema(pattern = "^/api/v1/docs/errors/[a-z_]+$")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub code: ErrorCode,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `precondition_failed`: the current content hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// With `limit_reached` and `quota_exceeded`: which limit, how much it allows and how much is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<ReachedLimit>,
}

impl Problem {
    /// Builds the body of `code`, with what is particular to this occurrence in `detail`.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            kind: code.page(),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            errors: Vec::new(),
            etag: None,
            limit: None,
        }
    }
}
