//! Waits for a condition with a deadline, without fixed sleeps.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// Pause between two evaluations of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Calls `ask` until it returns `Some`; an error counts as "not yet". `what` names the condition in the error message.
pub async fn eventually<T, F, A>(what: &str, timeout: Duration, mut ask: A) -> Result<T>
where
    A: FnMut() -> F,
    F: Future<Output = Result<Option<T>>>,
{
    let deadline = Instant::now() + timeout;
    loop {
        let last = match ask().await {
            Ok(Some(response)) => return Ok(response),
            Ok(None) => String::new(),
            Err(error) => format!(" (last: {error:#})"),
        };
        if Instant::now() > deadline {
            bail!("did not happen within {timeout:?}: {what}{last}");
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
