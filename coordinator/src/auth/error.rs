//! Why a caller, a login or a token is refused.

use engunity_store::StoreError;

use super::accounts::MAX_TOKENS;

#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The caller did not prove who it is; the text says what is missing or wrong.
    #[error("{0}")]
    Unauthenticated(&'static str),
    #[error("email or password is wrong")]
    InvalidCredentials,
    #[error("too many failed logins; try again in {retry_after_s} s")]
    TooManyFailures { retry_after_s: u64 },
    /// A refresh token was used a second time.
    #[error("all tokens of this login have ended; sign in again")]
    TokenReused,
    #[error("there is an account with this email already")]
    EmailTaken,
    #[error("at most {MAX_TOKENS} personal tokens; revoke one first")]
    TooManyTokens,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    #[error("a token could not be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
    #[error("a blocking task failed")]
    Task(#[from] tokio::task::JoinError),
    #[error("the coordinator is shutting down")]
    Closed(#[from] tokio::sync::AcquireError),
}
