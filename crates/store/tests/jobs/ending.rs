//! How jobs end: once, by what they said, by being cancelled, or by losing their workers too often.

use engunity_protocol::{
    WorkerId,
    job::{JobClass, JobState},
    verdict::Reason,
    wire::{EventBody, Running},
};
use engunity_store::fencing::MAX_SETBACKS;
use uuid::Uuid;

use crate::lab::{Lab, event, finished, heartbeat, output};

#[tokio::test]
async fn a_claim_is_granted_once_and_its_repetition_gets_the_same_answer() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(4).await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    let claim = Uuid::new_v4();
    assert_eq!(lab.claim("w1", id, claim).await.unwrap().attempt, 1);
    assert_eq!(lab.claim("w1", id, claim).await.unwrap().attempt, 1);
    assert!(lab.claim("w2", id, Uuid::new_v4()).await.is_none());
    assert!(lab.claim("w2", id, claim).await.is_none(), "another worker's claim");
    lab.say("w1", vec![event(id, 1, 1, finished())]).await;
    assert!(lab.claim("w1", id, claim).await.is_none(), "it has ended");
    lab.finish().await;
}

#[tokio::test]
async fn many_claims_at_once_grant_one() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    let claims = (0..8).map(|n| {
        let lab = &lab;
        async move { lab.claim(&format!("w{n}"), id, Uuid::new_v4()).await }
    });
    let granted = futures::future::join_all(claims).await;
    assert_eq!(granted.iter().flatten().count(), 1);
    lab.finish().await;
}

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once_and_can_not_be_claimed() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(4).await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    lab.release().await;
    let cancelled = lab.store.cancel_job(ann.0, id).await.unwrap().unwrap();
    assert!(cancelled.ended && cancelled.running_at.is_none());
    assert_eq!(cancelled.job.verdict.unwrap().reason, Reason::Cancelled);
    assert_eq!(lab.count("SELECT count(*) FROM dispatches").await, 0);
    assert!(lab.claim("w1", id, Uuid::new_v4()).await.is_none());
    assert!(lab.store.cancel_job(ann.0, id).await.unwrap().is_none(), "it has ended");
    lab.finish().await;
}

#[tokio::test]
async fn a_running_job_is_cancelled_by_its_worker_and_heartbeats_repeat_it() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let worker = lab.fleet(4).await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    let attempt = lab.start_job("w1", id).await;
    let cancelled = lab.store.cancel_job(ann.0, id).await.unwrap().unwrap();
    assert_eq!((cancelled.ended, cancelled.running_at), (false, Some((worker.clone(), attempt))));
    let running = Running { job_id: id, attempt };
    let beaten = lab.store.beat(&[(heartbeat("w1", 4, vec![running]), false)]).await.unwrap();
    assert_eq!((beaten.cancel, beaten.abandon), (vec![(worker, running)], vec![]));
    lab.finish().await;
}

#[tokio::test]
async fn a_worker_is_told_of_runs_that_are_not_its_own() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    let attempt = lab.start_job("w1", id).await;
    let stale = Running { job_id: id, attempt: attempt + 1 };
    let beats = [
        (heartbeat("w1", 4, vec![stale]), false),
        (heartbeat("w2", 4, vec![Running { job_id: id, attempt }]), false),
    ];
    let abandon = lab.store.beat(&beats).await.unwrap().abandon;
    assert_eq!(abandon.len(), 2);
    assert!(abandon.contains(&(WorkerId("w1".into()), stale)));
    lab.finish().await;
}

#[tokio::test]
async fn heartbeats_renew_leases_and_silence_ends_them() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(4).await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    let attempt = lab.start_job("w1", id).await;
    lab.expire_lease(id).await;
    assert!(lab.store.reap().await.unwrap().is_empty(), "its worker still answers");
    lab.store.beat(&[(heartbeat("w1", 4, vec![Running { job_id: id, attempt }]), false)]).await.unwrap();
    assert_eq!(
        lab.count("SELECT count(*) FROM jobs WHERE lease_until > now() + interval '4 seconds'").await,
        1
    );
    lab.execute("UPDATE jobs SET lease_until = now() - interval '31 seconds'").await;
    assert_eq!(lab.store.reap().await.unwrap().len(), 1, "it was left unmentioned too long");
    lab.finish().await;
}

#[tokio::test]
async fn a_job_that_loses_three_workers_is_lost() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    for attempt in 1..=3 {
        assert_eq!(lab.job(ann.0, id).await.job.state, JobState::Queued);
        assert_eq!(lab.start_job("gone", id).await, attempt);
        lab.expire_lease(id).await;
        lab.store.reap().await.unwrap();
    }
    let job = lab.job(ann.0, id).await.job;
    let verdict = job.verdict.unwrap();
    assert_eq!((job.state, verdict.reason), (JobState::Lost, Reason::WorkerLost));
    assert!(verdict.evidence.contains("attempt 3"), "{}", verdict.evidence);
    assert_eq!(lab.count("SELECT count(*) FROM dead_attempts").await, 3);
    lab.finish().await;
}

#[tokio::test]
async fn a_job_handed_back_loses_nothing() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    for attempt in 1..=5 {
        assert_eq!(lab.start_job("w1", id).await, attempt);
        lab.say("w1", vec![event(id, attempt, 1, EventBody::HandedBack)]).await;
        assert_eq!(lab.job(ann.0, id).await.job.state, JobState::Queued);
    }
    lab.finish().await;
}

#[tokio::test]
async fn a_job_that_no_worker_can_run_waits_longer_each_time_and_ends() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(4).await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    let mut waits = Vec::new();
    for attempt in 1..=MAX_SETBACKS {
        assert_eq!(lab.release().await, [id], "attempt {attempt}");
        assert!(lab.start_job("w1", id).await == attempt);
        let because = "no sandbox can be made".to_owned();
        lab.say("w1", vec![event(id, attempt, 1, EventBody::Unable { because })]).await;
        if attempt < MAX_SETBACKS {
            let mut jobs = [lab.job(ann.0, id).await.job];
            lab.store.fill_waiting(ann.0, &mut jobs).await.unwrap();
            assert_eq!(jobs[0].state, JobState::Queued);
            let because = &jobs[0].waiting.as_ref().unwrap().because;
            assert!(because.starts_with(&format!("{attempt} of {MAX_SETBACKS} tries failed")), "{because}");
            assert!(lab.release().await.is_empty(), "not at once");
            waits.push(lab.count("SELECT extract(epoch FROM retry_at - now())::bigint FROM jobs").await);
            lab.execute("UPDATE jobs SET retry_at = now()").await;
        }
    }
    assert!(waits.is_sorted() && waits[0] <= 1 && waits[10] > 60 && waits[10] <= 120, "{waits:?}");
    let job = lab.job(ann.0, id).await.job;
    let verdict = job.verdict.unwrap();
    assert_eq!((job.state, verdict.reason), (JobState::Failed, Reason::Internal));
    assert!(verdict.evidence.ends_with("no sandbox can be made"), "{}", verdict.evidence);
    assert!(lab.release().await.is_empty());
    lab.finish().await;
}

#[tokio::test]
async fn a_cancelled_job_that_loses_its_worker_is_cancelled() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    lab.start_job("gone", id).await;
    lab.store.cancel_job(ann.0, id).await.unwrap();
    lab.expire_lease(id).await;
    lab.store.reap().await.unwrap();
    assert_eq!(lab.job(ann.0, id).await.job.state, JobState::Cancelled);
    lab.finish().await;
}

#[tokio::test]
async fn the_database_itself_refuses_a_second_end() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    let id = lab.submit(ann, 1, JobClass::Interactive).await[0];
    lab.store.cancel_job(ann.0, id).await.unwrap();
    let again = "finished_at = now(), verdict = '{\"reason\":\"ok\",\"evidence\":\"\"}'";
    assert!(lab.refuses(&format!("UPDATE jobs SET state = 'succeeded', {again} WHERE id = '{id}'")).await);
    assert!(
        lab.refuses(&format!(
            "UPDATE jobs SET state = 'queued', finished_at = NULL, verdict = NULL WHERE id = '{id}'"
        ))
        .await
    );
    lab.finish().await;
}

#[tokio::test]
async fn a_deleted_project_is_gone_at_once_and_its_jobs_end_as_cancelled() {
    let lab = Lab::start().await;
    let ann = lab.user("ann").await;
    lab.fleet(4).await;
    let ids = lab.submit(ann, 2, JobClass::Interactive).await;
    lab.release().await;
    lab.start_job("w1", ids[0]).await;
    assert!(lab.store.delete_project(ann.0, ann.1, &[]).await.unwrap());
    assert!(!lab.store.delete_project(ann.0, ann.1, &[]).await.unwrap(), "once");
    assert!(lab.store.project(ann.0, ann.1).await.unwrap().is_none());
    let late = lab.store.insert_jobs(&[crate::lab::new_job(ann, JobClass::Bulk)]).await.unwrap();
    assert!(matches!(late[0], engunity_store::Accepted::NoProject), "{late:?}");
    let cancelled = lab.store.cancel_deleted(10).await.unwrap();
    assert_eq!(cancelled.len(), 2);
    assert!(cancelled.iter().any(|one| one.job.id == ids[1] && one.ended));
    assert!(
        cancelled
            .iter()
            .any(|one| one.job.id == ids[0] && one.running_at == Some((WorkerId("w1".into()), 1)))
    );
    assert!(lab.store.cancel_deleted(10).await.unwrap().is_empty());
    lab.say("w1", vec![event(ids[0], 1, 1, output(0, "x")), event(ids[0], 1, 2, EventBody::HandedBack)])
        .await;
    assert_eq!(lab.job(ann.0, ids[0]).await.job.state, JobState::Cancelled);
    assert!(lab.store.deleted_projects(10).await.unwrap().is_empty(), "readers see the end");
    lab.execute("UPDATE code_projects SET deleted_at = now() - interval '1 minute'").await;
    let deleted = lab.store.deleted_projects(10).await.unwrap();
    assert_eq!(deleted, [ann.1]);
    while lab.store.purge_project(ann.1, 1).await.unwrap() > 0 {}
    for table in ["jobs", "job_events", "dispatches", "code_projects"] {
        assert_eq!(lab.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let beaten = lab
        .store
        .beat(&[(heartbeat("w1", 4, vec![Running { job_id: ids[0], attempt: 1 }]), false)])
        .await
        .unwrap();
    assert_eq!(beaten.abandon.len(), 1);
    lab.finish().await;
}
