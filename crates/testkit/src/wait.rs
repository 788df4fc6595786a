//! Waiting for a condition, with a deadline and without fixed sleeps.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Asks until `ask` has an answer; an error of `ask` counts as "not yet". `what` completes "did not happen: …".
pub async fn eventually<T, F, A>(what: &str, patience: Duration, mut ask: A) -> Result<T>
where
    A: FnMut() -> F,
    F: Future<Output = Result<Option<T>>>,
{
    let deadline = Instant::now() + patience;
    loop {
        let last = match ask().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => String::new(),
            Err(error) => format!(" (last: {error:#})"),
        };
        if Instant::now() > deadline {
            bail!("did not happen within {patience:?}: {what}{last}");
        }
        tokio::time::sleep(LOOK).await;
    }
}
