//! Records the events of workers. One coordinator at a time receives all events (the queue has a single active
//! consumer), in order; a batch is one transaction, acknowledged after its commit, and then notified to readers.
//! While the database can't be reached, batches are held unacknowledged: nothing is lost, workers' confirms go on.

use std::time::Duration;

use engunity_broker::{Connection, Delivery, Queue, ack_batch, worker_users::SenderCheck};
use engunity_protocol::wire::{self, EventBatch};
use engunity_store::{Recorded, StoreError};

use super::{dispatcher::Dispatcher, worker_identity, writer::JobWriter};
use crate::notify::throttle::Throttle;

/// Unacknowledged batches. A worker's batch has at most half a mebibyte, so this bounds memory too.
const PREFETCH: u16 = 64;
const MIN_INTERVAL: Duration = Duration::from_millis(2);
/// Attempts for a batch that the database refuses although it can be reached (a deadlock ends one of two).
const MAX_ATTEMPTS: u32 = 3;
const MIN_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

pub struct EventRouter {
    pub writer: JobWriter,
    pub dispatcher: Dispatcher,
    pub sender_check: SenderCheck,
}

impl EventRouter {
    /// Records events, forever.
    pub async fn run(self, broker: Connection) {
        let mut events = broker.consume(Queue::Events, PREFETCH);
        let mut throttle = Throttle::new(MIN_INTERVAL);
        loop {
            let mut deliveries = events.next_batch(usize::from(PREFETCH)).await;
            if deliveries.is_empty() {
                return;
            }
            throttle.wait().await;
            deliveries.extend(events.waiting(usize::from(PREFETCH) - deliveries.len()));
            self.record_deliveries(&deliveries).await;
        }
    }

    async fn record_deliveries(&self, deliveries: &[Delivery]) {
        let batches: Vec<EventBatch> = deliveries.iter().filter_map(|delivery| self.read(delivery)).collect();
        if self.record(&batches).await.is_err() && batches.len() > 1 {
            // One of the batches can't be stored: record the others one by one.
            for batch in batches {
                let _ = self.record(std::slice::from_ref(&batch)).await;
            }
        }
        ack_batch(deliveries).await;
    }

    /// Records batches, waiting for the database as long as it takes.
    async fn record(&self, batches: &[EventBatch]) -> Result<(), StoreError> {
        let (mut pause, mut tries) = (MIN_BACKOFF, 1);
        loop {
            match self.writer.record(batches).await {
                Ok(recorded) => {
                    self.account(&recorded);
                    return Ok(());
                }
                Err(StoreError::Unavailable(cause)) => tracing::warn!(%cause, "events wait for the database"),
                Err(error) if tries < MAX_ATTEMPTS => {
                    tracing::warn!(%error, "could not record events; trying again");
                    tries += 1;
                }
                Err(error) => {
                    tracing::error!(%error, batches = batches.len(), "events were refused by the database");
                    return Err(error);
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_BACKOFF);
        }
    }

    fn read(&self, delivery: &Delivery) -> Option<EventBatch> {
        let batch: EventBatch = wire::decode(&delivery.body)
            .inspect_err(|error| tracing::error!(%error, "a batch of events can't be read"))
            .ok()?;
        worker_identity::is_genuine(self.sender_check, delivery.sender.as_deref(), &batch.worker_id)
            .then_some(batch)
    }

    fn account(&self, recorded: &Recorded) {
        self.dispatcher.wake_for(&recorded.changed);
        if recorded.dropped > 0 {
            metrics::counter!("engunity_events_dropped_total").increment(recorded.dropped as u64);
            tracing::debug!(events = recorded.dropped, "dropped events that were repeated, stale or late");
        }
        metrics::counter!("engunity_events_recorded_total").increment(recorded.recorded as u64);
    }
}
