//! Removes sandboxes without an owner, at the start and every few seconds: a crash must leave none behind.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use engunity_protocol::JobId;
use tokio::time::sleep;

use crate::context::WorkerContext;

const INTERVAL: Duration = Duration::from_secs(5);

pub fn start(context: &Arc<WorkerContext>) {
    tokio::spawn(run_forever(Arc::downgrade(context)));
}

async fn run_forever(context: Weak<WorkerContext>) {
    while let Some(context) = context.upgrade() {
        let active_runs = context.status.active_runs.clone();
        let is_active = move |job: &str| job.parse::<JobId>().is_ok_and(|job| active_runs.runs_job(job));
        context.sandbox.gc(&context.identity.id, &is_active).await;
        drop(context);
        sleep(INTERVAL).await;
    }
}
