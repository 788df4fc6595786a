//! Listens to the fleet: heartbeats renew leases and say who is there; pings that come back prove that a worker
//! not only speaks but also consumes. Also knows whether this coordinator has listened long enough to be allowed to
//! call a worker dead: after an outage of ours every lease looks old.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use engunity_broker::{Connection, Delivery, Publisher, Queue, Route, ack_batch};
use engunity_protocol::{
    WorkerId,
    wire::{self, Control, Heartbeat, Running},
};
use engunity_store::{HeartbeatOutcome, LEASE_SECONDS, Store};
use tokio::sync::watch;

use super::dispatcher::Dispatcher;

/// Heartbeats of one statement.
const BATCH: u16 = 256;
const PING_EVERY: Duration = Duration::from_secs(2);
/// A worker whose newest returned ping is older does not consume.
const DEAF_AFTER_MS: i64 = 10_000;
/// A worker that is silent this long gets no more pings.
const FORGET_AFTER: Duration = Duration::from_secs(60);
/// A clock that stands still longer than this was stopped, and its owner with it.
const STALL: Duration = Duration::from_secs(3);

pub struct Fleet {
    store: Store,
    publisher: Publisher,
    dispatcher: Dispatcher,
    connected: watch::Receiver<bool>,
    ears: Mutex<Ears>,
    known: Mutex<HashMap<WorkerId, Known>>,
}

/// What this coordinator knows of a worker by having heard it.
#[derive(Debug, Clone, Copy)]
struct Known {
    first_heard_ms: i64,
    heard: Instant,
}

/// Since when we listen without interruption.
struct Ears {
    since: Instant,
    looked: Instant,
}

impl Ears {
    fn interrupted(&mut self, now: Instant) {
        (self.since, self.looked) = (now, now);
    }

    /// Whether a worker that was alive could not have escaped us.
    fn trusted(&mut self, now: Instant, connected: bool) -> bool {
        if !connected || now.duration_since(self.looked) > STALL {
            self.interrupted(now);
        }
        self.looked = now;
        now.duration_since(self.since).as_secs_f64() > LEASE_SECONDS + 2.0
    }
}

/// Whether a worker heartbeats without consuming: it had time to return a ping, and the last one is old.
fn is_deaf(now_ms: i64, first_heard_ms: i64, echo_ms: i64) -> bool {
    now_ms - first_heard_ms > DEAF_AFTER_MS && now_ms - echo_ms > DEAF_AFTER_MS
}

impl Fleet {
    pub fn new(
        store: Store,
        publisher: Publisher,
        dispatcher: Dispatcher,
        connected: watch::Receiver<bool>,
    ) -> Self {
        let now = Instant::now();
        let ears = Mutex::new(Ears { since: now, looked: now });
        Self { store, publisher, dispatcher, connected, ears, known: Mutex::default() }
    }

    /// Whether leases that look expired are so because their workers are silent, and not because we were. Must be
    /// asked every second or so.
    pub fn may_judge(&self) -> bool {
        lock(&self.ears).trusted(Instant::now(), *self.connected.borrow())
    }

    /// Takes in heartbeats, for ever.
    pub async fn listen(&self, broker: Connection) {
        let mut heartbeats = broker.consume(Queue::Heartbeats, BATCH);
        loop {
            let batch = heartbeats.next_batch(usize::from(BATCH)).await;
            if batch.is_empty() {
                return;
            }
            self.take_in(&batch).await;
            ack_batch(&batch).await;
        }
    }

    async fn take_in(&self, deliveries: &[Delivery]) {
        let beats: Vec<Heartbeat> =
            deliveries.iter().filter_map(|delivery| wire::decode(&delivery.body).ok()).collect();
        let judged = self.judge(newest(beats));
        match self.store.beat(&judged).await {
            Ok(beaten) => self.correct(beaten).await,
            Err(error) => {
                tracing::warn!(%error, "heartbeats could not be recorded");
                lock(&self.ears).interrupted(Instant::now());
            }
        }
        self.dispatcher.wake();
    }

    /// Says of each heartbeat whether its worker is deaf.
    fn judge(&self, beats: Vec<Heartbeat>) -> Vec<(Heartbeat, bool)> {
        let (now_ms, heard) = (Utc::now().timestamp_millis(), Instant::now());
        let trusted = self.may_judge();
        let mut known = lock(&self.known);
        let judge = |beat: Heartbeat| {
            let worker =
                known.entry(beat.worker_id.clone()).or_insert(Known { first_heard_ms: now_ms, heard });
            worker.heard = heard;
            let deaf = trusted && is_deaf(now_ms, worker.first_heard_ms, beat.echo as i64);
            (beat, deaf)
        };
        beats.into_iter().map(judge).collect()
    }

    /// Tells workers what they have wrong about their runs.
    async fn correct(&self, beaten: HeartbeatOutcome) {
        for (worker, Running { job_id, attempt }) in beaten.abandon {
            self.control(&worker, &Control::Abandon { job_id, attempt }).await;
        }
        for (worker, Running { job_id, attempt }) in beaten.cancel {
            self.control(&worker, &Control::Cancel { job_id, attempt }).await;
        }
    }

    /// Says something to one worker; lost is lost, heartbeats repeat it.
    pub async fn control(&self, worker: &WorkerId, control: &Control) {
        if let Ok(body) = wire::encode(control) {
            self.publisher.notify(Route::control(worker), &body).await;
        }
    }

    /// Pings every worker that was heard lately, for ever.
    pub async fn ping(&self) {
        loop {
            tokio::time::sleep(PING_EVERY).await;
            let n = Utc::now().timestamp_millis() as u64;
            for worker in self.heard_lately() {
                self.control(&worker, &Control::Ping { n }).await;
            }
        }
    }

    fn heard_lately(&self) -> Vec<WorkerId> {
        let mut known = lock(&self.known);
        known.retain(|_, worker| worker.heard.elapsed() < FORGET_AFTER);
        known.keys().cloned().collect()
    }
}

/// The last heartbeat of each worker: after a pause several wait.
fn newest(beats: Vec<Heartbeat>) -> Vec<Heartbeat> {
    let by_worker: HashMap<WorkerId, Heartbeat> =
        beats.into_iter().map(|beat| (beat.worker_id.clone(), beat)).collect();
    by_worker.into_values().collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_deaf_when_pings_do_not_come_back() {
        assert!(!is_deaf(5_000, 0, 0), "it had no time yet");
        assert!(is_deaf(20_000, 0, 0));
        assert!(!is_deaf(20_000, 0, 18_000));
        assert!(is_deaf(40_000, 0, 18_000));
    }

    #[test]
    fn nobody_is_judged_before_a_whole_lease_was_listened_to() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut ears = Ears { since: start, looked: start };
        assert!((1..8).all(|second| !ears.trusted(at(second), true)));
        assert!(ears.trusted(at(9), true));
        assert!(!ears.trusted(at(10), false), "the broker is away");
        assert!((11..18).all(|second| !ears.trusted(at(second), true)));
        assert!(ears.trusted(at(19), true));
        assert!(!ears.trusted(at(60), true), "we stood still ourselves");
    }
}
