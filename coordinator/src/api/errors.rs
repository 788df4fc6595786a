//! The one place that maps the errors of services to problems: which code, which field, what the client reads.

use std::error::Error;
use std::io;

use engunity_artifacts::ObjectError;
use engunity_protocol::limits::ReachedLimit;
use engunity_protocol::problem::{ErrorCode, FieldError};
use engunity_store::{ChangeError, StoreError};
use warp::http::{HeaderValue, header};

use crate::auth::AuthError;
use crate::files::FileError;
use crate::http::error::ApiError;
use crate::jobs::input::InputError;
use crate::limits::Refused;
use crate::search::{BuildError, SearchError};

/// Hashes of missing contents that one answer names.
const MAX_NAMED: usize = 1000;
/// When to try again what other work of the same user stands in the way of.
const LIMIT_RETRY_SECONDS: u64 = 2;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "the database can't be reached");
                Self::new(ErrorCode::Unavailable, "the database can't be reached; try again in a moment")
            }
            StoreError::Conflict { .. } => Self::new(ErrorCode::Conflict, "it exists already"),
            StoreError::Gone { .. } => {
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

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::NotFound => Self::not_found("this project or file"),
            ChangeError::Taken(_) | ChangeError::NotAFolder(_) | ChangeError::IsAFolder(_) => {
                Self::new(ErrorCode::Conflict, detail)
            }
            ChangeError::NoFolder(_) => Self::new(ErrorCode::NotFound, detail),
            ChangeError::NoSuchParent | ChangeError::IntoItself => Self::field("parent_id", detail),
            ChangeError::Path(_) => Self::field("name", detail),
            ChangeError::Stale { current } => stale(detail, current),
            ChangeError::Full { .. } => Self::new(ErrorCode::QuotaExceeded, detail),
            ChangeError::Missing(hashes) => missing(detail, hashes),
            ChangeError::WrongSize(_) => Self::field("files", detail),
            ChangeError::BadTarget(_) => Self::field("content", detail),
            ChangeError::Store(error) => error.into(),
        }
    }
}

/// Says which content is the current one, in the body and as every answer about it does.
fn stale(detail: String, current: Option<String>) -> ApiError {
    let error = ApiError::new(ErrorCode::PreconditionFailed, detail);
    let Some(hash) = current else { return error };
    match HeaderValue::from_str(&format!("\"{hash}\"")) {
        Ok(tag) => error.with_etag(hash).with_header(header::ETAG, tag),
        Err(_) => error.with_etag(hash),
    }
}

/// Names contents that a commit needs and nobody sent.
fn missing(detail: String, hashes: Vec<String>) -> ApiError {
    let mut error = ApiError::new(ErrorCode::Conflict, detail);
    let name = |hash| FieldError { field: "hash".into(), message: hash };
    error.problem.errors = hashes.into_iter().take(MAX_NAMED).map(name).collect();
    error
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NoProject => Self::not_found("this project"),
            FileError::NoFile => Self::not_found("this file"),
            FileError::NoVersion => Self::not_found("this version"),
            FileError::NotInTrash => Self::not_found("this entry of the trash"),
            FileError::Invalid { field, message } => Self::field(field, message),
            FileError::TextTooLong => Self::new(ErrorCode::PayloadTooLarge, error.to_string()),
            FileError::Archive(error) => Self::new(ErrorCode::BadArchive, error.to_string()),
            FileError::Disk(error) => disk(error),
            FileError::Change(error) => error.into(),
            FileError::Store(error) => error.into(),
            FileError::Object(error) => error.into(),
            FileError::Task(_) => Self::internal(chain(&error)),
        }
    }
}

/// The coordinator's own disk failed: not the client's fault, and worth telling apart from a bug.
pub fn disk(error: io::Error) -> ApiError {
    if error.kind() == io::ErrorKind::StorageFull {
        tracing::error!(%error, "the disk for temporary files is full");
        return ApiError::new(ErrorCode::Unavailable, "the coordinator's disk is full; try again later");
    }
    ApiError::internal(format_args!("a temporary file failed: {error}"))
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let detail = error.to_string();
        match error {
            AuthError::Unauthenticated(_) => Self::unauthenticated(&detail),
            AuthError::InvalidCredentials => Self::new(ErrorCode::InvalidCredentials, detail),
            AuthError::TooManyFailures { retry_after_s } | AuthError::TooManyGuesses { retry_after_s } => {
                Self::new(ErrorCode::RateLimited, detail)
                    .with_header(header::RETRY_AFTER, retry_after_s.into())
            }
            AuthError::TokenReused => Self::new(ErrorCode::TokenReused, detail),
            AuthError::EmailTaken => Self::new(ErrorCode::Conflict, detail),
            AuthError::Disabled => Self::new(ErrorCode::AccountDisabled, detail),
            AuthError::ByInvitation | AuthError::Closed => Self::new(ErrorCode::RegistrationClosed, detail),
            AuthError::BadInvitation => Self::field("invitation", detail),
            AuthError::TooManyUsers { users, most } => {
                Self::from(ReachedLimit { name: "installation.users".into(), limit: most, used: users })
            }
            AuthError::WrongPassword => Self::field("current_password", detail),
            AuthError::BadCode => Self::field("token", detail),
            AuthError::NoMail => Self::new(ErrorCode::NotConfigured, detail),
            AuthError::NotAdmin(_) => Self::new(ErrorCode::Forbidden, detail),
            AuthError::LastAdmin => Self::new(ErrorCode::Conflict, detail),
            AuthError::TooManyTokens => Self::new(ErrorCode::QuotaExceeded, detail),
            AuthError::Store(error) => error.into(),
            AuthError::Hash(_) | AuthError::Sign(_) | AuthError::Task(_) | AuthError::Stopped(_) => {
                Self::internal(chain(&error))
            }
        }
    }
}

/// A limit that is reached: of what is kept it is a quota, of what goes on by itself it is worth trying again.
impl From<ReachedLimit> for ApiError {
    fn from(reached: ReachedLimit) -> Self {
        let ReachedLimit { name, limit, used } = &reached;
        let detail = format!("the limit {name} is {limit}, and {used} are used");
        let keeps = ["projects", "stored_bytes", "users"].iter().any(|kept| name.ends_with(kept));
        let mut error = if keeps {
            Self::new(ErrorCode::QuotaExceeded, detail)
        } else {
            let wait = if name.ends_with("_per_day") { seconds_to_midnight() } else { LIMIT_RETRY_SECONDS };
            Self::new(ErrorCode::LimitReached, detail).with_header(header::RETRY_AFTER, wait.into())
        };
        error.problem.limit = Some(reached);
        error
    }
}

/// Seconds until the day (UTC) ends, and with it what it has used.
fn seconds_to_midnight() -> u64 {
    const DAY: i64 = 86_400;
    (DAY - chrono::Utc::now().timestamp().rem_euclid(DAY)).unsigned_abs()
}

impl From<Refused> for ApiError {
    fn from(error: Refused) -> Self {
        match error {
            Refused::Reached(reached) => reached.into(),
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<InputError> for ApiError {
    fn from(error: InputError) -> Self {
        let detail = error.to_string();
        match error {
            InputError::NoJob => Self::not_found("this job"),
            InputError::NotStarted | InputError::NotRunning => Self::new(ErrorCode::NotRunning, detail),
            InputError::Ended => Self::new(ErrorCode::JobFinished, detail),
            InputError::Closed => Self::new(ErrorCode::InputClosed, detail),
            InputError::Invalid { field, message } => Self::field(field, message),
            InputError::WorkerUnreachable { ref worker, .. } => {
                tracing::debug!(%worker, error = chain(&error), "a worker did not answer live input");
                Self::new(ErrorCode::Unavailable, detail)
            }
            InputError::Store(error) => error.into(),
        }
    }
}

impl From<BuildError> for ApiError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::NoProject => Self::not_found("this project"),
            BuildError::Store(error) => error.into(),
            BuildError::Object(error) => error.into(),
        }
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        let detail = error.to_string();
        match error {
            SearchError::NoProject => Self::not_found("this project"),
            SearchError::Invalid { field, message } => Self::field(field, message),
            SearchError::NoWorker => Self::new(ErrorCode::Unavailable, detail),
            SearchError::Unanswered(_) => {
                tracing::warn!(error = chain(&error), "a search was not answered");
                Self::new(ErrorCode::Unavailable, format!("{detail}; try again in a moment"))
            }
            SearchError::Unreadable(_) => Self::internal(chain(&error)),
            SearchError::Store(error) => error.into(),
        }
    }
}

/// An error and all its causes, for the log.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
