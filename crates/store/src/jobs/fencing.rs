//! Decides which events of workers count and what number each gets: the fence, as a pure function.
//!
//! An event counts when its job runs, its attempt is the current one, its worker holds that attempt, and its
//! sequence number was not seen yet. Nothing counts after the event that ends an attempt.

use std::collections::HashMap;

use engunity_protocol::{
    JobId, ProjectId, WorkerId,
    job::{JobKind, JobState},
    verdict::{Reason, Verdict},
    wire::{EventBody, Outcome, WorkerEvent},
};

/// How often a job may come back from workers that were unable to run it; it waits longer each time, some ten minutes
/// in all.
pub const MAX_SETBACKS: i32 = 12;

/// What is known about a job while its row is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    pub project_id: ProjectId,
    /// `None`: a kind that only a newer version knows.
    pub kind: Option<JobKind>,
    pub state: JobState,
    pub attempt: i32,
    pub worker_id: Option<WorkerId>,
    pub cancel_requested: bool,
    pub last_event: i64,
    pub last_seq: i64,
    /// Attempts that came back because their workers were unable to run it.
    pub setbacks: i32,
}

/// An event that counts, with its number.
#[derive(Debug, PartialEq)]
pub struct NumberedEvent<'a> {
    pub number: i64,
    pub event: &'a WorkerEvent,
}

/// Where a job stands after the batch.
#[derive(Debug, PartialEq)]
pub struct JobUpdate {
    pub last_event: i64,
    pub last_seq: i64,
    pub attempt: i32,
    pub project_id: ProjectId,
    pub kind: Option<JobKind>,
    pub end: Option<End>,
}

/// How an attempt ended.
#[derive(Debug, PartialEq)]
pub enum End {
    Finished(Box<Outcome>),
    /// Back to the backlog; nothing is counted against the job.
    HandedBack,
    /// Back to the backlog, counted, and not to be tried again at once.
    SetBack,
}

impl End {
    /// The job's state after it.
    pub fn state(&self) -> JobState {
        match self {
            Self::Finished(outcome) => outcome.verdict.state(),
            Self::HandedBack | Self::SetBack => JobState::Queued,
        }
    }
}

/// What is to be written.
#[derive(Debug, Default, PartialEq)]
pub struct WritePlan<'a> {
    /// Rows of `job_events`.
    pub events: Vec<NumberedEvent<'a>>,
    pub updates: HashMap<JobId, JobUpdate>,
    /// Events that were dropped: stale, repeated or too late.
    pub dropped: usize,
}

/// Numbers `events`, which come in the order in which they arrived.
pub fn plan<'a>(
    rows: &HashMap<JobId, JobRow>,
    events: impl IntoIterator<Item = (&'a WorkerId, &'a WorkerEvent)>,
) -> WritePlan<'a> {
    let mut plan = WritePlan::default();
    for (worker_id, event) in events {
        match rows.get(&event.job_id) {
            Some(row) if row.accepts(worker_id, event) => plan.add(row, event),
            _ => plan.dropped += 1,
        }
    }
    plan
}

impl JobRow {
    fn accepts(&self, worker_id: &WorkerId, event: &WorkerEvent) -> bool {
        self.state == JobState::Running
            && self.attempt == event.attempt
            && self.worker_id.as_ref() == Some(worker_id)
    }

    fn as_update(&self) -> JobUpdate {
        JobUpdate {
            last_event: self.last_event,
            last_seq: self.last_seq,
            attempt: self.attempt,
            project_id: self.project_id,
            kind: self.kind,
            end: None,
        }
    }
}

impl<'a> WritePlan<'a> {
    fn add(&mut self, row: &JobRow, event: &'a WorkerEvent) {
        let update = self.updates.entry(event.job_id).or_insert_with(|| row.as_update());
        if update.end.is_some() || event.seq <= update.last_seq {
            self.dropped += 1;
            return;
        }
        update.last_seq = event.seq;
        update.last_event += 1;
        update.end = match &event.body {
            EventBody::Finished(outcome) => Some(End::Finished(Box::new(outcome.clone()))),
            EventBody::HandedBack | EventBody::Unable { .. } if row.cancel_requested => {
                Some(End::Finished(Box::new(cancelled())))
            }
            EventBody::HandedBack => Some(End::HandedBack),
            EventBody::Unable { because } if row.setbacks + 1 >= MAX_SETBACKS => {
                Some(End::Finished(Box::new(given_up(row, because))))
            }
            EventBody::Unable { .. } => Some(End::SetBack),
            _ => None,
        };
        // A finished job's last number belongs to its `result`, which the job's own row says.
        if !matches!(update.end, Some(End::Finished(_))) {
            self.events.push(NumberedEvent { number: update.last_event, event });
        }
    }
}

fn cancelled() -> Outcome {
    without_a_run(Reason::Cancelled, "cancelled while its worker gave it back".to_owned())
}

fn given_up(row: &JobRow, because: &str) -> Outcome {
    let tries = row.setbacks + 1;
    without_a_run(
        Reason::Internal,
        format!("given up after {tries} workers were unable to run it; the last: {because}"),
    )
}

fn without_a_run(reason: Reason, evidence: String) -> Outcome {
    Outcome { verdict: Verdict::new(reason, evidence), usage: Default::default(), artifacts: Vec::new() }
}

#[cfg(test)]
#[path = "fencing_tests.rs"]
mod tests;
