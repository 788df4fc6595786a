//! What history and trash keep, and no longer: bounds, collectors beside restores, coordinators of the version before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use engunity_artifacts::keys;
use engunity_protocol::history::Version;
use engunity_store::Store;
use engunity_testkit::{Client, TestLab, eventually};
use serde_json::{Value, json};

use crate::bulk::{bulk, paths, restore, trash};
use crate::lab;

async fn versions(user: &Client, project: &str, path: &str) -> Result<Vec<Version>> {
    user.get(&format!("/code/{project}/history?path={path}")).await?.ok()?.json()
}

async fn execute(lab: &TestLab, sql: &str) -> Result<()> {
    lab.database.client().await?.batch_execute(sql).await.map_err(Into::into)
}

async fn rows(lab: &TestLab, of: &str) -> Result<i64> {
    Ok(lab.database.client().await?.query_one(&format!("SELECT count(*) FROM {of}"), &[]).await?.get(0))
}

/// What the coordinator's collector does.
async fn collect(lab: &TestLab, store: &Store) -> Result<u64> {
    let objects = lab.objects.clone();
    let delete = |blobs: Vec<(engunity_protocol::UserId, String)>| async move {
        for (owner, hash) in blobs {
            if objects.delete(&keys::blob(owner, &hash)).await.is_err() {
                return false;
            }
        }
        true
    };
    Ok(store.collect_blobs(delete).await?)
}

const OLD_BLOBS: &str = "UPDATE blobs SET created_at = now() - interval '2 days'";

#[tokio::test(flavor = "multi_thread")]
async fn versions_have_a_number_and_a_share() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let store = lab.database.store()?;
    let project = user.project("demo").await?.id.to_string();
    for n in 0..10 {
        user.upload(project.parse()?, "a.txt", format!("{n}").repeat(1000).into_bytes()).await?.ok()?;
    }
    ensure!(versions(&user, &project, "a.txt").await?.len() == 10);
    ensure!(store.prune_versions(5).await? == 4 && store.prune_versions(5).await? == 0);
    let left = versions(&user, &project, "a.txt").await?;
    ensure!(left.len() == 6 && left[0].current, "the oldest go: {left:?}");
    // Each takes its content and what an entry takes.
    ensure!(store.prune_history(4500).await? == 2);
    ensure!(versions(&user, &project, "a.txt").await?.len() == 4);

    for name in ["x", "y", "z"] {
        user.upload(project.parse()?, name, vec![b'x'; 5000]).await?.ok()?;
        bulk(&user, &project, json!({"operation": "delete", "paths": [name]})).await?;
    }
    ensure!(store.prune_trash(7000).await? == 1);
    let kept: Vec<String> = trash(&user, &project).await?.into_iter().map(|entry| entry.path).collect();
    ensure!(kept == ["z", "y"], "{kept:?}");
    ensure!(store.prune_trash(0).await? == 1, "the newest deletion stays, however large");

    execute(&lab, "UPDATE file_versions SET recorded_at = recorded_at - interval '31 days'").await?;
    execute(&lab, "UPDATE deleted_files SET deleted_at = deleted_at - interval '31 days'").await?;
    store.expire_versions(30.0, 1000).await?;
    ensure!(store.expire_trash(30.0, 1000).await? == 1 && trash(&user, &project).await?.is_empty());
    ensure!(versions(&user, &project, "a.txt").await?.len() == 1, "the present one has no age");
    ensure!(rows(&lab, "file_versions").await? == 0);
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_collector_takes_what_a_version_or_the_trash_needs() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let store = lab.database.store()?;
    let project = user.project("demo").await?.id.to_string();
    let (old, gone) = (b"\0old".to_vec(), b"\0gone".to_vec());
    user.upload(project.parse()?, "a.bin", old.clone()).await?.ok()?;
    user.upload(project.parse()?, "a.bin", b"\0new".to_vec()).await?.ok()?;
    user.upload(project.parse()?, "b.bin", gone).await?.ok()?;
    user.write(project.parse()?, "c.txt", "text").await?;
    bulk(&user, &project, json!({"operation": "delete", "paths": ["b.bin", "c.txt"]})).await?;
    // As a coordinator of the version before sees it: nothing but files refer to blobs.
    execute(&lab, OLD_BLOBS).await?;
    execute(&lab, "DELETE FROM blobs b WHERE NOT EXISTS (SELECT 1 FROM code_files f WHERE f.hash = b.hash)")
        .await?;
    ensure!(collect(&lab, &store).await? == 0);
    let past = &versions(&user, &project, "a.bin").await?[1];
    let content = user.get(&format!("/code/{project}/history/{}/content", past.id)).await?.ok()?;
    ensure!(content.body == old);
    let ids: Vec<_> = trash(&user, &project).await?.iter().map(|entry| entry.id).collect();
    ensure!(restore(&user, &project, json!({"ids": ids})).await?.done.len() == 2);

    user.delete(&format!("/code/{project}")).await?.ok()?;
    // The project is hidden at once; its rows go some seconds later.
    let gone = || async {
        let left = rows(&lab, "file_versions").await? + rows(&lab, "deleted_files").await?;
        Ok((left == 0).then_some(()))
    };
    eventually("the rows of the project went", Duration::from_secs(60), gone).await?;
    execute(&lab, OLD_BLOBS).await?;
    collect(&lab, &store).await?;
    ensure!(rows(&lab, "blobs").await? == 0, "a deleted project takes its history along");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_of_the_version_before_records_history_too() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id.to_string();
    user.write(project.parse()?, "d/a.txt", "one").await?;
    // Its statements say neither who nor why.
    execute(&lab, "UPDATE code_files SET content = 'two', hash = 'h2', size = 3 WHERE name = 'a.txt'")
        .await?;
    execute(&lab, "INSERT INTO code_files (project_id, path, name, type) SELECT project_id, 'e', 'e', 'folder' FROM code_files WHERE path = 'd'").await?;
    execute(&lab, "DELETE FROM code_files WHERE path = 'd'").await?;
    let entries = trash(&user, &project).await?;
    ensure!(entries.len() == 1 && entries[0].path == "d" && entries[0].deleted_by.is_none(), "{entries:?}");
    restore(&user, &project, json!({"deletion_id": entries[0].deletion_id})).await?;
    ensure!(paths(&user, &project).await? == ["d", "d/a.txt", "e"]);
    let causes: Vec<String> =
        versions(&user, &project, "d/a.txt").await?.iter().map(|v| v.cause.to_string()).collect();
    ensure!(causes == ["restore", "delete", "save", "create"], "{causes:?}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn restores_race_the_collector_and_lose_nothing() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let store = lab.database.store()?;
    let project = user.project("demo").await?.id.to_string();
    let done = Arc::new(AtomicBool::new(false));
    let restoring = async {
        for round in 0..15_u8 {
            let content = vec![0, round];
            user.upload(project.parse()?, "a.bin", content.clone()).await?.ok()?;
            let deleted = bulk(&user, &project, json!({"operation": "delete", "paths": ["a.bin"]})).await?;
            // Old enough for the collector from here on; an upload would have made it young.
            execute(&lab, OLD_BLOBS).await?;
            // Meanwhile the entry may expire: then it is not restored at all.
            let expire = async {
                execute(&lab, "UPDATE deleted_files SET deleted_at = now() - interval '31 days'").await?;
                store.expire_trash(30.0, 10).await?;
                execute(&lab, "UPDATE file_versions SET recorded_at = now() - interval '31 days'").await?;
                store.expire_versions(30.0, 100).await.map_err(anyhow::Error::from)
            };
            let back = restore(&user, &project, json!({"deletion_id": deleted.deletion_id}));
            let (back, expired) = tokio::join!(back, expire);
            expired?;
            if back?.done.is_empty() {
                continue;
            }
            let files: Vec<Value> = user.get(&format!("/code/{project}/files")).await?.ok()?.json()?;
            let id = files[0]["id"].as_str().unwrap_or_default();
            let read = user.get(&format!("/code/files/{id}/content")).await?.ok()?;
            ensure!(read.body == content, "round {round}");
        }
        done.store(true, Ordering::Relaxed);
        Ok::<_, anyhow::Error>(())
    };
    let collecting = async {
        while !done.load(Ordering::Relaxed) {
            collect(&lab, &store).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::select! {
        ended = restoring => ended?,
        failed = collecting => failed?,
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_and_restores_at_once_come_to_one_of_each() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).workers(0).start().await?;
    let user = lab.user("ada").await?;
    let there = user.at(&lab.coordinators[1].url());
    let project = user.project("demo").await?.id.to_string();
    for n in 0..20 {
        user.write(project.parse()?, &format!("d/{n}"), "x").await?;
    }
    for _ in 0..5 {
        let delete = || json!({"operation": "delete", "paths": ["d"]});
        let both = tokio::try_join!(bulk(&user, &project, delete()), bulk(&there, &project, delete()))?;
        ensure!(both.0.done.len() + both.1.done.len() == 1, "{both:?}");
        let id = both.0.deletion_id.or(both.1.deletion_id);
        let wanted = || json!({"deletion_id": id});
        let both = tokio::try_join!(restore(&user, &project, wanted()), restore(&there, &project, wanted()))?;
        ensure!(both.0.done.len() + both.1.done.len() == 1, "{both:?}");
        ensure!(paths(&user, &project).await?.len() == 21);
    }
    bulk(&user, &project, json!({"operation": "delete", "paths": ["d"]})).await?;
    let entry = trash(&user, &project).await?.remove(0);
    let url = format!("/code/{project}/trash/{}", entry.id);
    let back = json!({"ids": [entry.id]});
    let (purged, back) = tokio::join!(there.delete(&url), restore(&user, &project, back));
    let (purged, back) = (purged?.status.is_success(), back?.done.len() == 1);
    ensure!(purged != back, "one of them: purged {purged}, restored {back}");
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_deletion_that_is_cut_off_is_all_or_nothing() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id.to_string();
    let sql = format!(
        "INSERT INTO code_files (project_id, path, name, type, content, hash, size)
        SELECT '{project}', 'f' || n, 'f' || n, 'file', 'text', 'h' || n, 4 FROM generate_series(1, 10000) n"
    );
    execute(&lab, &sql).await?;
    let paths: Vec<String> = (1..=10_000).map(|n| format!("f{n}")).collect();
    let request = bulk(&user, &project, json!({"operation": "delete", "paths": paths}));
    let _ = tokio::time::timeout(Duration::from_millis(300), request).await;
    lab.coordinators[0].kill9()?;
    eventually("the transaction has ended", Duration::from_secs(60), || async {
        let active = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
        Ok((rows(&lab, active).await? == 0).then_some(()))
    })
    .await?;
    let (files, deleted) = (rows(&lab, "code_files").await?, rows(&lab, "deleted_files").await?);
    ensure!((files, deleted) == (10_000, 0) || (files, deleted) == (0, 10_000), "{files} and {deleted}");
    lab.finish().await
}
