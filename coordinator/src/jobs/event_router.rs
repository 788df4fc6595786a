//! Records the events of workers. One coordinator at a time receives all events (the queue has a single active
//! consumer), in order; a batch is one transaction, acknowledged after its commit, and then notified to readers.
//!
//! Two kinds of errors are told apart. What the database refuses for its content would be refused for ever: that event goes
//! to the dead letters, with its reason. Any other error, known or not, says nothing about the events: they are held, and
//! after some attempts given back, so that another coordinator gets them. Nothing is lost, workers' confirms go on.

use std::time::Duration;

use engunity_broker::{
    BrokerError, Connection, Delivery, Message, Publisher, Queue, ack_batch, worker_users::SenderCheck,
};
use engunity_protocol::{
    verdict::{Reason, Verdict},
    wire::{self, EventBatch, EventBody, Outcome, WorkerEvent},
};
use engunity_store::{Recorded, StoreError};

use super::{dispatcher::Dispatcher, worker_identity, writer::JobWriter};
use crate::notify::throttle::Throttle;

/// Unacknowledged batches. A worker's batch has at most half a mebibyte, so this bounds memory too.
const PREFETCH: u16 = 64;
const MIN_INTERVAL: Duration = Duration::from_millis(2);
/// Attempts before the events are given back.
const MAX_ATTEMPTS: u32 = 4;
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// Pauses before events are consumed again after they were given back.
const MIN_PAUSE: Duration = Duration::from_millis(500);
const MAX_PAUSE: Duration = Duration::from_secs(30);

pub struct EventRouter {
    pub writer: JobWriter,
    pub dispatcher: Dispatcher,
    pub publisher: Publisher,
    pub sender_check: SenderCheck,
}

/// Why events are given back.
#[derive(Debug, thiserror::Error)]
enum Held {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("dead letters could not be sent: {0}")]
    Broker(#[from] BrokerError),
}

/// Consumes for a while: until something does not work.
struct Consumption<'a> {
    router: &'a EventRouter,
    /// Batches of one transaction: fewer after a failure, because it may have been too large.
    width: usize,
    has_recorded: bool,
}

impl EventRouter {
    /// Records events until the connection is closed.
    pub async fn run(self, broker: Connection) {
        let mut pause = MIN_PAUSE;
        loop {
            let mut consumption =
                Consumption { router: &self, width: usize::from(PREFETCH), has_recorded: false };
            let Err(held) = consumption.run(&broker).await else { return };
            if consumption.has_recorded {
                pause = MIN_PAUSE;
            }
            tracing::warn!(%held, pause_ms = pause.as_millis() as u64, "events are given back to the broker");
            metrics::counter!("engunity_events_held_total").increment(1);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    fn is_genuine(&self, delivery: &Delivery, batch: &EventBatch) -> bool {
        worker_identity::is_genuine(self.sender_check, delivery.sender.as_deref(), &batch.worker_id)
    }

    fn account(&self, recorded: &Recorded) {
        self.dispatcher.wake_for(&recorded.changed);
        if recorded.dropped > 0 {
            metrics::counter!("engunity_events_dropped_total").increment(recorded.dropped as u64);
            tracing::debug!(events = recorded.dropped, "dropped events that were repeated, stale or late");
        }
        metrics::counter!("engunity_events_recorded_total").increment(recorded.recorded as u64);
    }

    /// Moves what can't be recorded to the dead letters.
    async fn bury(&self, body: Vec<u8>, kind: &'static str, reason: String) -> Result<(), Held> {
        tracing::error!(reason, bytes = body.len(), "events go to the dead letters");
        metrics::counter!("engunity_events_refused_total", "reason" => kind).increment(1);
        let message = Message::dead_letter(&Queue::Events, &reason, body);
        let mut sent = self.publisher.publish_all(&[message]).await;
        Ok(sent.pop().unwrap_or(Err(BrokerError::Timeout))?)
    }
}

impl Consumption<'_> {
    /// Records events; an error leaves what was received to the next consumer.
    async fn run(&mut self, broker: &Connection) -> Result<(), Held> {
        let mut events = broker.consume(Queue::Events, PREFETCH);
        let mut throttle = Throttle::new(MIN_INTERVAL);
        loop {
            let mut deliveries = events.next_batch(usize::from(PREFETCH)).await;
            if deliveries.is_empty() {
                return Ok(());
            }
            throttle.wait().await;
            deliveries.extend(events.waiting(usize::from(PREFETCH) - deliveries.len()));
            let batches = self.read(&deliveries).await?;
            self.record(&batches).await?;
            ack_batch(&deliveries).await;
        }
    }

    async fn read(&self, deliveries: &[Delivery]) -> Result<Vec<EventBatch>, Held> {
        let mut batches = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match wire::decode::<EventBatch>(&delivery.body) {
                Ok(batch) if self.router.is_genuine(delivery, &batch) => batches.push(batch),
                // Counted and logged: what someone made up is kept for nobody.
                Ok(_) => {}
                Err(error) => {
                    self.router.bury(delivery.body.clone(), "undecodable", error.to_string()).await?
                }
            }
        }
        Ok(batches)
    }

    /// Records batches in their order, as many in one transaction as work.
    async fn record(&mut self, batches: &[EventBatch]) -> Result<(), Held> {
        let (mut rest, mut attempt) = (batches, 1);
        while !rest.is_empty() {
            let piece = &rest[..rest.len().min(self.width)];
            match self.router.writer.record(piece).await {
                Ok(recorded) => {
                    self.router.account(&recorded);
                    rest = &rest[piece.len()..];
                    (attempt, self.has_recorded) = (1, true);
                    self.width = (self.width * 2).min(usize::from(PREFETCH));
                }
                Err(error) if error.refuses_content() && piece.len() > 1 => self.width = 1,
                Err(error) if error.refuses_content() => {
                    self.record_one_by_one(&piece[0]).await?;
                    rest = &rest[1..];
                }
                Err(error) if attempt < MAX_ATTEMPTS => {
                    tracing::warn!(%error, "could not record events; trying again");
                    tokio::time::sleep(MIN_BACKOFF * 2u32.pow(attempt)).await;
                    attempt += 1;
                    self.width = (self.width / 2).max(1);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// A batch holds events of many jobs: only those that are refused by themselves go to the dead letters.
    async fn record_one_by_one(&self, batch: &EventBatch) -> Result<(), Held> {
        for event in &batch.events {
            let single =
                |event: WorkerEvent| EventBatch { worker_id: batch.worker_id.clone(), events: vec![event] };
            let alone = single(event.clone());
            let Err(refusal) = self.record_single(&alone).await? else { continue };
            let body = wire::encode(&alone).unwrap_or_default();
            self.router.bury(body, "refused", refusal.to_string()).await?;
            if let Some(end) = storable_end(event, &refusal) {
                // A refusal of this one, too, leaves the job to its lease.
                let _ = self.record_single(&single(end)).await?;
            }
        }
        Ok(())
    }

    /// The inner error: refused for its content.
    async fn record_single(&self, batch: &EventBatch) -> Result<Result<(), StoreError>, Held> {
        match self.router.writer.record(std::slice::from_ref(batch)).await {
            Ok(recorded) => {
                self.router.account(&recorded);
                Ok(Ok(()))
            }
            Err(error) if error.refuses_content() => Ok(Err(error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is recorded in place of an end that can't be stored: the job ends all the same.
fn storable_end(event: &WorkerEvent, refusal: &StoreError) -> Option<WorkerEvent> {
    let EventBody::Finished(_) = &event.body else { return None };
    let evidence = format!("the report of its end could not be stored: {refusal}");
    let outcome = Outcome {
        verdict: Verdict::new(Reason::Internal, evidence),
        usage: Default::default(),
        artifacts: Vec::new(),
    };
    Some(WorkerEvent { body: EventBody::Finished(outcome), ..event.clone() })
}
