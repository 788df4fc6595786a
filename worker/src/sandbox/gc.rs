//! Cleaning up, at the start and every few seconds: what a crash has left behind must not stay.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use engunity_protocol::JobId;
use tokio::time::sleep;

use crate::context::Environment;

const EVERY: Duration = Duration::from_secs(5);

pub fn start(environment: &Arc<Environment>) {
    tokio::spawn(sweep_forever(Arc::downgrade(environment)));
}

async fn sweep_forever(environment: Weak<Environment>) {
    while let Some(environment) = environment.upgrade() {
        let registry = environment.presence.registry.clone();
        let is_ours = move |job: &str| job.parse::<JobId>().is_ok_and(|job| registry.runs_job(job));
        environment.sandbox.sweep(&environment.identity.id, &is_ours).await;
        drop(environment);
        sleep(EVERY).await;
    }
}
