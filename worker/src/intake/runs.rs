//! The active runs of this worker, and the signal that stops each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use engunity_protocol::{
    JobId,
    wire::{InputPiece, InputReply, Running},
};
use tokio::sync::watch;

use crate::execution::{
    stop::{StopReason, StopSignal},
    typed::TypedInput,
};

/// All runs of this worker.
#[derive(Clone, Default)]
pub struct ActiveRuns {
    runs: Arc<Mutex<HashMap<Running, Handles>>>,
    idle: Arc<tokio::sync::Notify>,
}

/// The ways to reach a run.
struct Handles {
    stop: watch::Sender<Option<StopReason>>,
    input: TypedInput,
}

/// The registration of a run: the heartbeat reports the run until this is dropped.
pub struct ActiveRun {
    active_runs: ActiveRuns,
    run: Running,
}

impl Drop for ActiveRun {
    fn drop(&mut self) {
        let mut runs = self.active_runs.lock();
        runs.remove(&self.run);
        if runs.is_empty() {
            self.active_runs.idle.notify_waiters();
        }
    }
}

impl ActiveRuns {
    /// Registers a run, with the input that will be typed into it.
    pub fn register(&self, run: Running, input: TypedInput) -> (ActiveRun, StopSignal) {
        let (stop, receiver) = watch::channel(None);
        self.lock().insert(run, Handles { stop, input });
        (ActiveRun { active_runs: self.clone(), run }, StopSignal::new(receiver))
    }

    pub fn stop(&self, run: Running, reason: StopReason) {
        if let Some(handles) = self.lock().get(&run) {
            raise(&handles.stop, reason);
        }
    }

    pub fn stop_all(&self, reason: StopReason) {
        self.lock().values().for_each(|handles| raise(&handles.stop, reason));
    }

    /// Types into a run.
    pub fn input(&self, run: Running, piece: InputPiece) -> InputReply {
        self.lock().get(&run).map_or(InputReply::Unknown, |handles| handles.input.push(piece))
    }

    pub fn running(&self) -> Vec<Running> {
        self.lock().keys().copied().collect()
    }

    pub fn runs_job(&self, job: JobId) -> bool {
        self.lock().keys().any(|run| run.job_id == job)
    }

    /// Waits until no run is active.
    pub async fn wait_empty(&self) {
        loop {
            let idle = self.idle.notified();
            if self.lock().is_empty() {
                return;
            }
            idle.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Running, Handles>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn raise(sender: &watch::Sender<Option<StopReason>>, reason: StopReason) {
    sender.send_if_modified(|stop| {
        let raised = stop.is_none_or(|before| before < reason);
        if raised {
            *stop = Some(reason);
        }
        raised
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_is_signalled_and_removed() {
        let active_runs = ActiveRuns::default();
        let run = Running { job_id: JobId::new(), attempt: 2 };
        let (entry, mut signal) = active_runs.register(run, TypedInput::default());
        active_runs.stop(Running { attempt: 1, ..run }, StopReason::Abandon);
        assert_eq!(signal.now(), None, "another attempt is another run");
        active_runs.stop(run, StopReason::HandBack);
        active_runs.stop(run, StopReason::Cancel);
        assert_eq!(signal.wait().await, StopReason::HandBack);
        assert!(active_runs.runs_job(run.job_id));
        drop(entry);
        active_runs.wait_empty().await;
        assert!(active_runs.running().is_empty());
    }
}
