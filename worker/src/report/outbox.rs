//! The outbox: one buffer of job events for the whole worker, in order, bounded in bytes, with one unconfirmed batch.
//!
//! While a batch is being confirmed the next one fills, so batches grow when the broker is slow. An unconfirmed batch is
//! sent again until it is confirmed. So the order of a job's events is certain, and no event is lost while the worker
//! lives. If the broker is unavailable, the buffer fills, then the jobs wait, then the programs block in `write`.

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

/// Limit of all unconfirmed events.
const BUFFER_BYTES: usize = 8 * 1024 * 1024;
const BATCH_BYTES: usize = 512 * 1024;
const BATCH_EVENTS: usize = 512;
/// Counted for each event in addition to its data.
const EVENT_OVERHEAD_BYTES: usize = 256;
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Publishes a batch and waits for its confirmation: the broker, or a test double.
#[async_trait]
pub trait ConfirmedPublisher: Send + Sync + 'static {
    async fn publish_confirmed(&self, batch: &[u8]) -> Result<(), BrokerError>;
}

#[async_trait]
impl ConfirmedPublisher for Publisher {
    async fn publish_confirmed(&self, batch: &[u8]) -> Result<(), BrokerError> {
        self.publish(Route::events(), batch.to_vec()).await
    }
}

/// The handle for adding events; cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    queue: mpsc::UnboundedSender<QueuedEvent>,
    capacity: Arc<Semaphore>,
}

struct QueuedEvent {
    event: WorkerEvent,
    size: usize,
    confirmed: Option<oneshot::Sender<()>>,
    _capacity: OwnedSemaphorePermit,
}

impl Outbox {
    /// Starts the sending task. It ends when the last handle is dropped.
    pub fn start(broker: impl ConfirmedPublisher, worker: WorkerId) -> Self {
        let (sender, queue) = mpsc::unbounded_channel();
        tokio::spawn(Sender { broker, worker, queue }.run());
        Self { queue: sender, capacity: Arc::new(Semaphore::new(BUFFER_BYTES)) }
    }

    /// The events of one run.
    pub fn of(&self, run: Running) -> RunEvents {
        RunEvents { outbox: self.clone(), run, seq: 0 }
    }

    async fn push(&self, event: WorkerEvent, confirmed: Option<oneshot::Sender<()>>) {
        let size = size(&event.body);
        let capacity = self.capacity.clone().acquire_many_owned(size as u32).await;
        let Ok(_capacity) = capacity else { return };
        let _ = self.queue.send(QueuedEvent { event, size, confirmed, _capacity });
    }
}

fn size(body: &EventBody) -> usize {
    EVENT_OVERHEAD_BYTES + if let EventBody::Output { data, .. } = body { data.len() } else { 0 }
}

/// Numbers and sends the events of one run.
pub struct RunEvents {
    outbox: Outbox,
    run: Running,
    seq: i64,
}

impl RunEvents {
    /// Adds an event; waits while the buffer is full.
    pub async fn send(&mut self, body: EventBody) {
        let event = self.event(body);
        self.outbox.push(event, None).await;
    }

    /// Adds the last event and waits until the broker has confirmed it.
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

/// The sending task.
struct Sender<C> {
    broker: C,
    worker: WorkerId,
    queue: mpsc::UnboundedReceiver<QueuedEvent>,
}

impl<C: ConfirmedPublisher> Sender<C> {
    async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let (events, confirmations, _capacity) = self.gather(first);
            self.deliver(events).await;
            for confirmed in confirmations {
                let _ = confirmed.send(());
            }
        }
    }

    /// Takes the queued events, up to the size of a batch.
    fn gather(
        &mut self,
        first: QueuedEvent,
    ) -> (Vec<WorkerEvent>, Vec<oneshot::Sender<()>>, Vec<OwnedSemaphorePermit>) {
        let (mut events, mut confirmations, mut capacity) = (Vec::new(), Vec::new(), Vec::new());
        let (mut next, mut bytes) = (Some(first), 0);
        while let Some(QueuedEvent { event, size, confirmed, _capacity }) = next {
            bytes += size;
            events.push(event);
            confirmations.extend(confirmed);
            capacity.push(_capacity);
            let full = bytes >= BATCH_BYTES || events.len() >= BATCH_EVENTS;
            next = if full { None } else { self.queue.try_recv().ok() };
        }
        (events, confirmations, capacity)
    }

    async fn deliver(&self, events: Vec<WorkerEvent>) {
        let batch = EventBatch { worker_id: self.worker.clone(), events };
        let body = match wire::encode(&batch) {
            Ok(body) => body,
            Err(error) => return tracing::error!(%error, "events could not be encoded"),
        };
        let mut warned = false;
        while let Err(error) = self.broker.publish_confirmed(&body).await {
            if !warned {
                tracing::warn!(%error, events = batch.events.len(), "events were not confirmed; retrying until they are");
                warned = true;
            }
            sleep(RETRY_PAUSE).await;
        }
    }
}
