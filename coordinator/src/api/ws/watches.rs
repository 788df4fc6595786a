//! The jobs that one socket watches: one task for each streams its events, straight from the event reader, into the
//! socket's bounded queue.

use std::collections::HashMap;

use engunity_protocol::{JobId, UserId, problem::ErrorCode, session::ServerMessage};
use engunity_store::StoreError;
use tokio::{sync::mpsc, task::AbortHandle};

use crate::{
    jobs::{Jobs, event_reader::JobReader},
    session::message::to_json,
};

/// Jobs that one socket may watch at a time.
const MAX_WATCHES: usize = 32;

#[derive(Debug, thiserror::Error)]
#[error("at most {MAX_WATCHES} jobs can be watched at once")]
pub struct TooManyWatches;

/// Dropping it ends all watches.
pub struct Watches {
    jobs: Jobs,
    user_id: UserId,
    out: mpsc::Sender<String>,
    tasks: HashMap<JobId, AbortHandle>,
}

impl Watches {
    pub fn new(jobs: Jobs, user_id: UserId, out: mpsc::Sender<String>) -> Self {
        Self { jobs, user_id, out, tasks: HashMap::new() }
    }

    /// Streams a job's events after number `after`; of its output so far only the newest `tail` bytes, if given. A watch
    /// of the same job is replaced.
    pub fn start(&mut self, job_id: JobId, after: i64, tail: Option<u64>) -> Result<(), TooManyWatches> {
        self.tasks.retain(|_, task| !task.is_finished());
        if self.tasks.len() >= MAX_WATCHES && !self.tasks.contains_key(&job_id) {
            return Err(TooManyWatches);
        }
        let (jobs, user_id, out) = (self.jobs.clone(), self.user_id, self.out.clone());
        let task = tokio::spawn(async move {
            match open(&jobs, user_id, job_id, after, tail).await {
                Ok(reader) => stream(reader, job_id, &out).await,
                Err(refusal) => drop(out.send(to_json(&refusal)).await),
            }
        });
        if let Some(before) = self.tasks.insert(job_id, task.abort_handle()) {
            before.abort();
        }
        Ok(())
    }

    pub fn stop(&mut self, job_id: JobId) {
        if let Some(task) = self.tasks.remove(&job_id) {
            task.abort();
        }
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        self.tasks.values().for_each(AbortHandle::abort);
    }
}

/// A reader of a user's job, or the message to send instead.
async fn open(
    jobs: &Jobs,
    user_id: UserId,
    job_id: JobId,
    after: i64,
    tail: Option<u64>,
) -> Result<JobReader, ServerMessage> {
    let refusal = |code, why| ServerMessage::Error { code, detail: format!("job {job_id} {why}") };
    let read = async {
        let mut reader = jobs.follow(user_id, job_id, after).await?;
        if let (Some(reader), Some(bytes)) = (&mut reader, tail) {
            reader.skip_to_tail(bytes).await?;
        }
        Ok::<_, StoreError>(reader)
    };
    match read.await {
        Ok(Some(reader)) => Ok(reader),
        Ok(None) => Err(refusal(ErrorCode::NotFound, "does not exist")),
        Err(_) => Err(refusal(ErrorCode::Unavailable, "can't be read now")),
    }
}

/// Sends a job's events; ends after its result.
async fn stream(mut reader: JobReader, job_id: JobId, out: &mpsc::Sender<String>) {
    loop {
        let events = reader.next().await;
        if events.is_empty() {
            return;
        }
        for (id, event) in events {
            if out.send(to_json(&ServerMessage::Event { job_id, id, event })).await.is_err() {
                return;
            }
        }
    }
}
