//! Notifications of committed changes: to this coordinator's readers and sessions at once, and to the other coordinators
//! over the broker. A notification only wakes; receivers read the database. So a lost one is harmless to readers of jobs,
//! which also poll; sessions are notified that some were lost.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use engunity_broker::{Connection, Publisher, Queue, Route, ack_batch};
use engunity_protocol::{
    CoordinatorId, JobId, ProjectId,
    session::{FileChange, ProjectChange},
    wire::{self, JobChanged, LiveMessage, Notification},
};
use engunity_store::JobChange;
use tokio::sync::{mpsc, watch};

use super::throttle::Throttle;

/// Notifications that may wait for the broker; beyond this they are dropped, and `Lost` is sent instead.
const OUTBOUND: usize = 4096;
/// Notifications in one message.
const MAX_PER_MESSAGE: usize = 1024;
const MIN_INTERVAL: Duration = Duration::from_millis(5);

/// Receives the notifications that sessions need.
pub trait SessionSink: Send + Sync {
    fn notify(&self, notification: &Notification);
}

pub struct Notifier {
    id: CoordinatorId,
    jobs: Mutex<HashMap<JobId, watch::Sender<()>>>,
    sessions: OnceLock<Arc<dyn SessionSink>>,
    outbound: mpsc::Sender<Notification>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<Notification>>,
    lost: std::sync::atomic::AtomicBool,
}

impl Notifier {
    pub fn new(id: CoordinatorId) -> Arc<Self> {
        let (outbound, waiting) = mpsc::channel(OUTBOUND);
        Arc::new(Self {
            id,
            jobs: Mutex::default(),
            sessions: OnceLock::new(),
            outbound,
            waiting: tokio::sync::Mutex::new(waiting),
            lost: false.into(),
        })
    }

    /// Sets the receiver for sessions; once, at the start.
    pub fn set_session_sink(&self, sessions: Arc<dyn SessionSink>) {
        let _ = self.sessions.set(sessions);
    }

    /// Notifies of changed jobs; call it after the commit.
    pub fn notify_jobs(&self, changed: &[JobChange]) {
        for change in changed {
            let notification =
                JobChanged { job_id: change.job_id, project_id: change.project_id, state: change.state };
            self.notify(Notification::Job(notification));
        }
    }

    /// Notifies of changed files; call it after the commit.
    pub fn notify_files(&self, project_id: ProjectId, change: FileChange) {
        self.notify(Notification::File { project_id, change });
    }

    /// Notifies of a changed or deleted project; call it after the commit.
    pub fn notify_project(&self, project_id: ProjectId, change: ProjectChange) {
        self.notify(Notification::Project { project_id, change });
    }

    /// Watches a job: the handle wakes when the job changes.
    pub fn watch(self: &Arc<Self>, job_id: JobId) -> Watch {
        let mut jobs = lock(&self.jobs);
        let sender = jobs.entry(job_id).or_insert_with(|| watch::channel(()).0);
        Watch { job_id, changes: Some(sender.subscribe()), notifier: self.clone() }
    }

    fn notify(&self, notification: Notification) {
        self.notify_local(&notification);
        if self.outbound.try_send(notification).is_err() {
            self.lost.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn notify_local(&self, notification: &Notification) {
        if let Notification::Job(change) = notification
            && let Some(sender) = lock(&self.jobs).get(&change.job_id)
        {
            sender.send_replace(());
        }
        if let Some(sessions) = self.sessions.get() {
            sessions.notify(notification);
        }
    }

    /// Sends notifications to the other coordinators, forever.
    pub async fn send(&self, publisher: Publisher) {
        let mut waiting = self.waiting.lock().await;
        let mut throttle = Throttle::new(MIN_INTERVAL);
        loop {
            let mut notifications = Vec::new();
            if waiting.recv_many(&mut notifications, MAX_PER_MESSAGE).await == 0 {
                return;
            }
            throttle.wait().await;
            while notifications.len() < MAX_PER_MESSAGE
                && let Ok(more) = waiting.try_recv()
            {
                notifications.push(more);
            }
            if self.lost.swap(false, std::sync::atomic::Ordering::Relaxed) {
                notifications.push(Notification::Lost);
            }
            let message = LiveMessage { from: self.id.clone(), notifications };
            let Ok(body) = wire::encode(&message) else { continue };
            if !publisher.notify(Route::live(), &body).await {
                self.lost.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    /// Receives the other coordinators' notifications, forever.
    pub async fn receive(&self, broker: Connection) {
        let mut links = broker.connected();
        let mut messages = broker.consume(Queue::Live(self.id.clone()), 256);
        loop {
            tokio::select! {
                batch = messages.next_batch(64) => {
                    if batch.is_empty() {
                        return;
                    }
                    batch.iter().filter_map(|message| wire::decode(&message.body).ok()).for_each(|message| self.on_message(&message));
                    ack_batch(&batch).await;
                }
                // The queue and its messages ended with the old connection.
                changed = links.changed() => match changed {
                    Ok(()) if *links.borrow_and_update() => self.notify_local(&Notification::Lost),
                    Ok(()) => {}
                    Err(_) => return,
                },
            }
        }
    }

    fn on_message(&self, message: &LiveMessage) {
        if message.from != self.id {
            message.notifications.iter().for_each(|notification| self.notify_local(notification));
        }
    }

    fn unwatch(&self, job_id: JobId) {
        let mut jobs = lock(&self.jobs);
        if jobs.get(&job_id).is_some_and(|sender| sender.receiver_count() == 0) {
            jobs.remove(&job_id);
        }
    }
}

/// A watch on one job; dropping it ends the watch.
pub struct Watch {
    job_id: JobId,
    changes: Option<watch::Receiver<()>>,
    notifier: Arc<Notifier>,
}

impl Watch {
    /// Marks all notifications so far as seen; call it before reading.
    pub fn mark_seen(&mut self) {
        if let Some(changes) = &mut self.changes {
            changes.mark_unchanged();
        }
    }

    /// Waits for the next notification after [`Watch::mark_seen`].
    pub async fn changed(&mut self) {
        if let Some(changes) = &mut self.changes
            && changes.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.changes = None;
        self.notifier.unwatch(self.job_id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(job_id: JobId) -> JobChange {
        JobChange { job_id, project_id: ProjectId::new(), kind: None, state: false, ended: false }
    }

    #[tokio::test]
    async fn wakes_a_reader_for_what_came_after_it_looked() {
        let notifier = Notifier::new(CoordinatorId("a".into()));
        let job = JobId::new();
        let mut watch = notifier.watch(job);
        watch.mark_seen();
        notifier.notify_jobs(&[change(JobId::new()), change(job)]);
        watch.changed().await;
        watch.mark_seen();
        let again = tokio::time::timeout(Duration::from_millis(20), watch.changed()).await;
        assert!(again.is_err());
    }

    #[tokio::test]
    async fn forgets_jobs_that_nobody_watches() {
        let notifier = Notifier::new(CoordinatorId("a".into()));
        let job = JobId::new();
        let (first, second) = (notifier.watch(job), notifier.watch(job));
        drop(first);
        assert_eq!(lock(&notifier.jobs).len(), 1);
        drop(second);
        assert_eq!(lock(&notifier.jobs).len(), 0);
    }
}
