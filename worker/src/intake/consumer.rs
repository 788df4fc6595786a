//! The loop that consumes control messages, pings and job offers. A ping that passes through it proves that the worker
//! also takes jobs.
//!
//! A job is taken only with a free slot. When the last slot is taken, the worker unsubscribes from the job queues, so that
//! the broker gives prefetched jobs to a worker with capacity. Interactive jobs come first.

use std::sync::{Arc, atomic::Ordering};

use engunity_broker::{Connection, Consumer, Delivery, Queue};
use engunity_protocol::{
    job::{JobClass, JobKind},
    wire::{self, Control, JobReady, Running},
};
use futures::future::{pending, select_all};
use tokio::sync::{mpsc, watch};

use crate::{
    context::{WorkerContext, WorkerStatus},
    execution::stop::StopReason,
    intake::{claims::Offer, slots::Slots},
};

const CONTROL_PREFETCH: u16 = 256;

pub struct JobConsumer {
    context: Arc<WorkerContext>,
    broker: Connection,
    control: Consumer,
    execute: KindQueues,
    noop: KindQueues,
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
        let execute = KindQueues::new(JobKind::Execute, status.slots.clone(), 1);
        let noop =
            KindQueues::new(JobKind::Noop, status.noop_slots.clone(), status.noop_slots.total() as u16);
        let engine_up = context.sandbox.ready();
        Self { context, broker, control, execute, noop, offers, draining, engine_up }
    }

    /// Consumes until the connection is closed.
    pub async fn run(mut self) {
        loop {
            self.update_subscriptions();
            let (slots, noop_slots) = (self.execute.slots.clone(), self.noop.slots.clone());
            tokio::select! {
                biased;
                control = self.control.next() => match control {
                    Some(delivery) => self.handle_control(delivery).await,
                    None => return,
                },
                job = self.execute.next() => self.accept(job, &slots).await,
                job = self.noop.next(), if noop_slots.free() > 0 => self.accept(job, &noop_slots).await,
                () = slots.wait_free(), if slots.free() == 0 => {}
                () = noop_slots.wait_free(), if noop_slots.free() == 0 && noop_slots.total() > 0 => {}
                Ok(()) = self.draining.changed() => {}
                Ok(()) = self.engine_up.changed() => {}
            }
        }
    }

    fn update_subscriptions(&mut self) {
        let (draining, engine_up) = (*self.draining.borrow(), *self.engine_up.borrow());
        self.context.status.engine_down.store(!engine_up, Ordering::Relaxed);
        self.execute.set_subscribed(&self.broker, !draining && engine_up && !self.execute.is_full());
        // No-op jobs are many and short: subscribing again for each would cost more than the job.
        self.noop.set_subscribed(&self.broker, !draining && self.noop.slots.total() > 0);
    }

    async fn handle_control(&self, delivery: Delivery) {
        match wire::decode::<Control>(&delivery.body) {
            Ok(Control::Input { job_id, attempt, input }) => {
                let run = Running { job_id, attempt };
                let reply = self.context.status.active_runs.input(run, input);
                if let Ok(body) = wire::encode(&reply) {
                    delivery.reply(&body).await;
                }
            }
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
        // Answered before.
        Control::Input { .. } => {}
    }
}

/// The queues of one job kind, one per class, which share slots.
struct KindQueues {
    kind: JobKind,
    slots: Slots,
    prefetch: u16,
    consumers: Vec<Consumer>,
}

impl KindQueues {
    fn new(kind: JobKind, slots: Slots, prefetch: u16) -> Self {
        Self { kind, slots, prefetch: prefetch.max(1), consumers: Vec::new() }
    }

    fn is_full(&self) -> bool {
        self.slots.free() == 0
    }

    fn set_subscribed(&mut self, broker: &Connection, subscribed: bool) {
        if !subscribed {
            self.consumers.clear();
        } else if self.consumers.is_empty() {
            let classes = [JobClass::Interactive, JobClass::Bulk];
            self.consumers =
                classes.map(|class| broker.consume(Queue::Jobs(self.kind, class), self.prefetch)).into();
        }
    }

    /// Returns the next offer of the first queue that has one. Never returns while unsubscribed. Cancel safe.
    async fn next(&mut self) -> Delivery {
        if self.consumers.is_empty() {
            return pending().await;
        }
        let waiting = self.consumers.iter_mut().map(|consumer| Box::pin(consumer.next()));
        match select_all(waiting).await {
            (Some(delivery), ..) => delivery,
            // The connection is closed; the control queue ends the loop.
            (None, ..) => pending().await,
        }
    }
}
