//! What is reported: one buffer for the whole worker, in order, bounded in bytes, one batch unconfirmed at a time.
//!
//! While a batch is under way the next one gathers, so batches are as large as the broker is slow. A batch that was not
//! confirmed is sent again until it is; so the order of a job's events is certain, and nothing is lost while the worker
//! lives. When the broker is away the buffer fills, then the jobs wait, then the programs in their own `write`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::Utc;
use engunity_broker::{BrokerError, Publisher, Route};
use engunity_protocol::{
    WorkerId,
    wire::{self, EventBatch, EventBody, Running, WorkerEvent},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::sleep,
};

/// All that may wait for confirmation.
const BUFFER_BYTES: usize = 8 * 1024 * 1024;
const BATCH_BYTES: usize = 512 * 1024;
const BATCH_EVENTS: usize = 512;
/// What an event weighs beside its data.
const OVERHEAD: usize = 256;
const RETRY: Duration = Duration::from_millis(200);

/// What a batch is given to until it is confirmed: the broker, or a test.
#[async_trait]
pub trait Confirm: Send + Sync + 'static {
    async fn confirm(&self, batch: &[u8]) -> Result<(), BrokerError>;
}

#[async_trait]
impl Confirm for Publisher {
    async fn confirm(&self, batch: &[u8]) -> Result<(), BrokerError> {
        self.publish(Route::events(), batch.to_vec()).await
    }
}

/// The way in, cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    queue: mpsc::UnboundedSender<Queued>,
    room: Arc<Semaphore>,
}

struct Queued {
    event: WorkerEvent,
    weight: usize,
    confirmed: Option<oneshot::Sender<()>>,
    _room: OwnedSemaphorePermit,
}

impl Outbox {
    /// Starts the task that sends; it ends with the last outbox.
    pub fn start(broker: impl Confirm, worker: WorkerId) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        tokio::spawn(Sender { broker, worker, waiting }.run());
        Self { queue, room: Arc::new(Semaphore::new(BUFFER_BYTES)) }
    }

    /// The events of one run.
    pub fn of(&self, run: Running) -> RunEvents {
        RunEvents { outbox: self.clone(), run, seq: 0 }
    }

    async fn push(&self, event: WorkerEvent, confirmed: Option<oneshot::Sender<()>>) {
        let weight = weight(&event.body);
        let room = self.room.clone().acquire_many_owned(weight as u32).await;
        let Ok(_room) = room else { return };
        let _ = self.queue.send(Queued { event, weight, confirmed, _room });
    }
}

fn weight(body: &EventBody) -> usize {
    OVERHEAD + if let EventBody::Output { data, .. } = body { data.len() } else { 0 }
}

/// Numbers and sends the events of one run.
pub struct RunEvents {
    outbox: Outbox,
    run: Running,
    seq: i64,
}

impl RunEvents {
    /// Puts an event in line; waits while the buffer is full.
    pub async fn send(&mut self, body: EventBody) {
        let event = self.event(body);
        self.outbox.push(event, None).await;
    }

    /// Sends the last event; returns when the broker has it.
    pub async fn finish(mut self, body: EventBody) {
        let (sender, confirmed) = oneshot::channel();
        let event = self.event(body);
        self.outbox.push(event, Some(sender)).await;
        let _ = confirmed.await;
    }

    fn event(&mut self, body: EventBody) -> WorkerEvent {
        self.seq += 1;
        WorkerEvent {
            job_id: self.run.job_id,
            attempt: self.run.attempt,
            seq: self.seq,
            at: Utc::now(),
            body,
        }
    }
}

/// The task that sends.
struct Sender<C> {
    broker: C,
    worker: WorkerId,
    waiting: mpsc::UnboundedReceiver<Queued>,
}

impl<C: Confirm> Sender<C> {
    async fn run(mut self) {
        while let Some(first) = self.waiting.recv().await {
            let (events, confirmations, _room) = self.gather(first);
            self.deliver(events).await;
            for confirmed in confirmations {
                let _ = confirmed.send(());
            }
        }
    }

    /// Takes what is waiting, up to a batch.
    fn gather(
        &mut self,
        first: Queued,
    ) -> (Vec<WorkerEvent>, Vec<oneshot::Sender<()>>, Vec<OwnedSemaphorePermit>) {
        let (mut events, mut confirmations, mut room) = (Vec::new(), Vec::new(), Vec::new());
        let (mut next, mut bytes) = (Some(first), 0);
        while let Some(Queued { event, weight, confirmed, _room }) = next {
            bytes += weight;
            events.push(event);
            confirmations.extend(confirmed);
            room.push(_room);
            let full = bytes >= BATCH_BYTES || events.len() >= BATCH_EVENTS;
            next = if full { None } else { self.waiting.try_recv().ok() };
        }
        (events, confirmations, room)
    }

    async fn deliver(&self, events: Vec<WorkerEvent>) {
        let batch = EventBatch { worker_id: self.worker.clone(), events };
        let body = match wire::encode(&batch) {
            Ok(body) => body,
            Err(error) => return tracing::error!(%error, "events could not be encoded"),
        };
        let mut complained = false;
        while let Err(error) = self.broker.confirm(&body).await {
            if !complained {
                tracing::warn!(%error, events = batch.events.len(), "events are not confirmed; sending them until they are");
                complained = true;
            }
            sleep(RETRY).await;
        }
    }
}
