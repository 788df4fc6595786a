//! Which projects are due for an index job.

use crate::lab::Lab;

#[tokio::test]
async fn a_project_that_failed_for_days_stops_no_other() {
    let lab = Lab::start().await;
    lab.user("ann").await;
    lab.execute(
        "INSERT INTO indexes (project_id, changed_at, tries) SELECT id, now() - interval '1 hour', 5000 FROM code_projects",
    )
    .await;
    assert_eq!(lab.store.take_due_indexes(0.0, 10).await.unwrap().len(), 1);
    assert!(lab.store.take_due_indexes(0.0, 10).await.unwrap().is_empty(), "it waits for the next try");
    lab.finish().await;
}

#[tokio::test]
async fn deleted_projects_take_no_place_in_a_round() {
    let lab = Lab::start().await;
    let (ann, gone) = lab.user("ann").await;
    let (_, kept) = lab.user("bob").await;
    lab.execute(
        "INSERT INTO indexes (project_id, changed_at) SELECT id, now() - interval '1 hour' FROM code_projects",
    )
    .await;
    lab.execute(&format!(
        "UPDATE indexes SET changed_at = now() - interval '1 day' WHERE project_id = '{gone}'"
    ))
    .await;
    assert!(lab.store.delete_project(ann, gone, &[]).await.unwrap());
    let due = lab.store.take_due_indexes(0.0, 1).await.unwrap();
    assert_eq!(due.iter().map(|due| due.project).collect::<Vec<_>>(), [kept]);
    lab.finish().await;
}
