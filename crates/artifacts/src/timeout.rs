//! Timeouts of calls to object storage: every wait is bounded, so that a dead server is an error and not a hang.

use std::{future::Future, time::Duration};

use minio::s3::error::Error;

use crate::{
    Result,
    error::{ObjectError, is_broken_connection},
};

/// For the first byte of an answer.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// For the next piece of a body that has begun.
pub(crate) const NEXT_CHUNK_TIMEOUT: Duration = Duration::from_secs(10);
/// The slowest upload that does not time out.
const BYTES_PER_SECOND: u64 = 1 << 20;

/// How long sending `bytes` may take.
pub(crate) fn upload_timeout(bytes: usize) -> Duration {
    ANSWER_TIMEOUT + Duration::from_secs(bytes as u64 / BYTES_PER_SECOND)
}

/// Runs a call with a timeout; `what` names its object in errors. A call that fails because the server
/// had closed an idle connection is made a second time (all calls of this crate can be repeated).
pub(crate) async fn with_timeout<T, F>(timeout: Duration, what: &str, call: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = std::result::Result<T, Error>>,
{
    let twice = async {
        match call().await {
            Err(error) if is_broken_connection(&error) => call().await,
            result => result,
        }
    };
    match tokio::time::timeout(timeout, twice).await {
        Ok(result) => result.map_err(|error| ObjectError::sort(what, error)),
        Err(_) => Err(ObjectError::too_late()),
    }
}
