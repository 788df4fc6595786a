//! Putting a worker together, and taking it apart again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use engunity_artifacts::ObjectStore;
use engunity_broker::Connection;
use engunity_languages::Catalog;
use engunity_protocol::WorkerId;
use tokio::{sync::watch, time::timeout};

use crate::{
    config::Config,
    context::{Environment, Identity, Presence},
    execution::snapshots::Snapshots,
    intake::{
        claims,
        consumer::Intake,
        runs::{Registry, Stop},
        slots::Slots,
    },
    report::{heartbeat, outbox::Outbox},
    sandbox::{docker::DockerSandbox, gc},
};

/// How long one try to get a batch of events confirmed may take.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(5);
/// After the grace, jobs that are handed back have so long to be killed and reported.
const HAND_BACK_WITHIN: Duration = Duration::from_secs(5);
const MIB: u64 = 1024 * 1024;

/// A worker at work.
pub struct Worker {
    environment: Arc<Environment>,
    broker: Connection,
    draining: watch::Sender<bool>,
    grace: Duration,
}

/// Starts everything; returns when the container engine and the broker have answered.
pub async fn start(config: Config) -> anyhow::Result<Worker> {
    let identity = Identity::new(&config.worker.name);
    let catalog = Catalog::load(&config.runtimes.dir).context("runtimes.dir")?;
    let sandbox = DockerSandbox::connect(&config.docker.socket).await.context("docker.socket")?;
    let broker = Connection::open(&config.broker.url, &identity.id.0).context("broker.url")?;
    let environment = Arc::new(build(&config, identity, catalog, sandbox, &broker)?);
    let presence = environment.presence.clone();
    heartbeat::start(config.broker.url.clone(), environment.identity.clone(), presence.clone())?;
    gc::start(&environment);
    let bound = presence.slots.total() + presence.noop_slots.total();
    let (draining, drains) = watch::channel(false);
    let offers = claims::start(environment.clone(), broker.rpc(), bound as usize, drains.clone());
    tokio::spawn(Intake::new(environment.clone(), broker.clone(), offers, drains).run());
    wait_for_broker(&broker).await;
    Ok(Worker { environment, broker, draining, grace: config.worker.drain() })
}

fn build(
    config: &Config,
    identity: Identity,
    catalog: Catalog,
    sandbox: Arc<DockerSandbox>,
    broker: &Connection,
) -> anyhow::Result<Environment> {
    let objects = ObjectStore::new(config.s3.clone()).context("s3")?;
    let shelf = config.worker.scratch_dir.join("snapshots");
    let snapshots = Snapshots::open(objects.clone(), shelf, config.worker.cache_mb * MIB)
        .context("worker.scratch_dir")?;
    let outbox = Outbox::start(broker.publisher(1, CONFIRM_PATIENCE), identity.id.clone());
    let presence = Arc::new(Presence {
        registry: Registry::default(),
        slots: Slots::new(config.worker.slots),
        noop_slots: Slots::new(config.worker.noop_slots),
        draining: AtomicBool::new(false),
        crippled: AtomicBool::new(false),
        echo: AtomicU64::new(0),
    });
    let image_prefix = config.runtimes.image_prefix.clone();
    Ok(Environment { identity, catalog, image_prefix, objects, snapshots, sandbox, outbox, presence })
}

async fn wait_for_broker(broker: &Connection) {
    while !broker.wait_connected(Duration::from_secs(10)).await {
        tracing::warn!("waiting for the broker");
    }
}

impl Worker {
    pub fn id(&self) -> &WorkerId {
        &self.environment.identity.id
    }

    /// Takes no more jobs, lets those that run end within the grace, hands the others back, and ends.
    pub async fn drain(self) {
        let presence = &self.environment.presence;
        presence.draining.store(true, Ordering::Relaxed);
        self.draining.send_replace(true);
        tracing::info!(running = presence.registry.running().len(), "draining");
        if timeout(self.grace, self.idle()).await.is_err() {
            presence.registry.stop_all(Stop::HandBack);
            let _ = timeout(HAND_BACK_WITHIN, self.idle()).await;
        }
        let nobody = |_: &str| false;
        self.environment.sandbox.sweep(self.id(), &nobody).await;
        self.broker.close().await;
    }

    /// Waits until nothing runs and nothing is about to.
    async fn idle(&self) {
        let presence = &self.environment.presence;
        loop {
            presence.registry.wait_empty().await;
            if presence.slots.busy() + presence.noop_slots.busy() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
