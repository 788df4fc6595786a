//! What coordinators say to each other about sessions, byte by byte: `tests/golden/relay.msgpack` must stay readable and
//! the same, as two versions run side by side during an upgrade. `UPDATE_GOLDEN=1` writes it.

use std::path::Path;

use engunity_protocol::{
    ConnectionId, CoordinatorId, ProjectId, UserId,
    session::{Place, Presence, ServerMessage},
    wire,
};

use super::message::{Downstream, Joining, Relay, Resume, Text, Welcome};

fn samples() -> Vec<Relay> {
    let project_id: ProjectId = "01900000-0000-4000-8000-000000000002".parse().unwrap();
    let (holder, conn_id) = (CoordinatorId("coordinator-1a2b3c4d".into()), ConnectionId("c1".to_owned()));
    let place = Place { file_id: None, line: Some(7), column: Some(3) };
    let presence =
        Presence { conn_id: conn_id.clone(), user_id: UserId(7), name: "Ada".into(), place: place.clone() };
    let text = Text::of(8, &ServerMessage::Presence { seq: 8, presence: vec![presence.clone()] });
    let welcome = Welcome {
        epoch: "e1".into(),
        seq: 8,
        presence: vec![presence],
        snapshot: false,
        missed: vec![text.clone()],
    };
    let resume = Some(Resume { epoch: "e1".into(), last_seq: 7 });
    let joining = Joining { conn_id: conn_id.clone(), user_id: UserId(7), name: "Ada".into(), resume };
    let down = |message| Relay::Down { to: vec![conn_id.clone()], message };
    vec![
        Relay::Join { project_id, holder: holder.clone(), joining },
        Relay::Place { project_id, conn_id: conn_id.clone(), place },
        Relay::Alive { project_id, holder, conn_id: conn_id.clone() },
        Relay::Leave { project_id, conn_id: conn_id.clone() },
        down(Downstream::Welcome(Box::new(welcome))),
        down(Downstream::Text(text)),
        down(Downstream::Refused),
        Relay::Gone { conns: vec![conn_id.clone()] },
    ]
}

#[test]
fn messages_between_coordinators_keep_their_bytes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/relay.msgpack");
    let bytes = wire::encode(&samples()).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &bytes).unwrap();
    }
    let kept = std::fs::read(&path).expect("UPDATE_GOLDEN=1 writes it");
    assert!(kept == bytes, "changed on the wire: {}", String::from_utf8_lossy(&bytes));
    assert_eq!(wire::decode::<Vec<Relay>>(&kept).unwrap(), samples());
}
