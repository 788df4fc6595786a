//! What only the clock can bring about: publishing again, ending lost attempts, keeping our own lease, forgetting.

use std::{future::Future, sync::Arc, time::Duration};

use engunity_store::StoreError;

use super::gc_attempts;
use crate::orchestrator::Engine;
use crate::supervisor::{Service, every};

/// Messages published again in one go.
const REDISPATCH: i64 = 500;
/// Pieces of output deleted by one statement, so that locks are short.
const EXPIRE: i64 = 5_000;
/// Jobs, each with all its events.
const EXPIRE_JOBS: i64 = 200;
const BREATH: Duration = Duration::from_millis(100);

/// All clocks of a coordinator.
pub fn services(engine: &Arc<Engine>) -> Vec<Service> {
    vec![
        clock(engine, "redispatch", 1, "publish jobs again", redispatch),
        clock(engine, "reaper", 1, "look for lost jobs", reap),
        clock(engine, "coordinator-lease", 2, "renew this coordinator's lease", keep_lease),
        clock(engine, "garbage", 60, "collect garbage", gc_attempts::collect),
        clock(engine, "cleanup", 300, "clean up", sweep),
        clock(engine, "retention", 300, "delete old output and jobs", expire),
    ]
}

fn clock<F, Fut>(
    engine: &Arc<Engine>,
    name: &'static str,
    seconds: u64,
    what: &'static str,
    work: F,
) -> Service
where
    F: Fn(Arc<Engine>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let engine = engine.clone();
    Service::new(name, move || {
        let engine = engine.clone();
        every(Duration::from_secs(seconds), what, move || work(engine.clone()))
    })
}

/// Publishes what was released long ago and not claimed.
async fn redispatch(engine: Arc<Engine>) -> Result<(), StoreError> {
    let due = engine.store.due_dispatches(REDISPATCH).await?;
    if !due.is_empty() {
        engine.dispatcher.publish(due).await;
    }
    Ok(())
}

/// Ends attempts whose worker is gone.
async fn reap(engine: Arc<Engine>) -> Result<(), StoreError> {
    if !engine.fleet.may_judge() {
        return Ok(());
    }
    let lost = engine.store.reap().await?;
    if !lost.is_empty() {
        tracing::warn!(
            jobs = lost.len(),
            "workers stopped answering; their jobs run again elsewhere or end as lost"
        );
        metrics::counter!("engunity_attempts_lost_total").increment(lost.len() as u64);
        engine.live.jobs_changed(&lost);
        engine.dispatcher.wake();
    }
    Ok(())
}

/// Keeps our sessions ours, and notices coordinators that died.
async fn keep_lease(engine: Arc<Engine>) -> Result<(), StoreError> {
    engine.store.renew_coordinator(&engine.id).await?;
    engine.sessions.tick().await
}

/// What projects and accounts leave behind.
async fn sweep(engine: Arc<Engine>) -> Result<(), StoreError> {
    super::gc_storage::sweep(&engine.store, &engine.objects).await;
    Ok(())
}

async fn expire(engine: Arc<Engine>) -> Result<(), StoreError> {
    let (output_days, job_days) = (engine.settings.output_days, engine.settings.job_days);
    while output_days > 0.0 && engine.store.expire_output(output_days, EXPIRE).await? as i64 == EXPIRE {
        tokio::time::sleep(BREATH).await;
    }
    while job_days > 0.0 && engine.store.expire_jobs(job_days, EXPIRE_JOBS).await? as i64 == EXPIRE_JOBS {
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}
