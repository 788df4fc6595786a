//! One job at a time: what is reported of it.

use engunity_protocol::{
    job::{Artifact, JobClass},
    path::ProjectPath,
    spec::{ExecuteSpec, JobSpec, Snapshot},
    verdict::Reason,
    wire::Outcome,
};
use engunity_worker::start;

use crate::fake_coordinator::{Desk, attempt, shell};

async fn outcome(desk: &mut Desk, spec: ExecuteSpec) -> (Outcome, String, String) {
    let job = desk.offer(JobSpec::Execute(spec), JobClass::Interactive).await;
    let (outcome, stdout, stderr) = desk.end(job).await;
    (outcome.expect("it ends here"), stdout, stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_ends_as_it_should() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(2)).await.unwrap();

    let snapshot = desk
        .snapshot(&[
            ("main.sh", "read x; echo \"$x $(cat data/in)\"; echo oops >&2; exit 3"),
            ("data/in", "file"),
        ])
        .await;
    let spec =
        ExecuteSpec { snapshot: snapshot.clone(), stdin: Some("line\n".into()), ..shell("bash main.sh") };
    let (ended, stdout, stderr) = outcome(&mut desk, spec).await;
    assert_eq!((ended.verdict.reason, ended.verdict.exit_code), (Reason::Exit, Some(3)));
    assert_eq!((stdout.as_str(), stderr.as_str()), ("line file\n", "oops\n"));

    // A second time the files come from the local cache: object storage no longer has them.
    desk.objects.delete(snapshot.key.as_ref().unwrap()).await.unwrap();
    let (ended, stdout, _) = outcome(&mut desk, ExecuteSpec { snapshot, ..shell("cat data/in") }).await;
    assert_eq!((ended.verdict.reason, stdout.as_str()), (Reason::Ok, "file"));

    let gone = Snapshot { key: Some("snapshots/none".into()), unpacked_bytes: 1, files: 1 };
    let (ended, ..) = outcome(&mut desk, ExecuteSpec { snapshot: gone, ..shell("true") }).await;
    assert_eq!(ended.verdict.reason, Reason::Internal);

    let huge = Snapshot { key: Some("snapshots/huge".into()), unpacked_bytes: 1 << 40, files: 1 };
    let (ended, ..) = outcome(&mut desk, ExecuteSpec { snapshot: huge, ..shell("true") }).await;
    assert_eq!(ended.verdict.reason, Reason::Disk);

    let (ended, ..) = outcome(&mut desk, ExecuteSpec { runtime: "cobol".into(), ..shell("true") }).await;
    assert_eq!(ended.verdict.reason, Reason::ImageMissing);

    let (ended, stdout, _) = outcome(&mut desk, shell("seq 100000")).await;
    assert_eq!(ended.verdict.reason, Reason::Ok);
    assert_eq!(stdout.lines().count(), 100_000);

    worker.drain().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_are_stored_under_the_attempt() {
    let mut desk = Desk::open().await;
    let worker = start(desk.config(1)).await.unwrap();
    let artifacts = vec!["out".into(), "*.txt".into()];
    let line = "mkdir -p out/deep; echo one > out/deep/a; head -c 200000 /dev/zero > big.txt; ln -s /etc/passwd out/link; : > out/empty";
    let job =
        desk.offer(JobSpec::Execute(ExecuteSpec { artifacts, ..shell(line) }), JobClass::Interactive).await;
    let (outcome, ..) = desk.end(job).await;
    let kept = outcome.unwrap().artifacts;
    let paths: Vec<_> = kept.iter().map(|artifact| (artifact.path.as_str(), artifact.size)).collect();
    assert_eq!(paths, [("big.txt", 200_000), ("out/deep/a", 4), ("out/empty", 0)]);
    for Artifact { path, size, hash } in &kept {
        let key =
            engunity_artifacts::keys::artifact(job, attempt(job).attempt, &ProjectPath::parse(path).unwrap());
        let stored = desk.objects.get(&key, *size).await.unwrap();
        assert_eq!(&blake3::hash(&stored).to_hex().to_string(), hash);
    }
    worker.drain().await;
    desk.close().await;
}
