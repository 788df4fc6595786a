//! What comes in: once per key, for one's own projects only, listed to its owner only.

use engunity_protocol::{
    ProjectId, UserId,
    job::{JobClass, JobState},
};
use engunity_store::{Accepted, Idempotency, JobFilter, NewJob};

use crate::lab::{Lab, new_job};

fn keyed(who: (UserId, ProjectId), key: &str, hash: u8) -> NewJob {
    let idempotency = Some(Idempotency { key: key.into(), request_hash: vec![hash] });
    NewJob { idempotency, ..new_job(who, JobClass::Interactive) }
}

#[tokio::test]
async fn a_key_makes_one_job_and_refuses_another_request() {
    let lab = Lab::start().await;
    let (ann, bob) = (lab.user("ann").await, lab.user("bob").await);
    let batch = [keyed(ann, "k", 1), keyed(ann, "k", 1), keyed(ann, "k", 2), keyed(bob, "k", 3)];
    let accepted = lab.store.insert_jobs(&batch).await.unwrap();
    let Accepted::New(first) = &accepted[0] else { panic!("{:?}", accepted[0]) };
    assert!(matches!(&accepted[1], Accepted::Same(job) if job.id == first.id));
    assert!(matches!(&accepted[2], Accepted::Mismatch));
    assert!(matches!(&accepted[3], Accepted::New(_)), "keys belong to their users");
    let again = lab.store.insert_jobs(&[keyed(ann, "k", 1)]).await.unwrap();
    assert!(matches!(&again[0], Accepted::Same(job) if job.id == first.id));
    lab.finish().await;
}

#[tokio::test]
async fn nobody_submits_to_or_sees_what_is_not_theirs() {
    let lab = Lab::start().await;
    let (ann, bob) = (lab.user("ann").await, lab.user("bob").await);
    let accepted = lab.store.insert_jobs(&[new_job((bob.0, ann.1), JobClass::Interactive)]).await.unwrap();
    assert!(matches!(accepted[0], Accepted::NoProject));
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    assert!(lab.store.job(bob.0, id).await.unwrap().is_none());
    assert!(lab.store.cancel_job(bob.0, id).await.unwrap().is_none());
    assert!(lab.store.artifacts(bob.0, id).await.unwrap().is_none());
    let filter = JobFilter { project_id: Some(ann.1), limit: 10, ..JobFilter::default() };
    assert!(lab.store.jobs(bob.0, &filter).await.unwrap().is_empty());
    lab.finish().await;
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let ids = lab.submit(ann, 5, JobClass::Interactive).await;
    lab.store.cancel_job(ann.0, ids[4]).await.unwrap();
    let queued = JobFilter { state: Some(JobState::Queued), limit: 2, ..JobFilter::default() };
    let page = lab.store.jobs(ann.0, &queued).await.unwrap();
    assert_eq!(
        page.iter().map(|job| job.id).collect::<Vec<_>>(),
        [ids[3], ids[2], ids[1]],
        "one more than asked for"
    );
    let next = lab.store.jobs(ann.0, &JobFilter { before: Some(ids[2]), ..queued }).await.unwrap();
    assert_eq!(next.iter().map(|job| job.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
    lab.finish().await;
}

#[tokio::test]
async fn a_queued_job_knows_its_place_and_why_it_waits() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let ids = lab.submit(ann, 3, JobClass::Interactive).await;
    let waiting = async |lab: &Lab, id| {
        let mut job = lab.job(ann.0, id).await.job;
        lab.store.fill_waiting(ann.0, std::slice::from_mut(&mut job)).await.unwrap();
        job.waiting.map(|waiting| (waiting.position, waiting.because))
    };
    assert_eq!(waiting(&lab, ids[2]).await, Some((3, "no worker is connected".into())));
    lab.fleet(1).await;
    lab.release().await;
    lab.start_job("w1", ids[0]).await;
    assert_eq!(waiting(&lab, ids[1]).await, Some((1, "all 1 slots are busy".into())));
    assert_eq!(waiting(&lab, ids[0]).await, None);
    lab.finish().await;
}
