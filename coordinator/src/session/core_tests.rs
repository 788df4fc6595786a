//! The session core under any sequence of inputs.

use engunity_protocol::{
    JobId, ProjectId,
    job::{JobClass, JobKind, JobState},
};
use proptest::prelude::*;

use super::*;

fn join(conn: u8, remote: bool, resume: Option<Resume>) -> Input {
    Input::Join {
        conn_id: ConnectionId(conn.to_string()),
        user_id: UserId(1),
        name: "a".into(),
        remote,
        resume,
    }
}

fn file() -> Input {
    Input::File(FileChange { change: FileChangeKind::Created, file: None, file_id: None, by: None })
}

fn job() -> Input {
    Input::Job(Box::new(Job {
        id: JobId(uuid::Uuid::nil()),
        kind: JobKind::Execute,
        class: JobClass::Interactive,
        project_id: ProjectId(uuid::Uuid::nil()),
        state: JobState::Queued,
        attempt: 0,
        worker_id: None,
        title: Some("x".repeat(2_000)),
        runtime: None,
        verdict: None,
        usage: None,
        waiting: None,
        created_at: chrono::DateTime::UNIX_EPOCH,
        started_at: None,
        finished_at: None,
    }))
}

fn input() -> impl Strategy<Value = Input> {
    let conn = 0..6_u8;
    prop_oneof![
        2 => (conn.clone(), any::<bool>()).prop_map(|(conn, remote)| join(conn, remote, None)),
        1 => conn.clone().prop_map(|conn| Input::Leave { conn_id: ConnectionId(conn.to_string()) }),
        2 => (conn.clone(), any::<Option<u32>>()).prop_map(|(conn, line)| Input::Place {
            conn_id: ConnectionId(conn.to_string()), place: Place { line, ..Place::default() } }),
        1 => conn.prop_map(|conn| Input::Alive { conn_id: ConnectionId(conn.to_string()) }),
        3 => Just(file()),
        2 => Just(job()),
        1 => Just(Input::Project(ProjectChange::Updated)),
        1 => Just(Input::Lost),
        2 => Just(Input::Tick),
    ]
}

fn broadcasts(effects: &[Effect]) -> Vec<Text> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::Broadcast(text) = effect { Some(text.clone()) } else { None })
        .collect()
}

fn welcome(effects: Vec<Effect>) -> Welcome {
    effects
        .into_iter()
        .find_map(|effect| if let Effect::Welcome { welcome, .. } = effect { Some(welcome) } else { None })
        .unwrap()
}

fn is_presence(text: &Text) -> bool {
    text.json.starts_with(r#"{"type":"presence""#)
}

proptest! {
    #[test]
    fn numbers_have_no_gap(inputs in prop::collection::vec((input(), 0..20_000_u64), 0..200)) {
        let mut core = SessionCore::new("e".into(), 0);
        let (mut now, mut last) = (0, 0);
        for (input, later) in inputs {
            now += later;
            for text in broadcasts(&core.apply(input, now)) {
                prop_assert_eq!(text.seq, last + 1);
                last = text.seq;
            }
        }
    }

    #[test]
    fn who_comes_back_gets_exactly_what_was_missed(
        inputs in prop::collection::vec(input(), 0..400), left_at in 0..400_u64,
    ) {
        let mut core = SessionCore::new("e".into(), 0);
        let mut said = Vec::new();
        for input in inputs {
            said.extend(broadcasts(&core.apply(input, 0)));
        }
        let resume = Resume { epoch: "e".into(), last_seq: left_at };
        let back = welcome(core.apply(join(9, false, Some(resume)), 0));
        let missed: Vec<Text> = said.iter().filter(|text| text.seq > left_at && !is_presence(text)).cloned().collect();
        if back.snapshot {
            prop_assert!(left_at > said.len() as u64 || missed.len() > back.missed.len());
            prop_assert!(back.missed.is_empty());
        } else {
            prop_assert_eq!(back.missed, missed);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded(inputs in prop::collection::vec(input(), 0..600)) {
        let mut core = SessionCore::new("e".into(), 0);
        for input in inputs {
            core.apply(input, 0);
            let bytes: usize = core.recent.iter().map(|text| text.json.len()).sum();
            prop_assert_eq!(bytes, core.recent_bytes);
            prop_assert!(core.recent.len() <= KEPT && bytes <= KEPT_BYTES);
        }
    }

    #[test]
    fn presence_is_those_who_joined_and_did_not_leave(inputs in prop::collection::vec(input(), 0..100)) {
        let mut core = SessionCore::new("e".into(), 0);
        let mut expected = std::collections::BTreeSet::new();
        for input in inputs {
            match &input {
                Input::Join { conn_id, .. } => { expected.insert(conn_id.clone()); }
                Input::Leave { conn_id } => { expected.remove(conn_id); }
                _ => {}
            }
            core.apply(input, 0);
        }
        let here: std::collections::BTreeSet<_> = core.presences().into_iter().map(|presence| presence.conn_id).collect();
        prop_assert_eq!(here, expected);
    }
}

#[test]
fn another_epoch_means_a_snapshot() {
    let mut core = SessionCore::new("new".into(), 0);
    let resume = Resume { epoch: "old".into(), last_seq: 0 };
    assert!(welcome(core.apply(join(1, false, Some(resume)), 0)).snapshot);
}

#[test]
fn a_silent_remote_member_goes_and_a_local_one_stays() {
    let mut core = SessionCore::new("e".into(), 0);
    core.apply(join(1, false, None), 0);
    core.apply(join(2, true, None), 0);
    assert_eq!(core.apply(Input::Tick, SILENCE_MS), vec![]);
    let effects = core.apply(Input::Tick, SILENCE_MS + 1);
    assert_eq!(effects[0], Effect::Drop { conn_id: ConnectionId("2".into()) });
    assert_eq!(core.presences().len(), 1);
}

#[test]
fn an_empty_session_ends_after_a_while() {
    let mut core = SessionCore::new("e".into(), 0);
    core.apply(join(1, false, None), 0);
    assert_eq!(core.apply(Input::Tick, 10 * IDLE_MS), vec![]);
    core.apply(Input::Leave { conn_id: ConnectionId("1".into()) }, 10 * IDLE_MS);
    assert_eq!(core.apply(Input::Tick, 11 * IDLE_MS), vec![]);
    assert_eq!(core.apply(Input::Tick, 11 * IDLE_MS + 1), vec![Effect::Passivate]);
}
