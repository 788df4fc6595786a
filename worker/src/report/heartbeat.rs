//! The heartbeat: a thread, a runtime and a connection of its own, so that no amount of work delays it. That it comes
//! proves that the process lives; the echo in it proves that the worker also consumes.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use anyhow::Context;
use engunity_broker::{Connection, Publisher, Route};
use engunity_protocol::wire::{self, Heartbeat};
use tokio::time::{MissedTickBehavior, interval};

use crate::context::{Identity, Presence};

const EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(800);

/// Starts the thread; it beats until the process ends.
pub fn start(url: String, identity: Identity, presence: Arc<Presence>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let beat = move || runtime.block_on(beat_forever(url, identity, presence));
    thread::Builder::new().name("heartbeat".into()).spawn(beat).context("the heartbeat's thread")?;
    Ok(())
}

async fn beat_forever(url: String, identity: Identity, presence: Arc<Presence>) {
    let broker = match Connection::open(&url, &format!("{} heartbeat", identity.id)) {
        Ok(broker) => broker,
        Err(error) => return tracing::error!(%error, "no heartbeat: the broker's address is unusable"),
    };
    let publisher = broker.publisher(1, PATIENCE);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Arc::strong_count(&presence) > 1 {
        ticks.tick().await;
        send(&publisher, &heartbeat(&identity, &presence)).await;
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

fn heartbeat(identity: &Identity, presence: &Presence) -> Heartbeat {
    let slots = presence.slots.total();
    // Without an engine there is no capacity, whatever is free.
    let busy = if presence.crippled.load(Ordering::Relaxed) { slots } else { presence.slots.busy() };
    Heartbeat {
        worker_id: identity.id.clone(),
        name: identity.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        slots,
        busy,
        draining: presence.draining.load(Ordering::Relaxed),
        started_at: identity.started_at,
        running: presence.registry.running(),
        echo: presence.echo.load(Ordering::Relaxed),
        noop_slots: presence.noop_slots.total(),
    }
}
