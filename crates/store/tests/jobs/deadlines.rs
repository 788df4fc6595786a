//! Waits for the database end: for a lock, for a statement, for a server that is frozen; and what a vanished client held is
//! free soon after.

use std::time::{Duration, Instant};

use engunity_protocol::job::{JobClass, Pool};
use engunity_store::{Deadlines, ReleasePolicy, Store, StoreError};
use engunity_testkit::Proxy;

use crate::lab::{Lab, event, output};

const SECOND: Duration = Duration::from_secs(1);

/// Short, so that a test is.
fn short() -> Deadlines {
    Deadlines {
        statement: 2 * SECOND,
        batch_statement: 2 * SECOND,
        lock: SECOND,
        idle_transaction: SECOND,
        idle_batch: SECOND,
        peer: 2 * SECOND,
        ..Deadlines::default()
    }
}

fn is_unavailable<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
}

#[tokio::test]
async fn a_lock_that_another_holds_is_waited_for_with_a_deadline() {
    let lab = Lab::start().await;
    let (_, id, attempt) = lab.running_job().await;
    let store = Store::with_deadlines(&lab.url(), 4, short()).unwrap();
    lab.execute("BEGIN").await;
    lab.execute(&format!("SELECT FROM jobs WHERE id = '{id}' FOR UPDATE")).await;
    let said = engunity_protocol::wire::EventBatch {
        worker_id: "w1".parse().unwrap(),
        events: vec![event(id, attempt, 1, output(0, "x"))],
    };
    let began = Instant::now();
    let refused = store.record(std::slice::from_ref(&said)).await;
    assert!(began.elapsed() < 3 * SECOND, "{:?}", began.elapsed());
    is_unavailable(refused);
    lab.execute("ROLLBACK").await;
    assert_eq!(store.record(&[said]).await.unwrap().recorded, 1);
    drop(store);
    lab.finish().await;
}

#[tokio::test]
async fn a_client_that_vanishes_in_the_middle_of_a_release_holds_nothing_for_long() {
    let lab = Lab::start().await;
    let who = lab.user("ann").await;
    lab.fleet(4).await;
    let proxy = Proxy::start(lab.address()).await.unwrap();
    let patient = Deadlines { lock: 60 * SECOND, batch_statement: 60 * SECOND, ..short() };
    let vanishing = Store::with_deadlines(&lab.url_through(&proxy), 4, patient).unwrap();
    // The first release prepares the statements. The second has the advisory lock and waits for this table, so that it
    // vanishes in the middle.
    lab.submit(who, 1, JobClass::Interactive).await;
    assert_eq!(vanishing.release(Pool::Sandbox, &ReleasePolicy::default()).await.unwrap().len(), 1);
    let id = lab.submit(who, 1, JobClass::Interactive).await[0];
    lab.execute("BEGIN").await;
    lab.execute("LOCK TABLE turns IN EXCLUSIVE MODE").await;
    let releasing =
        tokio::spawn(async move { vanishing.release(Pool::Sandbox, &ReleasePolicy::default()).await });
    let here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let locks = format!("SELECT count(*) FROM pg_locks WHERE {here}");
    lab.until(&format!("{locks} AND locktype = 'advisory' AND granted")).await;
    lab.until(&format!("{locks} AND NOT granted")).await;
    proxy.freeze();
    lab.execute("COMMIT").await;
    let began = Instant::now();
    let store = Store::with_deadlines(&lab.url(), 4, short()).unwrap();
    let released = loop {
        lab.fleet(4).await;
        match store.release(Pool::Sandbox, &ReleasePolicy::default()).await {
            Ok(released) => break released,
            Err(error) => assert!(began.elapsed() < 20 * SECOND, "still locked: {error}"),
        }
    };
    // The vanished client's release was rolled back, or had been committed already.
    assert!(began.elapsed() < 10 * SECOND, "{:?}", began.elapsed());
    assert!(released.iter().all(|one| one.job_id == id));
    assert_eq!(lab.count("SELECT count(*) FROM dispatches").await, 2);
    releasing.abort();
    drop((store, proxy));
    lab.finish().await;
}

#[tokio::test]
async fn a_frozen_server_is_given_up_and_used_again() {
    let lab = Lab::start().await;
    let (user, project) = lab.user("ann").await;
    let proxy = Proxy::start(lab.address()).await.unwrap();
    let store = Store::with_deadlines(&lab.url_through(&proxy), 4, short()).unwrap();
    assert!(store.project(user, project).await.unwrap().is_some());
    proxy.freeze();
    let began = Instant::now();
    is_unavailable(store.project(user, project).await);
    is_unavailable(store.insert_jobs(&[crate::lab::new_job((user, project), JobClass::Bulk)]).await);
    assert!(began.elapsed() < 20 * SECOND, "{:?}", began.elapsed());
    proxy.open();
    assert!(store.project(user, project).await.unwrap().is_some());
    drop((store, proxy));
    lab.finish().await;
}

#[tokio::test]
async fn a_read_only_server_is_a_condition_and_no_refusal() {
    let lab = Lab::start().await;
    let (user, project) = lab.user("ann").await;
    let store =
        Store::new(&format!("{}?options=-c%20default_transaction_read_only=on", lab.url()), 4).unwrap();
    let inserted = store.insert_jobs(&[crate::lab::new_job((user, project), JobClass::Bulk)]).await;
    let error = inserted.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)) && !error.refuses_content(), "{error:?}");
    drop(store);
    lab.finish().await;
}
