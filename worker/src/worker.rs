//! Builds the worker from its configuration, and drains it at the end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::Context;
use engunity_artifacts::ObjectStore;
use engunity_broker::{Connection, streams::StreamServer};
use engunity_languages::Catalog;
use engunity_protocol::WorkerId;
use tokio::{sync::watch, time::timeout};

use crate::{
    capabilities,
    config::Config,
    context::{self, Identity, WorkerContext, WorkerStatus},
    embedding::Embedding,
    execution::{snapshots::SnapshotCache, stop::StopReason},
    indexes::IndexCache,
    intake::{claims, consumer::JobConsumer, slots::Pools},
    report::{heartbeat, outbox::Outbox},
    sandbox::{docker::DockerSandbox, gc as sandbox_gc},
    services,
};

/// For one attempt to get a batch of events confirmed.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);
/// After the drain timeout, for killing and reporting the runs that are handed back.
const HAND_BACK_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_POLL_INTERVAL: Duration = Duration::from_millis(20);
const MIB: u64 = 1024 * 1024;

/// A running worker.
pub struct Worker {
    context: Arc<WorkerContext>,
    broker: Connection,
    services: StreamServer,
    draining: watch::Sender<bool>,
    drain_timeout: Duration,
}

/// Starts all parts. Returns once the container engine and the broker have answered.
pub async fn start(config: Config) -> anyhow::Result<Worker> {
    let identity = Identity::new(&config.worker.name);
    let catalog = Catalog::load(&config.runtimes.dir).context("runtimes.dir")?;
    let sandbox = DockerSandbox::connect(&config.docker.socket).await.context("docker.socket")?;
    let broker = Connection::open_worker(&config.broker.url, &identity.id.0).context("broker.url")?;
    let context = Arc::new(build(&config, identity, catalog, sandbox, &broker)?);
    let status = context.status.clone();
    // Before the first heartbeat: it would promise what is not there.
    capabilities::update_runtimes(&context).await;
    tokio::spawn(capabilities::watch_runtimes(Arc::downgrade(&context)));
    tokio::spawn(context::show_progress(Arc::downgrade(&status)));
    heartbeat::start(config.broker.url.clone(), context.identity.clone(), status.clone())?;
    sandbox_gc::start(&context);
    let max_offers = status.pools.total();
    let (draining, is_draining) = watch::channel(false);
    let offers = claims::start(context.clone(), broker.rpc(), max_offers as usize, is_draining.clone());
    tokio::spawn(JobConsumer::new(context.clone(), broker.clone(), offers, is_draining).run());
    // A connection of their own: streams must not delay events, nor wait for them.
    let streams = Connection::open_worker(&config.broker.url, &format!("{} streams", context.identity.id))?;
    let services = services::start(streams, context.clone());
    wait_for_broker(&broker).await;
    Ok(Worker { context, broker, services, draining, drain_timeout: config.worker.drain_timeout() })
}

fn build(
    config: &Config,
    identity: Identity,
    catalog: Catalog,
    sandbox: Arc<DockerSandbox>,
    broker: &Connection,
) -> anyhow::Result<WorkerContext> {
    let objects = ObjectStore::new(config.s3.clone()).context("s3")?;
    let cache_dir = config.worker.scratch_dir.join("snapshots");
    let snapshots = SnapshotCache::open(objects.clone(), cache_dir, config.worker.cache_mb * MIB)
        .context("worker.scratch_dir")?;
    let indexes_dir = config.worker.scratch_dir.join("indexes");
    let indexes = IndexCache::open(objects.clone(), indexes_dir, config.worker.index_cache_mb * MIB)
        .context("worker.scratch_dir")?;
    let outbox = Outbox::start(broker.publisher(1, CONFIRM_TIMEOUT), identity.id.clone());
    let pools = Pools::new(capabilities::pools().map(|pool| (pool, config.worker.slots_of(pool))));
    let offers = capabilities::offers(&pools, &catalog);
    let status = Arc::new(WorkerStatus::new(pools, offers));
    let image_prefix = config.runtimes.image_prefix.clone();
    let embedding = Arc::new(Embedding::start(config.embedding.settings()));
    Ok(WorkerContext {
        identity,
        catalog,
        image_prefix,
        objects,
        snapshots,
        indexes,
        sandbox,
        embedding,
        outbox,
        status,
    })
}

async fn wait_for_broker(broker: &Connection) {
    while !broker.wait_connected(Duration::from_secs(10)).await {
        tracing::warn!("waiting for the broker");
    }
}

impl Worker {
    pub fn id(&self) -> &WorkerId {
        &self.context.identity.id
    }

    /// Takes no more jobs, waits for the active runs up to the drain timeout, hands the others back, and shuts down.
    pub async fn drain(self) {
        let status = &self.context.status;
        status.draining.store(true, Ordering::Relaxed);
        self.draining.send_replace(true);
        tracing::info!(running = status.active_runs.running().len(), "draining");
        if timeout(self.drain_timeout, self.wait_idle()).await.is_err() {
            status.active_runs.stop_all(StopReason::HandBack);
            let _ = timeout(HAND_BACK_TIMEOUT, self.wait_idle()).await;
        }
        let none_active = |_: &str| false;
        self.context.sandbox.gc(self.id(), &none_active).await;
        self.services.close().await;
        self.broker.close().await;
    }

    /// Waits until no run is active and no slot is taken by a job that is about to start.
    async fn wait_idle(&self) {
        let status = &self.context.status;
        loop {
            status.active_runs.wait_empty().await;
            if status.pools.busy() == 0 {
                return;
            }
            tokio::time::sleep(IDLE_POLL_INTERVAL).await;
        }
    }
}
