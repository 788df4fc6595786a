//! The one loop that takes in everything: control messages, pings, and jobs while there is room for them. That a ping
//! has come through it proves that jobs would.
//!
//! A job is taken only with a free slot. When the last one goes, the queues are left, and with them what the broker had
//! already sent ahead: it goes to a worker that has room. Interactive jobs are looked for first.

use std::sync::{Arc, atomic::Ordering};

use engunity_broker::{Connection, Consumer, Delivery, Queue};
use engunity_protocol::{
    job::{JobClass, JobKind},
    wire::{self, Control, JobReady, Running},
};
use futures::future::{pending, select_all};
use tokio::sync::{mpsc, watch};

use crate::{
    context::{Environment, Presence},
    intake::{claims::Offer, runs::Stop, slots::Slots},
};

const CONTROL_PREFETCH: u16 = 256;

pub struct Intake {
    environment: Arc<Environment>,
    broker: Connection,
    control: Consumer,
    execute: Lane,
    noop: Lane,
    offers: mpsc::Sender<Offer>,
    draining: watch::Receiver<bool>,
    engine: watch::Receiver<bool>,
}

impl Intake {
    pub fn new(
        environment: Arc<Environment>,
        broker: Connection,
        offers: mpsc::Sender<Offer>,
        draining: watch::Receiver<bool>,
    ) -> Self {
        let presence = &environment.presence;
        let control = broker.consume(Queue::Control(environment.identity.id.clone()), CONTROL_PREFETCH);
        let execute = Lane::new(JobKind::Execute, presence.slots.clone(), 1);
        let noop = Lane::new(JobKind::Noop, presence.noop_slots.clone(), presence.noop_slots.total() as u16);
        let engine = environment.sandbox.ready();
        Self { environment, broker, control, execute, noop, offers, draining, engine }
    }

    /// Takes in, for as long as the connection is not closed for good.
    pub async fn run(mut self) {
        loop {
            self.open_and_close();
            let (slots, noop_slots) = (self.execute.slots.clone(), self.noop.slots.clone());
            tokio::select! {
                biased;
                control = self.control.next() => match control {
                    Some(delivery) => self.obey(delivery).await,
                    None => return,
                },
                job = self.execute.next() => self.take(job, &slots).await,
                job = self.noop.next(), if noop_slots.free() > 0 => self.take(job, &noop_slots).await,
                () = slots.wait_free(), if slots.free() == 0 => {}
                () = noop_slots.wait_free(), if noop_slots.free() == 0 && noop_slots.total() > 0 => {}
                Ok(()) = self.draining.changed() => {}
                Ok(()) = self.engine.changed() => {}
            }
        }
    }

    fn open_and_close(&mut self) {
        let (draining, engine) = (*self.draining.borrow(), *self.engine.borrow());
        self.environment.presence.crippled.store(!engine, Ordering::Relaxed);
        self.execute.set_open(&self.broker, !draining && engine && !self.execute.is_full());
        // No-op jobs are many and short: leaving and joining for each would cost more than they do.
        self.noop.set_open(&self.broker, !draining && self.noop.slots.total() > 0);
    }

    async fn obey(&self, delivery: Delivery) {
        match wire::decode::<Control>(&delivery.body) {
            Ok(control) => obey(&self.environment.presence, control),
            Err(error) => tracing::warn!(%error, "a control message can't be read"),
        }
        delivery.ack().await;
    }

    async fn take(&self, delivery: Delivery, slots: &Slots) {
        let job = match wire::decode::<JobReady>(&delivery.body) {
            Ok(job) => job,
            Err(error) => {
                tracing::warn!(%error, "an offered job can't be read");
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

fn obey(presence: &Presence, control: Control) {
    match control {
        Control::Ping { n } => drop(presence.echo.fetch_max(n, Ordering::Relaxed)),
        Control::Cancel { job_id, attempt } => {
            presence.registry.stop(Running { job_id, attempt }, Stop::Cancel)
        }
        Control::Abandon { job_id, attempt } => {
            presence.registry.stop(Running { job_id, attempt }, Stop::Abandon)
        }
    }
}

/// The queues of one kind of job, which share slots.
struct Lane {
    kind: JobKind,
    slots: Slots,
    prefetch: u16,
    consumers: Vec<Consumer>,
}

impl Lane {
    fn new(kind: JobKind, slots: Slots, prefetch: u16) -> Self {
        Self { kind, slots, prefetch: prefetch.max(1), consumers: Vec::new() }
    }

    fn is_full(&self) -> bool {
        self.slots.free() == 0
    }

    fn set_open(&mut self, broker: &Connection, open: bool) {
        if !open {
            self.consumers.clear();
        } else if self.consumers.is_empty() {
            let classes = [JobClass::Interactive, JobClass::Bulk];
            self.consumers =
                classes.map(|class| broker.consume(Queue::Jobs(self.kind, class), self.prefetch)).into();
        }
    }

    /// Waits for a job of the first queue that has one; for ever while closed. Safe to cancel.
    async fn next(&mut self) -> Delivery {
        if self.consumers.is_empty() {
            return pending().await;
        }
        let waiting = self.consumers.iter_mut().map(|consumer| Box::pin(consumer.next()));
        match select_all(waiting).await {
            (Some(delivery), ..) => delivery,
            // The connection is closed for good, which the control queue tells as well.
            (None, ..) => pending().await,
        }
    }
}
