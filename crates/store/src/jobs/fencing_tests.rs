//! The fence holds for any mixture of repeated, stale, reordered and late events.

use std::collections::HashSet;

use chrono::Utc;
use engunity_protocol::{event::Stream, verdict::Usage};
use proptest::prelude::*;

use super::*;

fn job(n: u8) -> JobId {
    JobId(uuid::Uuid::from_u128(u128::from(n)))
}

fn row(n: u8) -> JobRow {
    JobRow {
        project_id: ProjectId(uuid::Uuid::nil()),
        kind: Some(JobKind::Execute),
        state: if n == 3 { JobState::Queued } else { JobState::Running },
        attempt: 2,
        worker_id: Some(WorkerId("a".into())),
        cancel_requested: n == 2,
        last_event: 5,
        last_seq: 1,
        setbacks: if n == 1 { MAX_SETBACKS - 1 } else { 0 },
    }
}

fn rows() -> HashMap<JobId, JobRow> {
    (0..4).map(|n| (job(n), row(n))).collect()
}

fn body() -> impl Strategy<Value = EventBody> {
    prop_oneof![
        6 => Just(EventBody::Output { stream: Stream::Stdout, offset: 0, data: b"x".to_vec() }),
        2 => Just(EventBody::Started),
        1 => Just(EventBody::HandedBack),
        1 => Just(EventBody::Unable { because: "the engine is away".into() }),
        1 => Just(EventBody::Finished(Outcome {
            verdict: Verdict::new(Reason::Ok, "exit 0"), usage: Usage::default(), artifacts: vec![] })),
    ]
}

fn event() -> impl Strategy<Value = (WorkerId, WorkerEvent)> {
    (0..5_u8, 1..4_i32, 1..9_i64, prop::bool::weighted(0.8), body()).prop_map(
        |(n, attempt, seq, right, body)| {
            let worker = WorkerId(if right { "a" } else { "b" }.into());
            (worker, WorkerEvent { job_id: job(n), attempt, seq, at: Utc::now(), body })
        },
    )
}

proptest! {
    #[test]
    fn only_the_current_attempt_counts_and_numbers_have_no_gap(events in prop::collection::vec(event(), 0..60)) {
        let rows = rows();
        let plan = plan(&rows, events.iter().map(|(worker, event)| (worker, event)));
        let mut seen = HashSet::new();
        for numbered in &plan.events {
            let event = numbered.event;
            let row = &rows[&event.job_id];
            prop_assert_eq!(row.state, JobState::Running);
            prop_assert_eq!(event.attempt, row.attempt);
            prop_assert!(event.seq > row.last_seq);
            prop_assert!(seen.insert((event.job_id, event.seq)), "an event counted twice");
        }
        for (id, update) in &plan.updates {
            let numbers: Vec<i64> = plan.events.iter().filter(|e| e.event.job_id == *id).map(|e| e.number).collect();
            let finished = matches!(update.end, Some(End::Finished(_)));
            let last_row = update.last_event - i64::from(finished);
            let expected: Vec<i64> = (rows[id].last_event + 1..=last_row).collect();
            prop_assert_eq!(numbers, expected);
        }
    }

    #[test]
    fn a_repeated_batch_changes_nothing(events in prop::collection::vec(event(), 0..40)) {
        let mut rows = rows();
        let first = plan(&rows, events.iter().map(|(worker, event)| (worker, event)));
        for (id, update) in &first.updates {
            let row = rows.get_mut(id).unwrap();
            (row.last_event, row.last_seq) = (update.last_event, update.last_seq);
            if let Some(end) = &update.end {
                row.state = end.state();
            }
        }
        let second = plan(&rows, events.iter().map(|(worker, event)| (worker, event)));
        prop_assert!(second.events.is_empty());
        prop_assert!(second.updates.values().all(|update| update.end.is_none()));
    }

    #[test]
    fn nothing_counts_after_the_end(events in prop::collection::vec(event(), 0..60)) {
        let rows = rows();
        let plan = plan(&rows, events.iter().map(|(worker, event)| (worker, event)));
        for (id, update) in plan.updates.iter().filter(|(_, update)| update.end.is_some()) {
            let ending = |event: &WorkerEvent| {
                matches!(event.body, EventBody::Finished(_) | EventBody::HandedBack | EventBody::Unable { .. })
            };
            let at = events.iter().position(|(worker, event)| {
                event.job_id == *id && event.seq == update.last_seq && ending(event) && rows[id].accepts(worker, event)
            }).unwrap();
            let late = events[at + 1..].iter().any(|(_, late)| plan.events.iter().any(|e| std::ptr::eq(e.event, late) && late.job_id == *id));
            prop_assert!(!late, "an event after the end was kept");
        }
    }
}

#[test]
fn the_last_setback_ends_a_job_and_one_before_does_not() {
    let unable = |n| WorkerEvent {
        job_id: job(n),
        attempt: 2,
        seq: 2,
        at: Utc::now(),
        body: EventBody::Unable { because: "the engine is away".into() },
    };
    let (worker, first, last) = (WorkerId("a".into()), unable(0), unable(1));
    let rows = rows();
    let plan = plan(&rows, [(&worker, &first), (&worker, &last)]);
    assert_eq!(plan.updates[&job(0)].end, Some(End::SetBack));
    let Some(End::Finished(outcome)) = &plan.updates[&job(1)].end else { panic!("it goes on for ever") };
    assert_eq!(outcome.verdict.reason, Reason::Internal);
    assert!(outcome.verdict.evidence.ends_with("the engine is away"), "{}", outcome.verdict.evidence);
    assert_eq!(plan.events.len(), 1, "an end has no row of its own");
}

#[test]
fn handing_back_a_cancelled_job_cancels_it() {
    let event =
        WorkerEvent { job_id: job(2), attempt: 2, seq: 2, at: Utc::now(), body: EventBody::HandedBack };
    let worker = WorkerId("a".into());
    let plan = plan(&rows(), [(&worker, &event)]);
    assert_eq!(plan.updates[&job(2)].end.as_ref().unwrap().state(), JobState::Cancelled);
}
