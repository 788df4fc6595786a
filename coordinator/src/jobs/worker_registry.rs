//! Records the heartbeats of workers, which renew their leases, and pings workers to detect stalled ones: a worker
//! that sends heartbeats but does not return pings does not consume.
//!
//! Also decides whether this coordinator may judge leases. Only one that has recorded every heartbeat of the last lease
//! period knows that a silent worker is silent: see `liveness`. One coordinator at a time receives all heartbeats (the
//! queue has a single active consumer), and lets go of them when it can't record them.

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
    wire::{self, Beacon, Control, Heartbeat, Running},
};
use engunity_store::{HeartbeatOutcome, Store, StoreError};
use uuid::Uuid;

use super::{dispatcher::Dispatcher, liveness::Liveness, worker_identity};

/// Heartbeats of one statement.
const BATCH: u16 = 256;
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// A worker whose last returned ping is older than this does not consume, and gets no more jobs.
const STALLED_AFTER_MS: i64 = 10_000;
/// Then its leases are no longer renewed: nobody can reach its runs.
const LOST_AFTER_MS: i64 = 30_000;
/// A worker whose runtime stands still for so long runs nothing.
const HANGS_AFTER: Duration = Duration::from_secs(10);
const MAX_HEARTBEAT_GAP: Duration = Duration::from_secs(5);
/// Workers without a heartbeat for this long are no longer pinged.
const PING_WINDOW: Duration = Duration::from_secs(60);
const BEACON_INTERVAL: Duration = Duration::from_secs(1);
/// Batches that may fail in a row before another coordinator gets its turn.
const MAX_FAILURES: u32 = 3;
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);

pub struct WorkerRegistry {
    store: Store,
    publisher: Publisher,
    dispatcher: Dispatcher,
    sender_check: SenderCheck,
    /// Makes beacons known as our own.
    token: Uuid,
    started: Instant,
    liveness: Mutex<Liveness>,
    known: Mutex<HashMap<WorkerId, KnownWorker>>,
}

/// What this coordinator has observed of a worker.
#[derive(Debug, Clone, Copy)]
struct KnownWorker {
    first_seen_ms: i64,
    last_seen: Instant,
    /// The last count that it reported, and since when it has been the same.
    progress: u64,
    progress_since: Instant,
}

impl KnownWorker {
    fn new(now_ms: i64, now: Instant) -> Self {
        Self { first_seen_ms: now_ms, last_seen: now, progress: 0, progress_since: now }
    }

    fn heard(&mut self, progress: u64, now: Instant) {
        // A gap between two heartbeats proves nothing about the time between them.
        if self.progress != progress || now.duration_since(self.last_seen) > MAX_HEARTBEAT_GAP {
            (self.progress, self.progress_since) = (progress, now);
        }
        self.last_seen = now;
    }

    /// Its runtime stands still; a worker of an older version does not report that.
    fn hangs(&self, now: Instant) -> bool {
        self.progress > 0 && now.duration_since(self.progress_since) > HANGS_AFTER
    }
}

/// True when a worker sends heartbeats but has not consumed for so long: it had time to return a ping, and its last one
/// is old.
fn is_silent(after_ms: i64, now_ms: i64, first_seen_ms: i64, last_ping_ms: i64) -> bool {
    now_ms - first_seen_ms > after_ms && now_ms - last_ping_ms > after_ms
}

impl WorkerRegistry {
    pub fn new(
        store: Store,
        publisher: Publisher,
        dispatcher: Dispatcher,
        sender_check: SenderCheck,
    ) -> Self {
        let (token, started, liveness) = (Uuid::new_v4(), Instant::now(), Mutex::default());
        let known = Mutex::default();
        Self { store, publisher, dispatcher, sender_check, token, started, liveness, known }
    }

    /// True when an expired lease means a silent worker rather than that this coordinator heard nothing.
    pub fn may_judge(&self) -> bool {
        !self.publisher.is_blocked() && lock(&self.liveness).is_complete(self.now_ms())
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// Sends beacons, forever.
    pub async fn send_beacons(&self) {
        loop {
            let beacon = Beacon { token: self.token, sent_ms: self.now_ms() };
            if let Ok(body) = wire::encode(&beacon) {
                self.publisher.notify(Route::beacons(), &body).await;
            }
            tokio::time::sleep(BEACON_INTERVAL).await;
        }
    }

    /// Records heartbeats until that fails again and again, or the broker connection is closed. What could not be recorded
    /// is not acknowledged: whoever consumes next gets it, if it is not too old by then.
    pub async fn listen(&self, broker: Connection) {
        let mut heartbeats = broker.consume(Queue::Heartbeats, BATCH);
        let mut failures = 0;
        while failures < MAX_FAILURES {
            let batch = heartbeats.next_batch(usize::from(BATCH)).await;
            if batch.is_empty() {
                return;
            }
            match self.record(&batch).await {
                Ok(()) => {
                    failures = 0;
                    ack_batch(&batch).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "heartbeats could not be recorded");
                    failures += 1;
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Only a commit is evidence: a beacon counts when the heartbeats before it are recorded.
    async fn record(&self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        let is_beacon = |delivery: &&Delivery| delivery.routing_key == Route::beacons().key();
        let (beacons, beats): (Vec<_>, Vec<_>) = deliveries.iter().partition(is_beacon);
        let newest = newest(beats.iter().filter_map(|delivery| self.read(delivery)).collect());
        self.send_pauses(&newest).await;
        let outcome = self.store.beat(&self.assess(newest)).await?;
        let beacons = beacons.iter().filter_map(|delivery| wire::decode::<Beacon>(&delivery.body).ok());
        for beacon in beacons.filter(|beacon| beacon.token == self.token) {
            lock(&self.liveness).recorded(beacon.sent_ms);
        }
        self.send_corrections(outcome).await;
        self.dispatcher.wake();
        Ok(())
    }

    fn read(&self, delivery: &Delivery) -> Option<Heartbeat> {
        let beat: Heartbeat = wire::decode(&delivery.body).ok()?;
        worker_identity::is_genuine(self.sender_check, delivery.sender.as_deref(), &beat.worker_id)
            .then_some(beat)
    }

    /// Marks the heartbeats of stalled workers. Leases follow progress: a worker that makes none renews none.
    fn assess(&self, heartbeats: Vec<Heartbeat>) -> Vec<(Heartbeat, bool)> {
        let (now_ms, now) = (Utc::now().timestamp_millis(), Instant::now());
        let may_judge = self.may_judge();
        let mut known = lock(&self.known);
        let assess = |mut beat: Heartbeat| {
            let worker = known.entry(beat.worker_id.clone()).or_insert(KnownWorker::new(now_ms, now));
            worker.heard(beat.progress, now);
            let silent =
                |after_ms| may_judge && is_silent(after_ms, now_ms, worker.first_seen_ms, beat.echo as i64);
            let hangs = worker.hangs(now);
            let stalled = hangs || silent(STALLED_AFTER_MS);
            if hangs || silent(LOST_AFTER_MS) {
                tracing::warn!(worker_id = %beat.worker_id, hangs, "a worker makes no progress; its leases end");
                beat.running.clear();
            }
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
        let is_stalled = |now, first, ping| is_silent(STALLED_AFTER_MS, now, first, ping);
        assert!(!is_stalled(5_000, 0, 0), "it had no time to answer");
        assert!(is_stalled(20_000, 0, 0));
        assert!(!is_stalled(20_000, 0, 18_000));
        assert!(is_stalled(40_000, 0, 18_000));
    }

    #[test]
    fn a_worker_hangs_when_its_count_stands_still() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut worker = KnownWorker::new(0, start);
        (0..=12).for_each(|second| worker.heard(second + 1, at(second)));
        assert!(!worker.hangs(at(12)));
        (13..=24).for_each(|second| worker.heard(13, at(second)));
        assert!(worker.hangs(at(24)));
        worker.heard(14, at(25));
        assert!(!worker.hangs(at(25)));
        worker.heard(14, at(60));
        assert!(!worker.hangs(at(60)), "nothing was heard in between");
        let mut older = KnownWorker::new(0, start);
        (0..=20).for_each(|second| older.heard(0, at(second)));
        assert!(!older.hangs(at(20)), "an older version does not count");
    }
}
