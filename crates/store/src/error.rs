//! Errors of the database, in the cases that callers distinguish.

use std::error::Error;
use std::sync::Arc;

use tokio_postgres::error::SqlState;

/// What led to an error.
type Cause = Box<dyn Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server can't be reached, or can't do it now (no connection free, disk full, read-only, a lock or statement that
    /// took too long): worth trying again.
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
            &SqlState::CHARACTER_NOT_IN_REPERTOIRE
            | &SqlState::UNTRANSLATABLE_CHARACTER
            | &SqlState::DATETIME_FIELD_OVERFLOW => Self::Unstorable(error),
            code if is_condition_of_server(code) => Self::unavailable(explain(&error)),
            _ => Self::Query(error),
        }
    }
}

/// Whether an error says how the server is and nothing about the statement: the same statement may succeed later.
fn is_condition_of_server(code: &SqlState) -> bool {
    // Connection, insufficient resources (disk, memory), operator intervention (shutdown, cancelled), I/O.
    ["08", "53", "57", "58"].contains(&class(code))
        || [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::LOCK_NOT_AVAILABLE].contains(code)
        || [SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT].contains(code)
}

fn class(code: &SqlState) -> &str {
    code.code().get(..2).unwrap_or_default()
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

    /// Whether the database refuses what was to be stored, so that trying again is in vain. Any other error, known or not,
    /// may be over later.
    pub fn refuses_content(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Gone { .. } | Self::Unstorable(_) => true,
            // Data that does not fit, and constraints.
            Self::Query(error) => error.code().is_some_and(|code| ["22", "23"].contains(&class(code))),
            _ => false,
        }
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
