//! What runs here, and how each run is told to stop.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use engunity_protocol::{JobId, wire::Running};
use tokio::sync::watch;

/// Why a run is to end before it has ended by itself. The later ones win over the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Its owner wants so: report `cancelled`.
    Cancel,
    /// This worker ends: report that it is handed back.
    HandBack,
    /// It is not ours any more: report nothing.
    Abandon,
}

/// Told once the run is to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Option<Stop>>);

impl StopSignal {
    pub fn now(&self) -> Option<Stop> {
        *self.0.borrow()
    }

    /// Waits until the run is to stop. Safe to cancel.
    pub async fn wait(&mut self) -> Stop {
        match self.0.wait_for(Option::is_some).await {
            Ok(stop) => stop.unwrap_or(Stop::Abandon),
            // The registry is gone: so is the worker.
            Err(_) => Stop::Abandon,
        }
    }
}

/// All runs of this worker.
#[derive(Clone, Default)]
pub struct Registry {
    runs: Arc<Mutex<HashMap<Running, watch::Sender<Option<Stop>>>>>,
    emptied: Arc<tokio::sync::Notify>,
}

/// A run's entry; dropped, the run is no longer ours to report as running.
pub struct Entry {
    registry: Registry,
    run: Running,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut runs = self.registry.lock();
        runs.remove(&self.run);
        if runs.is_empty() {
            self.registry.emptied.notify_waiters();
        }
    }
}

impl Registry {
    pub fn enter(&self, run: Running) -> (Entry, StopSignal) {
        let (sender, receiver) = watch::channel(None);
        self.lock().insert(run, sender);
        (Entry { registry: self.clone(), run }, StopSignal(receiver))
    }

    pub fn stop(&self, run: Running, why: Stop) {
        if let Some(sender) = self.lock().get(&run) {
            raise(sender, why);
        }
    }

    pub fn stop_all(&self, why: Stop) {
        self.lock().values().for_each(|sender| raise(sender, why));
    }

    pub fn running(&self) -> Vec<Running> {
        self.lock().keys().copied().collect()
    }

    pub fn runs_job(&self, job: JobId) -> bool {
        self.lock().keys().any(|run| run.job_id == job)
    }

    /// Waits until nothing runs.
    pub async fn wait_empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.lock().is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Running, watch::Sender<Option<Stop>>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn raise(sender: &watch::Sender<Option<Stop>>, why: Stop) {
    sender.send_if_modified(|stop| {
        let raised = stop.is_none_or(|before| before < why);
        if raised {
            *stop = Some(why);
        }
        raised
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_is_told_and_forgotten() {
        let registry = Registry::default();
        let run = Running { job_id: JobId::new(), attempt: 2 };
        let (entry, mut signal) = registry.enter(run);
        registry.stop(Running { attempt: 1, ..run }, Stop::Abandon);
        assert_eq!(signal.now(), None, "another attempt is another run");
        registry.stop(run, Stop::HandBack);
        registry.stop(run, Stop::Cancel);
        assert_eq!(signal.wait().await, Stop::HandBack);
        assert!(registry.runs_job(run.job_id));
        drop(entry);
        registry.wait_empty().await;
        assert!(registry.running().is_empty());
    }
}
