//! What goes to the broker: only what the fleet has room for, in turn between users, again when it was lost.

use engunity_protocol::job::{JobClass, Pool};
use engunity_store::ReleasePolicy;
use uuid::Uuid;

use crate::lab::{Lab, heartbeat};

#[tokio::test]
async fn many_jobs_of_one_user_do_not_delay_another_user() {
    let lab = Lab::start().await;
    let (ann, bob, eve) = (lab.user("ann").await, lab.user("bob").await, lab.user("eve").await);
    let anns = lab.submit(ann, 500, JobClass::Interactive).await;
    let bobs = lab.submit(bob, 1, JobClass::Interactive).await;
    let eves = lab.submit(eve, 2, JobClass::Interactive).await;
    lab.fleet(4).await;
    let released = lab.release().await;
    assert_eq!(released.len(), 5, "four slots and one ahead");
    assert!(released.contains(&bobs[0]) && eves.iter().all(|id| released.contains(id)));
    assert_eq!(released.iter().filter(|id| anns[..2].contains(id)).count(), 2, "the oldest of ann's");
    assert!(lab.release().await.is_empty(), "there is no more room");
    lab.finish().await;
}

#[tokio::test]
async fn whoever_has_least_running_goes_first() {
    let lab = Lab::start().await;
    let (ann, bob) = (lab.user("ann").await, lab.user("bob").await);
    lab.fleet(2).await;
    let anns = lab.submit(ann, 4, JobClass::Interactive).await;
    for id in lab.release().await {
        lab.start_job("w1", id).await;
    }
    let bobs = lab.submit(bob, 1, JobClass::Interactive).await;
    lab.say("w1", vec![crate::lab::event(anns[0], 1, 1, crate::lab::finished())]).await;
    assert_eq!(lab.release().await, bobs);
    lab.finish().await;
}

#[tokio::test]
async fn users_take_turns_at_one_slot() {
    let lab = Lab::start().await;
    let (ann, bob) = (lab.user("ann").await, lab.user("bob").await);
    lab.fleet(1).await;
    let anns = lab.submit(ann, 5, JobClass::Interactive).await;
    let mut order = Vec::new();
    for turn in 0..4 {
        if turn == 1 {
            lab.submit(bob, 2, JobClass::Interactive).await;
        }
        let released = lab.release().await;
        assert_eq!(released.len(), 1);
        lab.start_job("w1", released[0]).await;
        lab.say("w1", vec![crate::lab::event(released[0], 1, 1, crate::lab::finished())]).await;
        order.push(if anns.contains(&released[0]) { "ann" } else { "bob" });
    }
    assert_eq!(order, ["ann", "bob", "ann", "bob"]);
    lab.finish().await;
}

#[tokio::test]
async fn bulk_leaves_room_for_those_who_look() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(4).await;
    lab.submit(ann, 10, JobClass::Bulk).await;
    assert_eq!(lab.release().await.len(), 3);
    lab.submit(ann, 10, JobClass::Interactive).await;
    assert_eq!(lab.release().await.len(), 2, "one free slot and one ahead");
    lab.finish().await;
}

#[tokio::test]
async fn two_coordinators_release_each_job_once() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(40).await;
    lab.submit(ann, 200, JobClass::Interactive).await;
    let policy = ReleasePolicy::default();
    let both = futures::future::join_all((0..8).map(|_| lab.store.release(Pool::Sandbox, &policy))).await;
    let mut released: Vec<_> = both.into_iter().flat_map(|one| one.unwrap()).map(|one| one.job_id).collect();
    assert_eq!(released.len(), 50);
    released.sort();
    released.dedup();
    assert_eq!(released.len(), 50);
    lab.finish().await;
}

#[tokio::test]
async fn nothing_goes_to_workers_that_drain_are_deaf_or_gone() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.submit(ann, 3, JobClass::Interactive).await;
    let mut draining = heartbeat("draining", 8, vec![]);
    draining.draining = true;
    lab.store.beat(&[(draining, false), (heartbeat("deaf", 8, vec![]), true)]).await.unwrap();
    assert!(lab.release().await.is_empty());
    lab.fleet(8).await;
    lab.silence_workers().await;
    assert!(lab.release().await.is_empty());
    lab.finish().await;
}

#[tokio::test]
async fn an_unclaimed_message_is_published_again_until_it_is_claimed() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(4).await;
    let ids = lab.submit(ann, 2, JobClass::Interactive).await;
    lab.release().await;
    assert!(lab.store.due_dispatches(10).await.unwrap().is_empty());
    lab.store.expedite_dispatches().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_eq!(lab.store.due_dispatches(10).await.unwrap().len(), 2);
    assert!(lab.store.due_dispatches(10).await.unwrap().is_empty(), "taken once");
    assert!(lab.claim("w1", ids[0], Uuid::new_v4()).await.is_some());
    lab.store.expedite_dispatches().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let due = lab.store.due_dispatches(10).await.unwrap();
    assert_eq!(due.iter().map(|one| one.job_id).collect::<Vec<_>>(), [ids[1]]);
    lab.finish().await;
}

#[tokio::test]
async fn a_release_from_a_long_backlog_is_quick() {
    let lab = Lab::start().await;
    let users =
        futures::future::join_all((0..20).map(|n| lab.user(Box::leak(format!("u{n}").into_boxed_str()))))
            .await;
    for who in &users {
        lab.submit(*who, 500, JobClass::Interactive).await;
    }
    lab.fleet(16).await;
    let begin = std::time::Instant::now();
    assert_eq!(lab.release().await.len(), 20);
    let took = begin.elapsed();
    assert!(took < std::time::Duration::from_secs(2), "{took:?}");
    eprintln!("a release from 10,000 jobs of 20 users took {took:?}");
    lab.finish().await;
}
