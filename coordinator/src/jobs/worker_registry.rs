//! Records the heartbeats of workers, which renew their leases, and pings workers to detect stalled ones: a worker
//! that sends heartbeats but does not return pings does not consume. Also decides whether this coordinator has received
//! heartbeats long enough to expire leases: after an outage of the coordinator itself, every lease looks expired.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use engunity_broker::{Connection, Delivery, Publisher, Queue, Route, ack_batch, worker_users::SenderCheck};
use engunity_protocol::{
    WorkerId,
    fleet::Worker,
    wire::{self, Control, Heartbeat, Running},
};
use engunity_store::{HeartbeatOutcome, LEASE_SECONDS, Store, StoreError};
use tokio::sync::watch;

use super::{dispatcher::Dispatcher, worker_identity};

/// Heartbeats of one statement.
const BATCH: u16 = 256;
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// A worker whose last returned ping is older than this does not consume.
const STALLED_AFTER_MS: i64 = 10_000;
/// Workers without a heartbeat for this long are no longer pinged.
const PING_WINDOW: Duration = Duration::from_secs(60);
/// A longer gap between two checks means that this process was suspended.
const MAX_CHECK_GAP: Duration = Duration::from_secs(3);

pub struct WorkerRegistry {
    store: Store,
    publisher: Publisher,
    dispatcher: Dispatcher,
    connected: watch::Receiver<bool>,
    sender_check: SenderCheck,
    liveness: Mutex<LivenessWindow>,
    known: Mutex<HashMap<WorkerId, KnownWorker>>,
}

/// What this coordinator has observed of a worker.
#[derive(Debug, Clone, Copy)]
struct KnownWorker {
    first_seen_ms: i64,
    last_seen: Instant,
}

/// The period during which heartbeats were received without interruption.
struct LivenessWindow {
    since: Instant,
    checked: Instant,
}

impl LivenessWindow {
    fn reset(&mut self, now: Instant) {
        (self.since, self.checked) = (now, now);
    }

    /// True when every live worker must have been heard within the window.
    fn is_complete(&mut self, now: Instant, connected: bool) -> bool {
        if !connected || now.duration_since(self.checked) > MAX_CHECK_GAP {
            self.reset(now);
        }
        self.checked = now;
        now.duration_since(self.since).as_secs_f64() > LEASE_SECONDS + 2.0
    }
}

/// True when a worker sends heartbeats but does not consume: it had time to return a ping, and its last one is old.
fn is_stalled(now_ms: i64, first_seen_ms: i64, last_ping_ms: i64) -> bool {
    now_ms - first_seen_ms > STALLED_AFTER_MS && now_ms - last_ping_ms > STALLED_AFTER_MS
}

impl WorkerRegistry {
    pub fn new(
        store: Store,
        publisher: Publisher,
        dispatcher: Dispatcher,
        connected: watch::Receiver<bool>,
        sender_check: SenderCheck,
    ) -> Self {
        let now = Instant::now();
        let liveness = Mutex::new(LivenessWindow { since: now, checked: now });
        Self { store, publisher, dispatcher, connected, sender_check, liveness, known: Mutex::default() }
    }

    /// True when an expired lease means a silent worker rather than an outage of this coordinator. Must be called
    /// about once a second.
    pub fn may_expire_leases(&self) -> bool {
        lock(&self.liveness).is_complete(Instant::now(), *self.connected.borrow())
    }

    /// Records heartbeats; never returns while the broker connection is open.
    pub async fn listen(&self, broker: Connection) {
        let mut heartbeats = broker.consume(Queue::Heartbeats, BATCH);
        loop {
            let batch = heartbeats.next_batch(usize::from(BATCH)).await;
            if batch.is_empty() {
                return;
            }
            self.record(&batch).await;
            ack_batch(&batch).await;
        }
    }

    async fn record(&self, deliveries: &[Delivery]) {
        let heartbeats: Vec<Heartbeat> =
            deliveries.iter().filter_map(|delivery| self.read(delivery)).collect();
        let newest = newest(heartbeats);
        self.send_pauses(&newest).await;
        let assessed = self.assess(newest);
        match self.store.beat(&assessed).await {
            Ok(outcome) => self.send_corrections(outcome).await,
            Err(error) => {
                tracing::warn!(%error, "heartbeats could not be recorded");
                lock(&self.liveness).reset(Instant::now());
            }
        }
        self.dispatcher.wake();
    }

    fn read(&self, delivery: &Delivery) -> Option<Heartbeat> {
        let beat: Heartbeat = wire::decode(&delivery.body).ok()?;
        worker_identity::is_genuine(self.sender_check, delivery.sender.as_deref(), &beat.worker_id)
            .then_some(beat)
    }

    /// Marks the heartbeats of stalled workers.
    fn assess(&self, heartbeats: Vec<Heartbeat>) -> Vec<(Heartbeat, bool)> {
        let (now_ms, now) = (Utc::now().timestamp_millis(), Instant::now());
        let may_expire = self.may_expire_leases();
        let mut known = lock(&self.known);
        let assess = |beat: Heartbeat| {
            let worker = known
                .entry(beat.worker_id.clone())
                .or_insert(KnownWorker { first_seen_ms: now_ms, last_seen: now });
            worker.last_seen = now;
            let stalled = may_expire && is_stalled(now_ms, worker.first_seen_ms, beat.echo as i64);
            (beat, stalled)
        };
        heartbeats.into_iter().map(assess).collect()
    }

    /// Tells workers which runs to abandon or cancel.
    async fn send_corrections(&self, outcome: HeartbeatOutcome) {
        for (worker, Running { job_id, attempt }) in outcome.abandon {
            self.control(&worker, &Control::Abandon { job_id, attempt }).await;
        }
        for (worker, Running { job_id, attempt }) in outcome.cancel {
            self.control(&worker, &Control::Cancel { job_id, attempt }).await;
        }
    }

    /// Tells workers that take jobs and should not, or the reverse.
    async fn send_pauses(&self, heartbeats: &[Heartbeat]) {
        let Ok(wanted) = self.store.drain_requests().await else { return };
        for beat in heartbeats {
            let paused = wanted.contains(&beat.worker_id);
            if paused != beat.paused && !(paused && beat.draining) {
                self.control(&beat.worker_id, &Control::Pause { paused }).await;
            }
        }
    }

    /// Lets a worker take no more jobs, or take them again; `None` where there is no such worker.
    pub async fn set_drain(&self, id: &WorkerId, drain: bool) -> Result<Option<Worker>, StoreError> {
        let worker = self.store.set_drain(id, drain).await?;
        if worker.is_some() {
            self.control(id, &Control::Pause { paused: drain }).await;
            self.dispatcher.wake();
        }
        Ok(worker)
    }

    /// Sends a control message to one worker. A lost one is repeated after the next heartbeat.
    pub async fn control(&self, worker: &WorkerId, control: &Control) {
        if let Ok(body) = wire::encode(control) {
            self.publisher.notify(Route::control(worker), &body).await;
        }
    }

    /// Pings every recently seen worker, forever.
    pub async fn ping(&self) {
        loop {
            tokio::time::sleep(PING_INTERVAL).await;
            let n = Utc::now().timestamp_millis() as u64;
            for worker in self.recently_seen() {
                self.control(&worker, &Control::Ping { n }).await;
            }
        }
    }

    fn recently_seen(&self) -> Vec<WorkerId> {
        let mut known = lock(&self.known);
        known.retain(|_, worker| worker.last_seen.elapsed() < PING_WINDOW);
        known.keys().cloned().collect()
    }
}

/// The last heartbeat of each worker: after a pause several are queued.
fn newest(heartbeats: Vec<Heartbeat>) -> Vec<Heartbeat> {
    let by_worker: HashMap<WorkerId, Heartbeat> =
        heartbeats.into_iter().map(|beat| (beat.worker_id.clone(), beat)).collect();
    by_worker.into_values().collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_stalled_when_pings_are_not_returned() {
        assert!(!is_stalled(5_000, 0, 0), "it had no time to answer");
        assert!(is_stalled(20_000, 0, 0));
        assert!(!is_stalled(20_000, 0, 18_000));
        assert!(is_stalled(40_000, 0, 18_000));
    }

    #[test]
    fn no_lease_expires_before_a_whole_lease_period_was_observed() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut liveness = LivenessWindow { since: start, checked: start };
        assert!((1..8).all(|second| !liveness.is_complete(at(second), true)));
        assert!(liveness.is_complete(at(9), true));
        assert!(!liveness.is_complete(at(10), false), "the broker connection is down");
        assert!((11..18).all(|second| !liveness.is_complete(at(second), true)));
        assert!(liveness.is_complete(at(19), true));
        assert!(!liveness.is_complete(at(60), true), "this process was suspended");
    }
}
