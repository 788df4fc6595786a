//! Errors of the database, in the cases that callers distinguish.

use std::error::Error;
use std::sync::Arc;

use tokio_postgres::error::SqlState;

/// What led to an error.
type Cause = Box<dyn Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server can't be reached, or has no connection free: worth trying again.
    #[error("the database can't be reached: {0}")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
    /// The row exists already.
    #[error("it exists already ({constraint})")]
    Conflict {
        /// The name of the unique constraint.
        constraint: String,
        source: Option<tokio_postgres::Error>,
    },
    /// A row that the change refers to is gone (a project deleted in mid-upload).
    #[error("what it refers to does not exist ({constraint})")]
    Gone {
        /// The name of the foreign key, or of the table where the row is missing.
        constraint: String,
        source: Option<tokio_postgres::Error>,
    },
    /// The database has no such value: a text with NUL, a time before its first year.
    #[error("it holds a value that can't be stored ({})", message(.0))]
    Unstorable(#[source] tokio_postgres::Error),
    #[error("the database URL is wrong: {0}")]
    Url(#[source] tokio_postgres::Error),
    #[error("migration {name} failed: {source}")]
    Migration { name: String, source: tokio_postgres::Error },
    #[error("a stored value can't be read: {0}")]
    Corrupt(#[source] Cause),
    #[error("{}", explain(.0))]
    Query(#[source] tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        if error.is_closed() {
            return Self::unavailable(error);
        }
        let Some(db) = error.as_db_error() else {
            return Self::from_connection_error(error);
        };
        let constraint = db.constraint().unwrap_or_default().to_owned();
        match db.code() {
            &SqlState::UNIQUE_VIOLATION => Self::Conflict { constraint, source: Some(error) },
            &SqlState::FOREIGN_KEY_VIOLATION => Self::Gone { constraint, source: Some(error) },
            &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::TOO_MANY_CONNECTIONS => Self::unavailable(db.message()),
            &SqlState::CHARACTER_NOT_IN_REPERTOIRE
            | &SqlState::UNTRANSLATABLE_CHARACTER
            | &SqlState::DATETIME_FIELD_OVERFLOW => Self::Unstorable(error),
            _ => Self::Query(error),
        }
    }
}

/// The library says only "db error"; what the server said is in the cause.
fn explain(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{}: {}", db.code().code(), db.message()),
        None => error.to_string(),
    }
}

/// What the server said, without its code: a user may read it.
fn message(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}

impl StoreError {
    /// The server can't be reached, because of `cause`.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into().into())
    }

    /// A stored value can't be read, because of `cause`.
    pub fn corrupt(cause: impl Into<Cause>) -> Self {
        Self::Corrupt(cause.into())
    }

    /// Without an answer of the server it is the connection that failed, unless a value could not be converted.
    fn from_connection_error(error: tokio_postgres::Error) -> Self {
        match error.source() {
            Some(source) if source.is::<std::io::Error>() => Self::unavailable(error),
            _ => Self::Query(error),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => Self::unavailable(error),
            other => Self::unavailable(other),
        }
    }
}

impl From<deadpool_postgres::BuildError> for StoreError {
    fn from(error: deadpool_postgres::BuildError) -> Self {
        Self::corrupt(error)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::corrupt(error)
    }
}

impl From<uuid::Error> for StoreError {
    fn from(error: uuid::Error) -> Self {
        Self::corrupt(error)
    }
}
