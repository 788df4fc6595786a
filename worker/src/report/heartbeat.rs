//! The heartbeat: it has its own thread, runtime and connection, so that no amount of work delays it. It proves that the
//! process is alive; the last ping in it proves that the worker also consumes, and the progress that jobs can run.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use anyhow::Context;
use engunity_broker::{Connection, Publisher, Route};
use engunity_protocol::{
    job::Pool,
    wire::{self, Heartbeat},
};
use tokio::time::{MissedTickBehavior, interval};

use crate::context::{Identity, WorkerStatus};

const INTERVAL: Duration = Duration::from_secs(1);
const PUBLISH_TIMEOUT: Duration = Duration::from_millis(800);

/// Starts the thread, which sends heartbeats until the worker is dropped.
pub fn start(url: String, identity: Identity, status: Arc<WorkerStatus>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = move || runtime.block_on(send_forever(url, identity, status));
    thread::Builder::new()
        .name("heartbeat".into())
        .spawn(run)
        .context("could not start the heartbeat thread")?;
    Ok(())
}

async fn send_forever(url: String, identity: Identity, status: Arc<WorkerStatus>) {
    let broker = match Connection::open_worker(&url, &format!("{} heartbeat", identity.id)) {
        Ok(broker) => broker,
        Err(error) => return tracing::error!(%error, "no heartbeat: the broker URL is invalid"),
    };
    let publisher = broker.publisher(1, PUBLISH_TIMEOUT);
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Arc::strong_count(&status) > 1 {
        ticks.tick().await;
        send(&publisher, &heartbeat(&identity, &status)).await;
    }
}

async fn send(publisher: &Publisher, heartbeat: &Heartbeat) {
    match wire::encode(heartbeat) {
        Ok(body) => {
            publisher.notify(Route::heartbeats(), &body).await;
        }
        Err(error) => tracing::error!(%error, "a heartbeat could not be encoded"),
    }
}

fn heartbeat(identity: &Identity, status: &WorkerStatus) -> Heartbeat {
    let capacity = status.capacity();
    let sandbox = capacity.get(Pool::Sandbox.as_str()).copied().unwrap_or_default();
    let slots = status.pools.get(Pool::Sandbox).total();
    let paused = status.paused.load(Ordering::Relaxed);
    Heartbeat {
        worker_id: identity.id.clone(),
        name: identity.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        slots,
        busy: slots - sandbox.free,
        draining: status.draining.load(Ordering::Relaxed) || paused,
        started_at: identity.started_at,
        running: status.active_runs.running(),
        echo: status.last_ping.load(Ordering::Relaxed),
        progress: status.progress.load(Ordering::Relaxed),
        noop_slots: status.pools.get(Pool::Noop).total(),
        capacity,
        offers: Some(status.offers()),
        paused,
    }
}
