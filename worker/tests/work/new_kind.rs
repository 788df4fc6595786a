//! A job kind that consists of its entry in the table, its file and its registration is offered, taken and run.

use engunity_protocol::job::{JobClass, JobSpec};
use engunity_worker::start;

use crate::fake_coordinator::FakeCoordinator;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_kind_is_offered_taken_and_run() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let spec = JobSpec::TestEcho("hello".into());
    let kind = spec.kind().to_string();
    let offers = coordinator.heartbeat().await.offers.expect("what it can do");
    assert!(offers.kinds.contains(&kind), "{offers:?}");
    for class in [JobClass::Interactive, JobClass::Bulk] {
        let job = coordinator.offer(spec.clone(), class).await;
        let (outcome, ..) = coordinator.end(job).await;
        assert_eq!(outcome.expect("it finishes").verdict.evidence, "hello");
    }
    worker.drain().await;
    coordinator.close().await;
}
