//! Kinds and runtimes: what no worker offers stays in the backlog and says so, and what only some offer goes to them.

use engunity_protocol::{
    WorkerId,
    job::{JobClass, JobKind, JobState, Pool},
};
use uuid::Uuid;

use crate::lab::{Lab, heartbeat, offering};

#[tokio::test]
async fn a_kind_that_no_worker_offers_stays_in_the_backlog_and_says_so() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    assert_eq!(lab.because(ann.0, id).await, "no worker is connected");
    lab.execute("UPDATE jobs SET kind = 'index'").await;
    lab.fleet(4).await;
    assert!(lab.release_of(Pool::Index).await.is_empty() && lab.release().await.is_empty());
    assert_eq!(lab.because(ann.0, id).await, "no worker offers jobs of the kind index");
    lab.store.beat(&[(offering("indexer", 2, &[JobKind::Index], &[]), false)]).await.unwrap();
    assert_eq!(lab.because(ann.0, id).await, "about to start");
    assert_eq!(lab.release_of(Pool::Index).await, [id]);
    lab.finish().await;
}

#[tokio::test]
async fn a_runtime_that_no_worker_offers_stays_in_the_backlog_and_says_so() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let cobol = lab.submit_for(ann, 3, "cobol").await;
    let python = lab.submit_for(ann, 1, "python").await;
    lab.store.beat(&[(offering("w1", 2, &[JobKind::Execute], &["python"]), false)]).await.unwrap();
    assert_eq!(lab.release().await, python, "jobs that can't run are not in the way");
    assert_eq!(lab.because(ann.0, cobol[0]).await, "no worker offers the runtime cobol");
    lab.finish().await;
}

#[tokio::test]
async fn jobs_of_a_runtime_take_no_more_than_the_slots_that_offer_it() {
    let lab = Lab::start().await;
    let (ann, bob) = (lab.user("ann").await, lab.user("bob").await);
    let rust = lab.submit_for(ann, 20, "rust").await;
    let python = lab.submit_for(bob, 20, "python").await;
    let fleet = [
        (offering("w1", 4, &[JobKind::Execute], &["python"]), false),
        (offering("w2", 4, &[JobKind::Execute], &["rust"]), false),
    ];
    lab.store.beat(&fleet).await.unwrap();
    let released = lab.release().await;
    assert_eq!(released.iter().filter(|id| rust.contains(id)).count(), 5, "four slots and one ahead");
    assert_eq!(released.iter().filter(|id| python.contains(id)).count(), 5);
    lab.finish().await;
}

#[tokio::test]
async fn a_worker_that_lacks_the_runtime_is_refused_and_the_job_waits_for_another() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit_for(ann, 1, "rust").await[0];
    let fleet = [
        (offering("w1", 4, &[JobKind::Execute], &["python"]), false),
        (offering("w2", 4, &[JobKind::Execute], &["python", "rust"]), false),
    ];
    lab.store.beat(&fleet).await.unwrap();
    assert_eq!(lab.release().await, [id]);
    assert!(lab.claim("w1", id, Uuid::new_v4()).await.is_none());
    assert_eq!(lab.job(ann.0, id).await.job.state, JobState::Queued);
    assert_eq!(lab.count("SELECT count(*) FROM dispatches").await, 0, "back in the backlog");
    assert!(lab.release().await.is_empty(), "not to be offered again at once");
    lab.execute("UPDATE jobs SET retry_at = now() - interval '1 second'").await;
    assert_eq!(lab.release().await, [id]);
    assert!(lab.claim("w2", id, Uuid::new_v4()).await.is_some());
    lab.finish().await;
}

#[tokio::test]
async fn an_older_worker_that_says_nothing_takes_execute_and_noop_jobs() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let mut older = heartbeat("older", 4, vec![]);
    older.noop_slots = 2;
    lab.store.beat(&[(older, false)]).await.unwrap();
    let execute = lab.submit_for(ann, 1, "whatever").await;
    assert_eq!(lab.release().await, execute);
    assert!(lab.claim("older", execute[0], Uuid::new_v4()).await.is_some());
    let noop = lab.submit(ann, 1, JobClass::Bulk).await;
    lab.execute(&format!("UPDATE jobs SET kind = 'noop' WHERE id = '{}'", noop[0])).await;
    assert_eq!(lab.release_of(Pool::Noop).await, noop);
    lab.finish().await;
}

#[tokio::test]
async fn a_pool_without_slots_releases_nothing_and_says_so() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit_for(ann, 1, "python").await[0];
    let engine_down = offering("w1", 0, &[JobKind::Execute], &["python"]);
    lab.store.beat(&[(engine_down, false)]).await.unwrap();
    assert!(lab.release().await.is_empty());
    assert_eq!(lab.because(ann.0, id).await, "no worker has sandbox slots at present");
    let stored =
        lab.count("SELECT count(*) FROM workers WHERE memory_mb = 2048 AND kinds = '{execute}'").await;
    assert_eq!((stored, lab.store.workers().await.unwrap()[0].id.clone()), (1, WorkerId("w1".into())));
    lab.finish().await;
}
