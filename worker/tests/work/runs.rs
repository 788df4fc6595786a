//! One job at a time and its reports.

use engunity_protocol::{
    job::{Artifact, JobClass, JobSpec},
    path::ProjectPath,
    spec::{ExecuteSpec, Snapshot},
    verdict::Reason,
    wire::Outcome,
};
use engunity_worker::start;

use crate::fake_coordinator::{FakeCoordinator, attempt, shell};

async fn outcome(coordinator: &mut FakeCoordinator, spec: ExecuteSpec) -> (Outcome, String, String) {
    let job = coordinator.offer(JobSpec::Execute(spec), JobClass::Interactive).await;
    let (outcome, stdout, stderr) = coordinator.end(job).await;
    (outcome.expect("the run finishes"), stdout, stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_has_its_verdict() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(2)).await.unwrap();

    let snapshot = coordinator
        .snapshot(&[
            ("main.sh", "read x; echo \"$x $(cat data/in)\"; echo oops >&2; exit 3"),
            ("data/in", "file"),
        ])
        .await;
    let spec =
        ExecuteSpec { snapshot: snapshot.clone(), stdin: Some("line\n".into()), ..shell("bash main.sh") };
    let (ended, stdout, stderr) = outcome(&mut coordinator, spec).await;
    assert_eq!((ended.verdict.reason, ended.verdict.exit_code), (Reason::Exit, Some(3)));
    assert_eq!((stdout.as_str(), stderr.as_str()), ("line file\n", "oops\n"));

    // The second run uses the local cache: object storage no longer has the files.
    coordinator.objects.delete(snapshot.key.as_ref().unwrap()).await.unwrap();
    let (ended, stdout, _) =
        outcome(&mut coordinator, ExecuteSpec { snapshot, ..shell("cat data/in") }).await;
    assert_eq!((ended.verdict.reason, stdout.as_str()), (Reason::Ok, "file"));

    let gone = Snapshot { key: Some("snapshots/none".into()), unpacked_bytes: 1, files: 1 };
    let (ended, ..) = outcome(&mut coordinator, ExecuteSpec { snapshot: gone, ..shell("true") }).await;
    assert_eq!(ended.verdict.reason, Reason::Internal);

    let huge = Snapshot { key: Some("snapshots/huge".into()), unpacked_bytes: 1 << 40, files: 1 };
    let (ended, ..) = outcome(&mut coordinator, ExecuteSpec { snapshot: huge, ..shell("true") }).await;
    assert_eq!(ended.verdict.reason, Reason::Disk);

    let (ended, stdout, _) = outcome(&mut coordinator, shell("seq 100000")).await;
    assert_eq!(ended.verdict.reason, Reason::Ok);
    assert_eq!(stdout.lines().count(), 100_000);

    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_are_stored_under_the_attempt() {
    let mut coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let artifacts = vec!["out".into(), "*.txt".into()];
    let line = "mkdir -p out/deep; echo one > out/deep/a; head -c 200000 /dev/zero > big.txt; ln -s /etc/passwd out/link; : > out/empty";
    let job = coordinator
        .offer(JobSpec::Execute(ExecuteSpec { artifacts, ..shell(line) }), JobClass::Interactive)
        .await;
    let (outcome, ..) = coordinator.end(job).await;
    let kept = outcome.unwrap().artifacts;
    let paths: Vec<_> = kept.iter().map(|artifact| (artifact.path.as_str(), artifact.size)).collect();
    assert_eq!(paths, [("big.txt", 200_000), ("out/deep/a", 4), ("out/empty", 0)]);
    for Artifact { path, size, hash, .. } in &kept {
        let key =
            engunity_artifacts::keys::artifact(job, attempt(job).attempt, &ProjectPath::parse(path).unwrap());
        let stored = coordinator.objects.get(&key, *size).await.unwrap();
        assert_eq!(&blake3::hash(&stored).to_hex().to_string(), hash);
    }
    worker.drain().await;
    coordinator.close().await;
}
