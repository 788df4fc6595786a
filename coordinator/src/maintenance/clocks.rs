//! Periodic work: republish jobs, end lost attempts, look after sessions, collect garbage, apply retention.

use std::{future::Future, sync::Arc, time::Duration};

use engunity_store::StoreError;

use super::{deletions, gc_attempts, gc_history, gc_indexes};
use crate::orchestrator::Orchestrator;
use crate::supervisor::{Service, every};

/// Messages published again in one go.
const REDISPATCH: i64 = 500;
/// Jobs whose output is deleted by one statement, so that locks are short.
const EXPIRE: i64 = 100;
/// A sweep that reads much is done by one coordinator at this interval, a little less than that of its clock.
const SWEEP_SECONDS: f64 = 290.0;
/// Jobs, each with all its events.
const EXPIRE_JOBS: i64 = 200;
const BATCH_PAUSE: Duration = Duration::from_millis(100);

/// All periodic services of a coordinator.
pub fn services(orchestrator: &Arc<Orchestrator>) -> Vec<Service> {
    vec![
        clock(orchestrator, "redispatch", 1, "publish jobs again", redispatch),
        clock(orchestrator, "reaper", 1, "look for lost jobs", reap),
        clock(orchestrator, "deletions", 1, "finish the deletion of projects", deletions::run),
        clock(orchestrator, "overdue", 5, "end overdue runs", end_overdue),
        clock(orchestrator, "sessions", 2, "look after sessions", look_at_sessions),
        clock(orchestrator, "index-builds", 1, "make index jobs", build_indexes),
        clock(orchestrator, "gc-attempts", 60, "collect dead attempts", gc_attempts::collect),
        clock(orchestrator, "gc-storage", 300, "collect unused storage", collect_storage),
        clock(orchestrator, "gc-indexes", 60, "collect parts of former indexes", gc_indexes::collect),
        clock(orchestrator, "retention", 300, "delete old output and jobs", expire),
    ]
}

fn clock<F, Fut>(
    orchestrator: &Arc<Orchestrator>,
    name: &'static str,
    seconds: u64,
    what: &'static str,
    work: F,
) -> Service
where
    F: Fn(Arc<Orchestrator>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let orchestrator = orchestrator.clone();
    Service::new(name, move || {
        let orchestrator = orchestrator.clone();
        every(Duration::from_secs(seconds), what, move || work(orchestrator.clone()))
    })
}

/// Publishes what was released long ago and not claimed.
async fn redispatch(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    let due = orchestrator.store.due_dispatches(REDISPATCH).await?;
    if !due.is_empty() {
        orchestrator.dispatcher.publish(due).await;
    }
    Ok(())
}

/// Ends attempts whose worker is lost.
async fn reap(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    if !orchestrator.workers.may_judge() {
        return Ok(());
    }
    let lost = orchestrator.writer.reap().await?;
    if !lost.is_empty() {
        tracing::warn!(
            jobs = lost.len(),
            "workers stopped answering; their jobs run again elsewhere or end as lost"
        );
        metrics::counter!("engunity_attempts_lost_total").increment(lost.len() as u64);
        orchestrator.dispatcher.wake_for(&lost);
    }
    Ok(())
}

/// Ends runs that their workers should have ended, whatever those say.
async fn end_overdue(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    let ended = orchestrator.writer.end_overdue(orchestrator.settings.overdue_seconds).await?;
    if !ended.is_empty() {
        tracing::warn!(jobs = ended.len(), "ended runs that were far beyond their limit of time");
        orchestrator.dispatcher.wake_for(&ended);
    }
    Ok(())
}

/// Detects dead coordinators, whose sessions are free.
async fn look_at_sessions(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    orchestrator.sessions.tick().await
}

/// Makes jobs for what has changed since its index.
async fn build_indexes(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    if !orchestrator.settings.index_automatically {
        return Ok(());
    }
    orchestrator.index_builds.submit_due().await
}

/// Bounds history and trash, then collects what they, projects and accounts leave behind.
async fn collect_storage(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    if !orchestrator.store.take_periodic_work("gc-storage", SWEEP_SECONDS).await? {
        return Ok(());
    }
    gc_history::expire(&orchestrator).await?;
    super::gc_storage::collect(&orchestrator.store, &orchestrator.objects).await;
    Ok(())
}

async fn expire(orchestrator: Arc<Orchestrator>) -> Result<(), StoreError> {
    if !orchestrator.store.take_periodic_work("retention", SWEEP_SECONDS).await? {
        return Ok(());
    }
    let (output_days, job_days) = (orchestrator.settings.output_days, orchestrator.settings.job_days);
    while output_days > 0.0 && orchestrator.store.expire_output(output_days, EXPIRE).await? as i64 == EXPIRE {
        tokio::time::sleep(BATCH_PAUSE).await;
    }
    while job_days > 0.0 && orchestrator.store.expire_jobs(job_days, EXPIRE_JOBS).await? as i64 == EXPIRE_JOBS
    {
        tokio::time::sleep(BATCH_PAUSE).await;
    }
    Ok(())
}
