//! What workers say: recorded once, in order, only of the current attempt.

use engunity_protocol::{
    event::{Progress, Stream},
    job::{JobClass, JobState},
    wire::EventBody,
};
use engunity_store::{StoredBody, StoredEvent};

use crate::lab::{Lab, event, finished, output};

fn texts(events: &[StoredEvent]) -> Vec<(i64, String)> {
    let text = |event: &StoredEvent| match &event.body {
        StoredBody::Output(chunk) => String::from_utf8_lossy(&chunk.bytes).into_owned(),
        StoredBody::State(change) => format!("{} {}", change.state, change.attempt),
        StoredBody::Progress(progress) => progress.message.clone(),
    };
    events.iter().map(|event| (event.number, text(event))).collect()
}

#[tokio::test]
async fn events_are_numbered_and_repeats_change_nothing() {
    let lab = Lab::start().await;
    let (ann, id, attempt) = lab.running_job().await;
    let progress =
        EventBody::Progress(Progress { message: "unpacking".into(), fraction: Some(0.5), remark: false });
    let batch = vec![
        event(id, attempt, 1, progress),
        event(id, attempt, 2, output(0, "ab")),
        event(id, attempt, 3, output(2, "c")),
    ];
    assert_eq!(lab.say("w1", batch.clone()).await.recorded, 3);
    let repeated = lab.say("w1", batch).await;
    assert_eq!((repeated.recorded, repeated.dropped), (0, 3));
    lab.say("w1", vec![event(id, attempt, 4, finished()), event(id, attempt, 5, output(3, "late"))]).await;
    let stored = lab.store.events_after(id, 0, 0, 100).await.unwrap();
    let expected = [(2, "running 1"), (3, "unpacking"), (4, "ab"), (5, "c")];
    assert_eq!(texts(&stored), expected.map(|(n, text)| (n, text.to_owned())));
    let head = lab.job(ann.0, id).await;
    assert_eq!((head.job.state, head.last_event), (JobState::Succeeded, 6));
    assert_eq!(head.job.usage.unwrap().wall_ms, 5);
    lab.finish().await;
}

#[tokio::test]
async fn of_output_that_is_there_the_newest_can_be_asked_for_alone() {
    let lab = Lab::start().await;
    let (_, id, attempt) = lab.running_job().await;
    let progress =
        EventBody::Progress(Progress { message: "unpacking".into(), fraction: None, remark: true });
    let mut said = [(0, "aa"), (2, "bb"), (4, "cc"), (6, "dd")].map(|(at, text)| output(at, text)).to_vec();
    said.insert(1, progress);
    let batch = (1..).zip(said).map(|(seq, body)| event(id, attempt, seq, body)).collect();
    lab.say("w1", batch).await;
    let shown = async |after, bytes| {
        let from = lab.store.output_tail(id, after, bytes).await.unwrap();
        let stored = lab.store.events_after(id, after, from, 100).await.unwrap();
        texts(&stored).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(0, 100).await, "running 1 aa unpacking bb cc dd");
    assert_eq!(shown(0, 4).await, "running 1 unpacking cc dd");
    assert_eq!(shown(0, 3).await, "running 1 unpacking cc dd", "a chunk is not cut");
    assert_eq!(shown(0, 0).await, "running 1 unpacking dd", "the newest chunk always comes");
    assert_eq!(shown(5, 1).await, "dd");
    assert_eq!(shown(7, 1).await, "");
    lab.finish().await;
}

#[tokio::test]
async fn a_stale_attempt_and_a_stranger_are_not_heard() {
    let lab = Lab::start().await;
    let (ann, id, _) = lab.running_job().await;
    lab.say("w1", vec![event(id, 1, 1, output(0, "old"))]).await;
    lab.expire_lease(id).await;
    lab.silence_workers().await;
    assert_eq!(lab.store.reap().await.unwrap().len(), 1);
    lab.fleet(4).await;
    assert_eq!(lab.release().await, [id]);
    assert_eq!(lab.start_job("w2", id).await, 2);
    assert_eq!(lab.say("w1", vec![event(id, 1, 2, finished())]).await.dropped, 1);
    assert_eq!(lab.say("w1", vec![event(id, 2, 1, finished())]).await.dropped, 1, "not its attempt");
    assert_eq!(lab.job(ann.0, id).await.job.state, JobState::Running);
    lab.say("w2", vec![event(id, 2, 1, output(0, "new")), event(id, 2, 2, finished())]).await;
    assert_eq!(lab.job(ann.0, id).await.job.state, JobState::Succeeded);
    lab.finish().await;
}

#[tokio::test]
async fn output_is_read_from_any_byte() {
    let lab = Lab::start().await;
    let (ann, id, attempt) = lab.running_job().await;
    lab.say(
        "w1",
        vec![event(id, attempt, 1, output(0, "hello ")), event(id, attempt, 2, output(6, "world"))],
    )
    .await;
    lab.say("w1", vec![event(id, attempt, 3, finished())]).await;
    for from in 0..=11_u64 {
        let chunks = lab.store.output_from(ann.0, id, attempt, Stream::Stdout, from, 10).await.unwrap();
        let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes.clone()).collect();
        assert_eq!(bytes, &b"hello world"[from as usize..], "from {from}");
        assert!(chunks.first().is_none_or(|chunk| chunk.offset == from));
    }
    assert_eq!(lab.store.output_end(id, attempt, Stream::Stdout).await.unwrap(), 11);
    assert_eq!(lab.store.output_end(id, attempt, Stream::Stderr).await.unwrap(), 0);
    assert_eq!(lab.store.expire_output(30.0, 100).await.unwrap(), 0, "it has just ended");
    lab.execute("UPDATE jobs SET finished_at = now() - interval '40 days'").await;
    assert_eq!(lab.store.expire_output(30.0, 100).await.unwrap(), 1);
    assert_eq!(lab.store.expire_output(30.0, 100).await.unwrap(), 0, "once for each job");
    assert_eq!(lab.store.output_end(id, attempt, Stream::Stdout).await.unwrap(), 0);
    lab.finish().await;
}

#[tokio::test]
async fn a_batch_over_many_jobs_is_recorded_as_one() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(100).await;
    let ids = lab.submit(ann, 100, JobClass::Interactive).await;
    lab.release().await;
    for id in &ids {
        lab.start_job("w1", *id).await;
    }
    let events =
        ids.iter().flat_map(|id| [event(*id, 1, 1, output(0, "x")), event(*id, 1, 2, finished())]).collect();
    let recorded = lab.say("w1", events).await;
    assert_eq!((recorded.recorded, recorded.changed.len()), (100, 100));
    assert_eq!(lab.count("SELECT count(*) FROM jobs WHERE state = 'succeeded'").await, 100);
    assert_eq!(lab.count("SELECT count(*) FROM dispatches").await, 0);
    lab.finish().await;
}
