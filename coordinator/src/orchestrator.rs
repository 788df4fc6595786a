//! Wires the background services together: dispatcher, claims, events, worker registry, sessions.
//!
//! # A job's life
//!
//! ```text
//! POST …/runs ── accept ──► queued (backlog) ── release ──► queued + dispatches row ──► jobs.<kind>.<class>
//!                                ▲                                                            │ worker takes it
//!                                │ lost, handed back                                          ▼
//!                                └───────────────────────────── running (attempt n) ◄── claim (fenced)
//!                                                                      │ events, heartbeats carry n
//!                                                                      ▼
//!                                            succeeded │ failed │ timed_out │ cancelled │ lost
//! ```
//!
//! Each arrow is one transaction in PostgreSQL; the broker carries only wake-ups and events of workers. After a commit,
//! `Notifier` wakes readers and sessions on all coordinators, and they read the database.

use std::{sync::Arc, time::Duration};

use engunity_artifacts::ObjectStore;
use engunity_broker::{BrokerError, Connection, Publisher, streams::StreamClient, worker_users::SenderCheck};
use engunity_protocol::{CoordinatorId, job::Pool};
use engunity_store::{HistoryLimits, Store};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::{
    database_watch::DatabaseWatch,
    jobs::{
        Jobs, claims, dispatcher::Dispatcher, event_router::EventRouter, input::RunInput,
        worker_registry::WorkerRegistry, writer::JobWriter,
    },
    limits::Limits,
    notify::notifier::Notifier,
    search::IndexBuilds,
    session::Sessions,
    supervisor::{Background, Service},
};

/// Unconfirmed messages at a time.
const IN_FLIGHT: usize = 4096;
/// How long a publish waits for the broker; after that the job is published again periodically.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings from the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    pub broker_url: String,
    /// Whether each worker has a broker user of its own, and what another one sent in its name is refused.
    pub sender_check: SenderCheck,
    /// Empty: a new name each time.
    pub id: String,
    /// How long beyond its own limit of time a run may go on.
    pub overdue_seconds: f64,
    /// Days that output is kept; 0 keeps it forever.
    pub output_days: f64,
    /// Days that ended jobs are kept; 0 keeps them forever.
    pub job_days: f64,
    /// What is kept of past contents and deleted files.
    pub history: HistoryLimits,
    /// Whether changes of files make index jobs.
    pub index_automatically: bool,
}

/// The parts that run in the background, shared by handlers and services.
pub struct Orchestrator {
    pub id: CoordinatorId,
    pub settings: Settings,
    pub store: Store,
    pub objects: ObjectStore,
    pub broker: Connection,
    /// Only consumes: the broker stops whoever publishes when it is short of memory or disk, and must be relieved all the
    /// same.
    intake: Connection,
    database: Arc<DatabaseWatch>,
    /// Unrecorded streams to workers, on a connection of their own: they must not delay events, nor wait for them.
    pub streams: StreamClient,
    pub notifier: Arc<Notifier>,
    pub dispatcher: Dispatcher,
    pub workers: Arc<WorkerRegistry>,
    pub writer: JobWriter,
    /// Input of running programs.
    pub input: Arc<RunInput>,
    pub sessions: Arc<Sessions>,
    pub index_builds: IndexBuilds,
    /// Cancelled when the coordinator begins to end: streams and sockets close with a hint to come back.
    draining: CancellationToken,
    publisher: Publisher,
}

impl Orchestrator {
    /// Builds all parts; nothing runs yet, and no outer service needs to be up.
    pub fn new(
        settings: Settings,
        store: Store,
        objects: ObjectStore,
        limits: Arc<Limits>,
    ) -> Result<Arc<Self>, BrokerError> {
        let id = coordinator_id(&settings.id);
        let broker = Connection::open(&settings.broker_url, &id.0)?;
        let intake = Connection::open(&settings.broker_url, &format!("{id} intake"))?;
        let database = Arc::new(DatabaseWatch::new(store.clone(), id.clone()));
        let stream_connection = Connection::open(&settings.broker_url, &format!("{id} streams"))?;
        let streams = StreamClient::start(stream_connection, id.clone(), settings.sender_check);
        let publisher = broker.publisher(IN_FLIGHT, PUBLISH_TIMEOUT);
        let notifier = Notifier::new(id.clone());
        let writer = JobWriter::new(store.clone(), notifier.clone());
        let dispatcher = Dispatcher::new(store.clone(), publisher.clone(), writer.clone(), limits);
        let workers =
            WorkerRegistry::new(store.clone(), publisher.clone(), dispatcher.clone(), settings.sender_check);
        let workers = Arc::new(workers);
        let input = Arc::new(RunInput::new(store.clone(), streams.clone()));
        let sessions = Sessions::new(id.clone(), store.clone(), publisher.clone());
        notifier.set_session_sink(sessions.clone());
        let jobs =
            Jobs::new(store.clone(), writer.clone(), dispatcher.clone(), workers.clone(), notifier.clone());
        let index_builds = IndexBuilds::new(store.clone(), objects.clone(), jobs);
        let draining = CancellationToken::new();
        Ok(Arc::new(Self {
            id,
            settings,
            store,
            objects,
            broker,
            intake,
            database,
            streams,
            notifier,
            dispatcher,
            workers,
            writer,
            input,
            sessions,
            index_builds,
            draining,
            publisher,
        }))
    }

    /// Starts all services; the database must be migrated. `more` are services of others under the same supervision.
    pub async fn start(self: &Arc<Self>, more: Vec<Service>) -> anyhow::Result<Background> {
        self.store.renew_coordinator(&self.id).await?;
        // The coordinator that released these may have died before publishing.
        self.store.expedite_dispatches().await?;
        let mut services = self.services();
        services.extend(Pool::ALL.iter().map(|pool| self.dispatch(*pool)));
        services.extend(more);
        Background::start(services, self.sessions.clone()).await
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        let service = |name, run: fn(Arc<Self>) -> BoxFuture<'static, ()>| {
            let orchestrator = self.clone();
            Service::new(name, move || run(orchestrator.clone()))
        };
        vec![
            service("database", |orchestrator| Box::pin(async move { orchestrator.database.run().await })),
            service("claims", |orchestrator| {
                Box::pin(async move {
                    let (broker, check) = (&orchestrator.broker, orchestrator.settings.sender_check);
                    let serve = || claims::run(broker.clone(), orchestrator.writer.clone(), check);
                    orchestrator.database.while_writable(serve).await
                })
            }),
            service("heartbeats", |orchestrator| {
                Box::pin(async move {
                    let listen = || orchestrator.workers.listen(orchestrator.intake.clone());
                    orchestrator.database.while_writable(listen).await
                })
            }),
            service("beacons", |orchestrator| {
                Box::pin(async move { orchestrator.workers.send_beacons().await })
            }),
            service("pings", |orchestrator| Box::pin(async move { orchestrator.workers.ping().await })),
            service("events", |orchestrator| {
                Box::pin(async move {
                    let record = || orchestrator.router().run(orchestrator.intake.clone());
                    orchestrator.database.while_writable(record).await
                })
            }),
            service("notifications.send", |orchestrator| {
                Box::pin(async move { orchestrator.notifier.send(orchestrator.publisher.clone()).await })
            }),
            service("notifications.receive", |orchestrator| {
                Box::pin(async move { orchestrator.notifier.receive(orchestrator.broker.clone()).await })
            }),
            service("notifications.jobs", |orchestrator| {
                Box::pin(orchestrator.sessions.clone().notify_job_changes())
            }),
            service("relay", |orchestrator| {
                Box::pin(orchestrator.sessions.clone().receive(orchestrator.broker.clone()))
            }),
        ]
    }

    fn dispatch(&self, pool: Pool) -> Service {
        let dispatcher = self.dispatcher.clone();
        Service::new(format!("dispatch.{pool}"), move || dispatcher.clone().run(pool))
    }

    fn router(&self) -> EventRouter {
        EventRouter {
            writer: self.writer.clone(),
            dispatcher: self.dispatcher.clone(),
            publisher: self.publisher.clone(),
            sender_check: self.settings.sender_check,
        }
    }

    /// Jobs, as handlers use them.
    pub fn jobs(&self) -> Jobs {
        Jobs::new(
            self.store.clone(),
            self.writer.clone(),
            self.dispatcher.clone(),
            self.workers.clone(),
            self.notifier.clone(),
        )
    }

    /// Cancelled when the coordinator begins to end.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Ends streams and sockets, so that their connections can close.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Stops sessions and services and releases the leases. What was accepted is in the database; what was
    /// received and not recorded yet goes back to the broker.
    pub async fn stop(&self, background: Background) {
        self.sessions.stop();
        background.stop().await;
        if let Err(error) = self.store.retire_coordinator(&self.id).await {
            tracing::warn!(%error, "could not release the leases; they expire");
        }
        self.streams.close().await;
        self.intake.close().await;
        self.broker.close().await;
    }
}

/// A new id for each process, so that leases of an earlier one are not mistaken for its own.
fn coordinator_id(configured: &str) -> CoordinatorId {
    let suffix = uuid::Uuid::new_v4().simple().to_string();
    let name = if configured.is_empty() { "coordinator" } else { configured };
    CoordinatorId(format!("{name}-{}", &suffix[..8]))
}
