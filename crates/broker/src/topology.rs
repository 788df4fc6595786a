//! Every exchange and queue, declared here and nowhere else.
//!
//! ```text
//! jobs (direct)          kind.class      → jobs.<kind>.<class>   quorum, dead-lettered
//! events (direct)        events          → events                quorum, one active consumer: events keep their order
//!                        heartbeats      → heartbeats.single     classic, short-lived messages, one active consumer: who
//!                        beacons         ↗                       judges leases must have seen all of them
//! claims (direct)        claims          → claims                classic, short-lived requests
//! (default)                              → control.<worker id>   exclusive
//! coordinators (direct)  <coordinator>   → coordinator.<id>      exclusive
//! streams (direct)       <coordinator>   → stream.coordinator.<id>   exclusive
//! (default)                              → stream.worker.<id>        exclusive
//! live (fanout)                          → live.<coordinator>    exclusive
//! dead (fanout)                          → dead-letters          classic, bounded: for operators
//! ```
//!
//! All of it can be declared again at any time. Exclusive queues end with their connection and come back with it. A queue
//! of an earlier version with other arguments is used as it is: the broker can't change them, and whoever wants the new
//! bounds deletes the queue while it is empty.
//!
//! Coordinators declare the exchanges and the shared queues; a worker declares only its own two queues, and its broker user
//! may do no more (see [`crate::worker_users`]). Neither of them is bound to an exchange: a worker that may bind to one
//! could receive what is sent to another worker.

use engunity_protocol::{
    CoordinatorId, WorkerId,
    job::{JobClass, JobKind},
};
use lapin::{
    Channel, Connection, ErrorKind, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

const JOBS: &str = "jobs";
const EVENTS: &str = "events";
const CLAIMS: &str = "claims";
const COORDINATORS: &str = "coordinators";
const LIVE: &str = "live";
const STREAMS: &str = "streams";
const DEAD: &str = "dead";
/// Keys of the exchange for events.
const HEARTBEATS: &str = "heartbeats";
const BEACONS: &str = "beacons";
/// AMQP's code for a declaration that contradicts what is there.
const PRECONDITION_FAILED: u16 = 406;

const EXCHANGES: [(&str, ExchangeKind); 7] = [
    (JOBS, ExchangeKind::Direct),
    (EVENTS, ExchangeKind::Direct),
    (CLAIMS, ExchangeKind::Direct),
    (COORDINATORS, ExchangeKind::Direct),
    (LIVE, ExchangeKind::Fanout),
    (STREAMS, ExchangeKind::Direct),
    (DEAD, ExchangeKind::Fanout),
];

/// How often a message may come back. Coming back is normal (a lost connection, a worker without a free slot, a
/// coordinator without its database), so that no number of times is a reason to drop a message: what can't be used is
/// moved to the dead letters by whoever finds that out.
const UNLIMITED: i32 = i32::MAX;
/// What may wait to be recorded. Beyond it the broker refuses, and workers hold what they have.
const EVENTS_BOUND_BYTES: i64 = 1 << 30;
const HEARTBEAT_TTL_MS: i32 = 5_000;
const CLAIM_TTL_MS: i32 = 10_000;
/// A peer that is silent for so long has lost its streams anyway.
const STREAM_TTL_MS: i32 = 10_000;
/// A message has at most 96 KiB, and credit bounds how many wait.
const STREAM_BOUND: i32 = 10_000;
/// Bound of the queues whose messages may be dropped.
const SHORT_LIVED_BOUND: i32 = 50_000;
const DEAD_LETTER_BOUND: i32 = 10_000;

/// A queue, by what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Queue {
    Jobs(JobKind, JobClass),
    Events,
    Heartbeats,
    Claims,
    DeadLetters,
    Control(WorkerId),
    Coordinator(CoordinatorId),
    Live(CoordinatorId),
    /// What workers send on streams to a coordinator.
    CoordinatorStreams(CoordinatorId),
    /// What coordinators send on streams to a worker.
    WorkerStreams(WorkerId),
}

impl Queue {
    pub fn name(&self) -> String {
        match self {
            Self::Jobs(kind, class) => format!("jobs.{}", job_key(*kind, *class)),
            Self::Events => "events".into(),
            Self::Heartbeats => "heartbeats.single".into(),
            Self::Claims => "claims".into(),
            Self::DeadLetters => "dead-letters".into(),
            Self::Control(worker) => format!("control.{worker}"),
            Self::Coordinator(coordinator) => format!("coordinator.{coordinator}"),
            Self::Live(coordinator) => format!("live.{coordinator}"),
            Self::CoordinatorStreams(coordinator) => format!("stream.coordinator.{coordinator}"),
            Self::WorkerStreams(worker) => format!("stream.worker.{worker}"),
        }
    }

    /// The queues that belong to no process; those of jobs follow from the table of kinds.
    fn shared() -> impl Iterator<Item = Self> {
        let jobs =
            JobKind::ALL.iter().flat_map(|kind| kind.classes().iter().map(|class| Self::Jobs(*kind, *class)));
        [Self::DeadLetters, Self::Events, Self::Heartbeats, Self::Claims].into_iter().chain(jobs)
    }

    /// Belongs to one connection, and ends with it.
    pub(crate) fn is_exclusive(&self) -> bool {
        matches!(
            self,
            Self::Control(_)
                | Self::Coordinator(_)
                | Self::Live(_)
                | Self::CoordinatorStreams(_)
                | Self::WorkerStreams(_)
        )
    }

    /// The exchange and key it is bound with; the default exchange needs no binding.
    fn binding(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Jobs(kind, class) => Some((JOBS, job_key(*kind, *class))),
            Self::Events => Some((EVENTS, self.name())),
            Self::Heartbeats => Some((EVENTS, HEARTBEATS.to_owned())),
            Self::Claims => Some((CLAIMS, self.name())),
            Self::DeadLetters => Some((DEAD, String::new())),
            Self::Coordinator(coordinator) => Some((COORDINATORS, coordinator.to_string())),
            Self::Live(_) => Some((LIVE, String::new())),
            Self::CoordinatorStreams(coordinator) => Some((STREAMS, coordinator.to_string())),
            Self::Control(_) | Self::WorkerStreams(_) => None,
        }
    }

    fn arguments(&self) -> FieldTable {
        match self {
            Self::Jobs(..) => quorum(),
            Self::Events => {
                let mut arguments = single_active(quorum());
                arguments.insert("x-max-length-bytes".into(), AMQPValue::LongLongInt(EVENTS_BOUND_BYTES));
                arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
                arguments
            }
            Self::Heartbeats => single_active(short_lived(Some(HEARTBEAT_TTL_MS), SHORT_LIVED_BOUND)),
            Self::Claims => short_lived(Some(CLAIM_TTL_MS), SHORT_LIVED_BOUND),
            Self::DeadLetters => short_lived(None, DEAD_LETTER_BOUND),
            Self::Control(_) | Self::Coordinator(_) | Self::Live(_) => FieldTable::default(),
            Self::CoordinatorStreams(_) | Self::WorkerStreams(_) => {
                short_lived(Some(STREAM_TTL_MS), STREAM_BOUND)
            }
        }
    }

    pub(crate) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        let options = if self.is_exclusive() {
            QueueDeclareOptions::exclusive()
        } else {
            QueueDeclareOptions::durable()
        };
        channel.queue_declare(self.name().into(), options, self.arguments()).await?;
        for (exchange, key) in self.bindings() {
            let bind = QueueBindOptions::default();
            let (queue, none) = (self.name().into(), FieldTable::default());
            channel.queue_bind(queue, exchange.into(), key.into(), bind, none).await?;
        }
        Ok(())
    }

    fn bindings(&self) -> impl Iterator<Item = (&'static str, String)> {
        let beacons = (*self == Self::Heartbeats).then(|| (EVENTS, BEACONS.to_owned()));
        self.binding().into_iter().chain(beacons)
    }

    /// Declares it unless it is there. Where it is there with the arguments of an earlier version it stays so.
    pub(crate) async fn ensure(&self, connection: &Connection) -> lapin::Result<()> {
        let declared = self.declare(&connection.create_channel().await?).await;
        match declared {
            Err(error) if is_precondition_failed(&error) => {
                tracing::warn!(
                    queue = self.name(),
                    "this queue has the arguments of an earlier version; delete it while it is empty to renew them"
                );
                let channel = connection.create_channel().await?;
                let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
                channel.queue_declare(self.name().into(), options, FieldTable::default()).await?;
                Ok(())
            }
            declared => declared,
        }
    }
}

fn is_precondition_failed(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error) if error.get_id() == PRECONDITION_FAILED)
}

fn single_active(mut arguments: FieldTable) -> FieldTable {
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    arguments
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(UNLIMITED));
    arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString(DEAD.into()));
    arguments
}

fn short_lived(ttl_ms: Option<i32>, bound: i32) -> FieldTable {
    let mut arguments = FieldTable::default();
    if let Some(ttl_ms) = ttl_ms {
        arguments.insert("x-message-ttl".into(), AMQPValue::LongInt(ttl_ms));
    }
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(bound));
    arguments
}

fn job_key(kind: JobKind, class: JobClass) -> String {
    format!("{kind}.{class}")
}

/// Declares the exchanges and the shared queues.
pub(crate) async fn declare(connection: &Connection) -> lapin::Result<()> {
    let channel = connection.create_channel().await?;
    for (name, kind) in EXCHANGES {
        let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
        channel.exchange_declare(name.into(), kind, options, FieldTable::default()).await?;
    }
    for queue in Queue::shared() {
        queue.ensure(connection).await?;
    }
    Ok(())
}

/// Where a message goes, and how much it matters that it gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub(crate) exchange: &'static str,
    pub(crate) key: String,
    /// Survives a restart of the broker.
    pub(crate) persistent: bool,
    /// It is an error if no queue takes it.
    pub(crate) mandatory: bool,
}

impl Route {
    pub fn job(kind: JobKind, class: JobClass) -> Self {
        Self::job_key(job_key(kind, class))
    }

    /// The route of a job whose key ([`Route::key`]) was stored before.
    pub fn job_key(key: impl Into<String>) -> Self {
        Self::lossless(JOBS, key)
    }

    pub fn events() -> Self {
        Self::lossless(EVENTS, Queue::Events.name())
    }

    pub fn heartbeats() -> Self {
        Self::passing(EVENTS, HEARTBEATS)
    }

    /// Beside the heartbeats of workers: a coordinator's proof that they reach it.
    pub fn beacons() -> Self {
        Self::passing(EVENTS, BEACONS)
    }

    /// What nobody can use, for operators.
    pub fn dead_letters() -> Self {
        Self::lossless(DEAD, "")
    }

    pub fn control(worker: &WorkerId) -> Self {
        Self::queue(&Queue::Control(worker.clone()))
    }

    pub fn coordinator(coordinator: &CoordinatorId) -> Self {
        Self { mandatory: true, ..Self::passing(COORDINATORS, coordinator.to_string()) }
    }

    /// To the streams of a coordinator: the only route on which workers send on streams.
    pub fn coordinator_streams(coordinator: &CoordinatorId) -> Self {
        Self::passing(STREAMS, coordinator.to_string())
    }

    /// To the streams of a worker: coordinators only.
    pub fn worker_streams(worker: &WorkerId) -> Self {
        Self::passing("", Queue::WorkerStreams(worker.clone()).name())
    }

    /// To every coordinator, the sender included.
    pub fn live() -> Self {
        Self::passing(LIVE, "")
    }

    /// Straight into one queue: by the default exchange, or for claims by an exchange that workers may write to.
    pub fn queue(queue: &Queue) -> Self {
        let exchange = if *queue == Queue::Claims { CLAIMS } else { "" };
        Self { mandatory: true, ..Self::passing(exchange, queue.name()) }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    fn lossless(exchange: &'static str, key: impl Into<String>) -> Self {
        Self { exchange, key: key.into(), persistent: true, mandatory: true }
    }

    fn passing(exchange: &'static str, key: impl Into<String>) -> Self {
        Self { exchange, key: key.into(), persistent: false, mandatory: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_goes_to_the_queue_of_its_kind_and_class() {
        let queue = Queue::Jobs(JobKind::Execute, JobClass::Bulk);
        assert_eq!(queue.name(), "jobs.execute.bulk");
        let route = Route::job(JobKind::Execute, JobClass::Bulk);
        assert_eq!(queue.binding(), Some((route.exchange, route.key.clone())));
        assert_eq!(Route::job_key(route.key()), route);
    }

    #[test]
    fn every_kind_and_class_of_the_table_has_a_queue() {
        let shared: Vec<_> = Queue::shared().collect();
        for kind in JobKind::ALL {
            assert!(
                kind.classes().iter().all(|class| shared.contains(&Queue::Jobs(*kind, *class))),
                "{kind}"
            );
        }
    }

    #[test]
    fn only_queues_of_one_process_are_exclusive() {
        assert!(Queue::shared().all(|queue| !queue.is_exclusive()));
        assert!(Queue::Control("w".parse().unwrap()).is_exclusive());
    }
}
