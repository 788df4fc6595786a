//! What is sent and stored, byte by byte: each sample below equals its file in `golden/`, and the file still reads as
//! the sample. A change here is a change on the wire: only additions are allowed, and `UPDATE_GOLDEN=1` writes them.

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

#[path = "golden/search.rs"]
mod search;

use std::{fmt::Debug, path::PathBuf};

use chrono::{DateTime, Utc};
use engunity_protocol::{
    ConnectionId, CoordinatorId, JobId, ProjectId, WorkerId,
    event::{Encoding, JobEvent, Output, Progress, StateChange, Stream},
    file::{File, FileType},
    job::{Artifact, Job, JobClass, JobKind, JobSpec, JobState, RunRequest, Waiting},
    problem::{ErrorCode, FieldError, Problem},
    session::{ClientMessage, FileChange, FileChangeKind, ProjectChange, ServerMessage},
    spec::{Command, ExecuteSpec, Limits, Snapshot, TerminalSize},
    stream::{FrameBody, ResetReason, StreamFrame, StreamId, StreamMessage, StreamPeer},
    verdict::{Reason, Usage, Verdict},
    wire::{
        self, Claim, ClaimAnswer, ClaimReply, ClaimRequest, Control, EventBatch, EventBody, Grant, Heartbeat,
        InputPiece, InputReply, JobChanged, JobReady, LiveMessage, Notification, Offers, Outcome,
        PoolCapacity, Running, WorkerEvent,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn same_as_golden(name: &str, bytes: &[u8]) -> Vec<u8> {
    let path = golden(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, bytes).expect(name);
    }
    let kept =
        std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}; UPDATE_GOLDEN=1 writes it"));
    let readable = String::from_utf8_lossy(bytes);
    assert!(kept == bytes, "{name} has changed on the wire: {readable}");
    kept
}

fn on_the_wire<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, sample: &T) {
    let kept = same_as_golden(&format!("{name}.msgpack"), &wire::encode(sample).expect(name));
    assert_eq!(&wire::decode::<T>(&kept).expect(name), sample);
}

fn in_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, sample: &T) {
    let text = serde_json::to_string_pretty(sample).expect(name) + "\n";
    let kept = same_as_golden(&format!("{name}.json"), text.as_bytes());
    assert_eq!(&serde_json::from_slice::<T>(&kept).expect(name), sample);
}

fn job_id() -> JobId {
    "01900000-0000-7000-8000-000000000001".parse().unwrap()
}

fn project_id() -> ProjectId {
    "01900000-0000-4000-8000-000000000002".parse().unwrap()
}

fn worker_id() -> WorkerId {
    WorkerId("builder-1a2b3c4d".into())
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn spec() -> JobSpec {
    JobSpec::Execute(ExecuteSpec {
        runtime: "python".into(),
        command: Command::Argv(vec!["python3".into(), "main.py".into()]),
        stdin: Some("7\n".into()),
        tty: None,
        live_input: false,
        env: [("LANG".to_owned(), "C.UTF-8".to_owned())].into(),
        limits: Limits { wall_s: 60.0, cpu: 1.0, memory_mb: 512, output_kb: 1024, pids: 128, disk_mb: 512 },
        artifacts: vec!["out/**".into()],
        snapshot: Snapshot { key: Some("snapshots/7".into()), unpacked_bytes: 4096, files: 3 },
    })
}

fn outcome() -> Outcome {
    let verdict = Verdict { exit_code: Some(3), ..Verdict::new(Reason::Exit, "exit 3") };
    let artifact =
        Artifact { path: "out/report.html".into(), size: 512, hash: "af13".into(), executable: false };
    Outcome {
        verdict,
        usage: Usage { wall_ms: 1200, cpu_ms: 800, peak_memory_bytes: 9_437_184 },
        artifacts: vec![artifact],
    }
}

fn job() -> Job {
    Job {
        id: job_id(),
        kind: JobKind::Execute,
        class: JobClass::Interactive,
        project_id: project_id(),
        state: JobState::Failed,
        attempt: 1,
        worker_id: Some(worker_id()),
        title: Some("python3 main.py".into()),
        runtime: Some("python".into()),
        verdict: Some(outcome().verdict),
        usage: Some(outcome().usage),
        waiting: None,
        created_at: at("2026-01-02T03:04:05Z"),
        started_at: Some(at("2026-01-02T03:04:05.250Z")),
        finished_at: Some(at("2026-01-02T03:04:06.450Z")),
    }
}

#[test]
fn job_ready() {
    on_the_wire("job_ready", &JobReady { job_id: job_id(), kind: JobKind::Execute, class: JobClass::Bulk });
}

#[test]
fn claims() {
    let claim = Claim { job_id: job_id(), claim_id: Uuid::from_u128(7) };
    on_the_wire("claim_request", &ClaimRequest { worker_id: worker_id(), claims: vec![claim] });
    let grant = Grant { attempt: 2, project_id: project_id(), spec: spec() };
    let refused = ClaimAnswer { job_id: job_id(), grant: None };
    let granted = ClaimAnswer { job_id: job_id(), grant: Some(grant) };
    on_the_wire("claim_reply", &ClaimReply { answers: vec![granted, refused] });
}

/// As workers sent it before they said what they can do.
fn older_heartbeat() -> Heartbeat {
    Heartbeat {
        worker_id: worker_id(),
        name: "builder".into(),
        version: "0.1.0".into(),
        slots: 4,
        busy: 1,
        draining: false,
        started_at: at("2026-01-02T03:04:05Z"),
        running: vec![Running { job_id: job_id(), attempt: 2 }],
        echo: 41,
        progress: 0,
        noop_slots: 0,
        capacity: Default::default(),
        offers: None,
        paused: false,
    }
}

#[test]
fn heartbeat() {
    on_the_wire("heartbeat", &older_heartbeat());
    let offers = Offers {
        kinds: vec!["execute".into(), "noop".into()],
        runtimes: Some(vec!["python".into()]),
        memory_mb: 8192,
        gpus: 1,
    };
    let capacity = [("sandbox".to_owned(), PoolCapacity { total: 4, free: 3 })].into();
    on_the_wire("heartbeat_offers", &Heartbeat { capacity, offers: Some(offers), ..older_heartbeat() });
}

#[test]
fn an_older_worker_takes_execute_and_noop_jobs() {
    let older = older_heartbeat();
    assert_eq!(older.kinds(), ["execute", "noop"]);
    assert_eq!(older.pools()["sandbox"], PoolCapacity { total: 4, free: 3 });
    assert_eq!(older.pools()["noop"], PoolCapacity::default());
}

#[test]
fn control() {
    let messages = vec![
        Control::Ping { n: 41 },
        Control::Cancel { job_id: job_id(), attempt: 2 },
        Control::Abandon { job_id: job_id(), attempt: 1 },
    ];
    on_the_wire("control", &messages);
}

#[test]
fn worker_events() {
    let bodies = [
        EventBody::Started,
        EventBody::Output { stream: Stream::Stderr, offset: 3, data: vec![0, 255, b'x'] },
        EventBody::Progress(Progress {
            message: "unpacking 3 files".into(),
            fraction: Some(0.5),
            remark: false,
        }),
        EventBody::Finished(outcome()),
        EventBody::HandedBack,
    ];
    let at = at("2026-01-02T03:04:05.250Z");
    let event = |(seq, body)| WorkerEvent { job_id: job_id(), attempt: 2, seq, at, body };
    let events = (1..).zip(bodies).map(event).collect();
    on_the_wire("event_batch", &EventBatch { worker_id: worker_id(), events });
}

#[test]
fn stream_frames() {
    let stream = StreamId("01900000-0000-4000-8000-000000000005".parse().unwrap());
    let bodies = [
        FrameBody::Open { service: "echo".into(), params: vec![1, 255], data: b"first".to_vec(), end: false },
        FrameBody::Data { offset: 5, data: vec![0, 255, b'x'], end: true },
        FrameBody::Credit { received: 9, limit: 262_144, resend: true },
        FrameBody::Reset { reason: ResetReason::UnknownService, detail: "echo".into() },
    ];
    let frames: Vec<_> = bodies.map(|body| StreamFrame { stream, body }).into();
    let worker = StreamPeer::Worker(worker_id());
    on_the_wire("stream_of_worker", &StreamMessage { from: worker, frames: frames.clone() });
    let coordinator = StreamPeer::Coordinator(CoordinatorId("c-1".into()));
    on_the_wire("stream_of_coordinator", &StreamMessage { from: coordinator, frames });
}

#[test]
fn a_setback() {
    let body = EventBody::Unable { because: "no sandbox can be made: the engine is away".into() };
    let event =
        WorkerEvent { job_id: job_id(), attempt: 2, seq: 1, at: at("2026-01-02T03:04:05.250Z"), body };
    on_the_wire("event_unable", &EventBatch { worker_id: worker_id(), events: vec![event] });
}

#[test]
fn notifications_between_coordinators() {
    let job = JobChanged { job_id: job_id(), project_id: project_id(), state: true };
    let file = File {
        id: "01900000-0000-4000-8000-000000000003".parse().unwrap(),
        project_id: project_id(),
        path: "src/main.py".into(),
        name: "main.py".into(),
        kind: FileType::File,
        content: None,
        language: Some("python".into()),
        parent_id: Some("01900000-0000-4000-8000-000000000004".parse().unwrap()),
        size: 12,
        etag: Some("af13".into()),
        binary: false,
        target: None,
        created_at: at("2026-01-02T03:04:05Z"),
        updated_at: at("2026-01-02T03:04:06Z"),
    };
    let change = FileChange {
        change: FileChangeKind::Created,
        file: Some(file),
        file_id: None,
        by: Some(ConnectionId("c1".into())),
    };
    let notifications = vec![
        Notification::Job(job),
        Notification::File { project_id: project_id(), change },
        Notification::Project { project_id: project_id(), change: ProjectChange::Deleted },
        Notification::Lost,
    ];
    on_the_wire(
        "live_message",
        &LiveMessage { from: CoordinatorId("coordinator-1a2b3c4d".into()), notifications },
    );
}

#[test]
fn specs_in_the_database() {
    in_json("spec_execute", &spec());
    in_json("spec_noop", &JobSpec::Noop);
}

#[test]
fn jobs() {
    in_json("job", &job());
    let waiting = Some(Waiting { position: 3, because: "all 4 slots are busy".into() });
    let queued = Job {
        state: JobState::Queued,
        attempt: 0,
        worker_id: None,
        verdict: None,
        usage: None,
        waiting,
        started_at: None,
        finished_at: None,
        ..job()
    };
    in_json("job_queued", &queued);
}

#[test]
fn job_events() {
    let state =
        StateChange { state: JobState::Running, attempt: 2, worker_id: Some(worker_id()), because: None };
    let output = Output {
        stream: Stream::Stdout,
        offset: 12,
        data: "hello\n".into(),
        encoding: Encoding::Utf8,
        attempt: 2,
    };
    let progress = Progress { message: "pulling".into(), fraction: None, remark: false };
    let events = vec![
        JobEvent::State(state),
        JobEvent::Output(output),
        JobEvent::Progress(progress),
        JobEvent::Result(job()),
    ];
    in_json("job_events", &events);
}

#[test]
fn problems() {
    in_json("problem", &Problem::new(ErrorCode::NotFound, "there is no job 7"));
    let field = FieldError { field: "limits.wall_s".into(), message: "must be at most 3600".into() };
    in_json(
        "problem_fields",
        &Problem { errors: vec![field], ..Problem::new(ErrorCode::InvalidInput, "1 field is wrong") },
    );
}

#[test]
fn requests() {
    let body =
        r#"{"command": "make test", "limits": {"wall_s": 5}, "artifacts": ["out/**"], "class": "bulk"}"#;
    let run: RunRequest = serde_json::from_str(body).unwrap();
    in_json("run_request", &run);
    assert!(
        serde_json::from_str::<RunRequest>(r#"{"no_such_field": 1}"#).is_err(),
        "unknown fields are told"
    );
}

#[test]
fn live_input() {
    let input = InputPiece {
        source: "tab-1".into(),
        offset: Some(4),
        data: b"yes\n".to_vec(),
        end: true,
        terminal: Some(TerminalSize { rows: 50, cols: 132 }),
    };
    on_the_wire("control_input", &Control::Input { job_id: job_id(), attempt: 2, input });
    let replies = [InputReply::Taken { offset: 8 }, InputReply::Closed, InputReply::Unknown];
    on_the_wire("input_reply", &replies.to_vec());
    let JobSpec::Execute(spec) = spec() else { unreachable!() };
    let spec = ExecuteSpec { tty: Some(TerminalSize::default()), live_input: true, ..spec };
    on_the_wire("interactive_spec", &JobSpec::Execute(spec));
}

#[test]
fn session_messages() {
    let client = vec![
        ClientMessage::Hello { last_seq: Some(7), epoch: Some("e1".into()) },
        ClientMessage::Watch { job_id: job_id(), after: Some(3), tail: None },
        ClientMessage::Watch { job_id: job_id(), after: None, tail: Some(1_000_000) },
        ClientMessage::Ping { t: 1.5 },
        ClientMessage::RunInput {
            job_id: job_id(),
            data: "yes\n".into(),
            encoding: Encoding::Utf8,
            source: "tab-1".into(),
            offset: Some(4),
            end: false,
        },
        ClientMessage::RunResize { job_id: job_id(), rows: 50, cols: 132 },
    ];
    in_json("session_client", &client);
    let server = vec![
        ServerMessage::Job { seq: 8, job: job() },
        ServerMessage::Error { code: ErrorCode::NotFound, detail: "there is no such job".into() },
        ServerMessage::RunInputTaken { job_id: job_id(), source: "tab-1".into(), offset: 8 },
        ServerMessage::RunInputRefused {
            job_id: job_id(),
            source: "tab-1".into(),
            code: ErrorCode::InputClosed,
            detail: "its input has ended".into(),
        },
    ];
    in_json("session_server", &server);
}

/// Every code keeps its name and its status.
#[test]
fn error_codes() {
    let codes = [
        "invalid_input",
        "malformed_body",
        "malformed_request",
        "unauthenticated",
        "invalid_credentials",
        "token_reused",
        "forbidden",
        "account_disabled",
        "registration_closed",
        "not_found",
        "method_not_allowed",
        "not_acceptable",
        "conflict",
        "precondition_failed",
        "payload_too_large",
        "uri_too_long",
        "headers_too_large",
        "range_not_satisfiable",
        "unsupported_media_type",
        "bad_archive",
        "idempotency_mismatch",
        "rate_limited",
        "timeout",
        "job_finished",
        "not_running",
        "input_closed",
        "unknown_runtime",
        "quota_exceeded",
        "limit_reached",
        "not_configured",
        "unavailable",
        "internal",
    ];
    let read = |name: &str| {
        serde_json::from_value::<ErrorCode>(name.into()).unwrap_or_else(|_| panic!("{name} is gone"))
    };
    let table: Vec<(String, u16)> =
        codes.iter().map(|name| ((*name).to_owned(), read(name).status())).collect();
    in_json("error_codes", &table);
    let all: Vec<String> = ErrorCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(all, codes, "the list is whole");
}
