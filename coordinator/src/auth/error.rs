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
    #[error("too many unknown tokens from this address; try again in {retry_after_s} s")]
    TooManyGuesses { retry_after_s: u64 },
    /// A refresh token was used a second time.
    #[error("all tokens of this login have ended; sign in again")]
    TokenReused,
    #[error("there is an account with this email already")]
    EmailTaken,
    #[error("the account is disabled")]
    Disabled,
    #[error("new accounts are made by invitation only; ask an administrator for one")]
    ByInvitation,
    #[error("the invitation is unknown, used, expired or for another address")]
    BadInvitation,
    #[error("new accounts are not made here; ask an administrator")]
    Closed,
    #[error("the installation takes {most} accounts, and has {users}")]
    TooManyUsers { users: i64, most: i64 },
    /// The present password is needed for a change.
    #[error("this is not the account's password")]
    WrongPassword,
    #[error("the code is unknown, used or expired; ask for a new one")]
    BadCode,
    /// What must be set up by the operator.
    #[error("no SMTP server is configured (smtp.url), so no mail can be sent")]
    NoMail,
    #[error("this is the last administrator; make another one first")]
    LastAdmin,
    #[error("{0}")]
    NotAdmin(&'static str),
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
    Stopped(#[from] tokio::sync::AcquireError),
}
