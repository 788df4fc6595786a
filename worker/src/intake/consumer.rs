//! The loop that consumes control messages, pings and job offers. A ping that passes through it proves that the worker
//! also takes jobs.
//!
//! A job is taken only with a free slot. When the last slot is taken, the worker unsubscribes from the job queues, so that
//! the broker gives prefetched jobs to a worker with capacity. Interactive jobs of a kind come first.

use std::sync::{Arc, atomic::Ordering};

use engunity_broker::{Connection, Consumer, Delivery, Queue};
use engunity_protocol::{
    job::JobKind,
    wire::{self, Control, JobReady, Running},
};
use futures::future::{pending, select_all};
use tokio::sync::{mpsc, watch};

use crate::{
    capabilities,
    context::{WorkerContext, WorkerStatus},
    execution::stop::StopReason,
    intake::{claims::Offer, slots::Slots},
};

const CONTROL_PREFETCH: u16 = 256;

pub struct JobConsumer {
    context: Arc<WorkerContext>,
    broker: Connection,
    control: Consumer,
    queues: Vec<KindQueues>,
    offers: mpsc::Sender<Offer>,
    draining: watch::Receiver<bool>,
    engine_up: watch::Receiver<bool>,
}

impl JobConsumer {
    pub fn new(
        context: Arc<WorkerContext>,
        broker: Connection,
        offers: mpsc::Sender<Offer>,
        draining: watch::Receiver<bool>,
    ) -> Self {
        let status = &context.status;
        let control = broker.consume(Queue::Control(context.identity.id.clone()), CONTROL_PREFETCH);
        let queues = capabilities::kinds(&status.pools);
        let queues = queues.map(|kind| KindQueues::new(kind, status.pools.get(kind.pool()))).collect();
        let engine_up = context.sandbox.ready();
        Self { context, broker, control, queues, offers, draining, engine_up }
    }

    /// Consumes until the connection is closed.
    pub async fn run(mut self) {
        loop {
            self.update_subscriptions();
            let pools = &self.context.status.pools;
            tokio::select! {
                biased;
                control = self.control.next() => match control {
                    Some(delivery) => self.handle_control(delivery).await,
                    None => return,
                },
                (job, slots) = next_job(&mut self.queues) => self.accept(job, &slots).await,
                () = pools.wait_free() => {}
                Ok(()) = self.draining.changed() => {}
                Ok(()) = self.engine_up.changed() => {}
            }
        }
    }

    fn update_subscriptions(&mut self) {
        let (draining, engine_up) = (*self.draining.borrow(), *self.engine_up.borrow());
        let stopped = draining || self.context.status.paused.load(Ordering::Relaxed);
        self.context.status.engine_down.store(!engine_up, Ordering::Relaxed);
        for queues in &mut self.queues {
            let usable = engine_up || !queues.kind.pool().needs_engine();
            queues.set_subscribed(&self.broker, !stopped && usable && queues.wants_offers());
        }
    }

    async fn handle_control(&self, delivery: Delivery) {
        match wire::decode::<Control>(&delivery.body) {
            Ok(control) => handle_control(&self.context.status, control),
            Err(error) => tracing::warn!(%error, "a control message could not be decoded"),
        }
        delivery.ack().await;
    }

    async fn accept(&self, delivery: Delivery, slots: &Slots) {
        let job = match wire::decode::<JobReady>(&delivery.body) {
            Ok(job) => job,
            Err(error) => {
                tracing::warn!(%error, "a job offer could not be decoded");
                delivery.reject(false).await;
                return;
            }
        };
        let Some(slot) = slots.try_take() else {
            delivery.reject(true).await;
            return;
        };
        let _ = self.offers.send(Offer { job_id: job.job_id, delivery, slot }).await;
    }
}

fn handle_control(status: &WorkerStatus, control: Control) {
    match control {
        Control::Ping { n } => drop(status.last_ping.fetch_max(n, Ordering::Relaxed)),
        Control::Cancel { job_id, attempt } => {
            status.active_runs.stop(Running { job_id, attempt }, StopReason::Cancel)
        }
        Control::Abandon { job_id, attempt } => {
            status.active_runs.stop(Running { job_id, attempt }, StopReason::Abandon)
        }
        Control::Pause { paused } => {
            if status.paused.swap(paused, Ordering::Relaxed) != paused {
                tracing::info!(paused, "an administrator changed whether jobs are taken");
            }
        }
        // Comes to the service `input`.
        Control::Input { .. } => {}
    }
}

/// The queues of one job kind, one per class. Kinds of one pool share its slots.
struct KindQueues {
    kind: JobKind,
    slots: Slots,
    consumers: Vec<Consumer>,
}

impl KindQueues {
    fn new(kind: JobKind, slots: Slots) -> Self {
        Self { kind, slots, consumers: Vec::new() }
    }

    /// Jobs that are many and short are received ahead: subscribing again for each would cost more than the job.
    fn wants_offers(&self) -> bool {
        self.kind.pool().is_short() || self.slots.free() > 0
    }

    fn prefetch(&self) -> u16 {
        if self.kind.pool().is_short() { self.slots.total().min(u16::MAX.into()) as u16 } else { 1 }
    }

    fn set_subscribed(&mut self, broker: &Connection, subscribed: bool) {
        if !subscribed {
            self.consumers.clear();
        } else if self.consumers.is_empty() {
            let queues = self.kind.classes().iter().map(|class| Queue::Jobs(self.kind, *class));
            self.consumers = queues.map(|queue| broker.consume(queue, self.prefetch())).collect();
        }
    }
}

/// Returns the next offer of the first queue that has one, and the slots that it may take one of. Queues whose slots are
/// all taken are left alone. Cancel safe.
async fn next_job(queues: &mut [KindQueues]) -> (Delivery, Slots) {
    let mut waiting = Vec::new();
    for queues in queues.iter_mut().filter(|queues| queues.slots.free() > 0) {
        let slots = &queues.slots;
        for consumer in &mut queues.consumers {
            waiting.push(Box::pin(async move { (consumer.next().await, slots) }));
        }
    }
    if waiting.is_empty() {
        return pending().await;
    }
    match select_all(waiting).await.0 {
        (Some(delivery), slots) => (delivery, slots.clone()),
        // The connection is closed; the control queue ends the loop.
        (None, _) => pending().await,
    }
}
