//! Decides which events of workers count and what number each gets: the fence, as a pure function.
//!
//! An event counts when its job runs, its attempt is the current one, its worker holds that attempt, and its
//! sequence number was not seen yet. Nothing counts after the event that ends an attempt.

use std::collections::HashMap;

use engunity_protocol::{
    JobId, ProjectId, WorkerId,
    job::JobState,
    verdict::{Reason, Verdict},
    wire::{EventBody, Outcome, WorkerEvent},
};

/// How often a job may come back from workers that were unable to run it; it waits longer each time, some ten minutes
/// in all.
pub const MAX_SETBACKS: i32 = 12;

/// What is known about a job while its row is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub project_id: ProjectId,
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
pub struct Entry<'a> {
    pub number: i64,
    pub event: &'a WorkerEvent,
}

/// Where a job stands after the batch.
#[derive(Debug, PartialEq)]
pub struct Move {
    pub last_event: i64,
    pub last_seq: i64,
    pub attempt: i32,
    pub project_id: ProjectId,
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
pub struct Plan<'a> {
    /// Rows of `job_events`.
    pub entries: Vec<Entry<'a>>,
    pub moves: HashMap<JobId, Move>,
    /// Events that were dropped: stale, repeated or too late.
    pub dropped: usize,
}

/// Numbers `events`, which come in the order in which they arrived.
pub fn plan<'a>(
    heads: &HashMap<JobId, Head>,
    events: impl IntoIterator<Item = (&'a WorkerId, &'a WorkerEvent)>,
) -> Plan<'a> {
    let mut plan = Plan::default();
    for (worker_id, event) in events {
        match heads.get(&event.job_id) {
            Some(head) if head.accepts(worker_id, event) => plan.add(head, event),
            _ => plan.dropped += 1,
        }
    }
    plan
}

impl Head {
    fn accepts(&self, worker_id: &WorkerId, event: &WorkerEvent) -> bool {
        self.state == JobState::Running
            && self.attempt == event.attempt
            && self.worker_id.as_ref() == Some(worker_id)
    }

    fn as_move(&self) -> Move {
        Move {
            last_event: self.last_event,
            last_seq: self.last_seq,
            attempt: self.attempt,
            project_id: self.project_id,
            end: None,
        }
    }
}

impl<'a> Plan<'a> {
    fn add(&mut self, head: &Head, event: &'a WorkerEvent) {
        let step = self.moves.entry(event.job_id).or_insert_with(|| head.as_move());
        if step.end.is_some() || event.seq <= step.last_seq {
            self.dropped += 1;
            return;
        }
        step.last_seq = event.seq;
        step.last_event += 1;
        step.end = match &event.body {
            EventBody::Finished(outcome) => Some(End::Finished(Box::new(outcome.clone()))),
            EventBody::HandedBack | EventBody::Unable { .. } if head.cancel_requested => {
                Some(End::Finished(Box::new(cancelled())))
            }
            EventBody::HandedBack => Some(End::HandedBack),
            EventBody::Unable { because } if head.setbacks + 1 >= MAX_SETBACKS => {
                Some(End::Finished(Box::new(given_up(head, because))))
            }
            EventBody::Unable { .. } => Some(End::SetBack),
            _ => None,
        };
        // A finished job's last number belongs to its `result`, which the job's own row says.
        if !matches!(step.end, Some(End::Finished(_))) {
            self.entries.push(Entry { number: step.last_event, event });
        }
    }
}

fn cancelled() -> Outcome {
    without_a_run(Reason::Cancelled, "cancelled while its worker gave it back".to_owned())
}

fn given_up(head: &Head, because: &str) -> Outcome {
    let tries = head.setbacks + 1;
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
