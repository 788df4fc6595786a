//! What a newcomer does, with the real binary against the whole stack.

mod past;
mod support;

use std::{fs, time::Duration};

use anyhow::Result;
use engunity_testkit::{TestLab, eventually};
use support::{Person, Said, interrupt};
use tokio::io::{AsyncBufReadExt, BufReader};

const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn upload_run_and_fetch() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let whoami = ada.json(ada.home.path(), &["whoami", "--json"]).await?;
    assert_eq!(whoami["user"]["email"], "ada@example.com");

    let files = [
        ("main.py", "print('hello')\n"),
        ("pkg/data.txt", "42\n"),
        (".gitignore", "*.log\n"),
        ("x.log", "noise"),
    ];
    let folder = ada.folder("demo", &files)?;
    let first = ada.json(ada.home.path(), &["upload", "--json", "demo"]).await?;
    assert_eq!((&first["added"], &first["bytes_sent"]), (&3.into(), &24.into()));
    assert_eq!(first["skipped"][0]["path"], "x.log");
    let second = ada.json(ada.home.path(), &["upload", "--json", "demo"]).await?;
    assert_eq!(
        (&second["added"], &second["changed"], &second["bytes_sent"]),
        (&0.into(), &0.into(), &0.into())
    );
    fs::write(folder.join("main.py"), "print('changed')\n")?;
    fs::remove_file(folder.join("pkg/data.txt"))?;
    fs::create_dir_all(folder.join("logs/old"))?;
    let third = ada.json(&folder, &["upload", "--json"]).await?;
    assert_eq!(
        (&third["changed"], &third["removed"][0], &third["bytes_sent"]),
        (&1.into(), &"pkg/data.txt".into(), &17.into())
    );

    // The folder above knows the last project, too.
    let said = ada.run(&["run", "--runtime", "python", "--", "python3", "main.py"]).await?;
    assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (0, "changed\n", ""));
    let said = ada.run_in(&folder, &["run", "--entry", "main.py"]).await?;
    assert_eq!((said.code, said.stdout.as_str()), (0, "changed\n"));

    let script = "mkdir out; printf made > out/a.txt; ln -s a.txt out/link; printf 'err' >&2; printf '\\377\\000' ; exit 3";
    let said = ada
        .command(&folder, &["run", "-r", "python", "--artifact", "out/**", "--out", "got", "--shell", script])
        .output()
        .await?;
    assert_eq!((said.status.code(), &said.stdout[..]), (Some(3), &b"\xff\0"[..]));
    let said = Said::of(said).stderr;
    assert!(said.starts_with("err") && said.contains("not kept: ") && said.contains("out/link"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("got/out/a.txt"))?, "made");

    let jobs = ada.json(&folder, &["jobs", "--json"]).await?;
    assert_eq!((jobs.as_array().map(Vec::len), &jobs[0]["verdict"]["exit_code"]), (Some(3), &3.into()));
    let id = jobs[0]["id"].as_str().unwrap_or_default();
    let logs = ada.command(&folder, &["logs", id]).output().await?;
    assert!(logs.stdout == b"\xff\0" && logs.stderr.starts_with(b"err"), "{logs:?}");
    let listed = ada.json(&folder, &["artifacts", "ls", "--json", id]).await?;
    assert_eq!((&listed[0]["path"], &listed[0]["size"]), (&"out/a.txt".into(), &4.into()));

    let said = ada.run(&["download", "copy"]).await?;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(fs::read_to_string(ada.home.path().join("copy/main.py"))?, "print('changed')\n");
    assert!(ada.home.path().join("copy/.engunity.toml").exists());
    assert!(ada.home.path().join("copy/logs/old").is_dir(), "empty folders are files of a project, too");
    lab.finish().await
}

#[tokio::test]
async fn a_run_ends_as_its_program_did() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let folder = ada.folder("demo", &[("a", "")])?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let shell = |line: &'static str| ["run", "-r", "bash", "--wall", "2", "--shell", line];
    for (line, code) in [("exit 0", 0), ("exit 42", 42), ("kill -SEGV $$", 139), ("sleep 30", 124)] {
        let said = ada.run_in(&folder, &shell(line)).await?;
        assert_eq!(said.code, code, "{line}: {said:?}");
        assert_eq!(said.stderr.is_empty(), code == 0, "{line}: {said:?}");
    }
    let answer = ada
        .run_in(
            &folder,
            &["run", "--json", "-r", "bash", "--env", "A=b c", "--", "bash", "-c", "echo \"$A\"; exit 7"],
        )
        .await?;
    let json: serde_json::Value = serde_json::from_str(&answer.stdout)?;
    assert_eq!(
        (answer.code, &json["exit_code"], &json["stdout"], &json["state"]),
        (7, &7.into(), &"b c\n".into(), &"failed".into())
    );
    let id = ada.run_in(&folder, &["run", "-r", "bash", "--detach", "--shell", "sleep 60"]).await?;
    assert_eq!(id.code, 0);
    let unknown = "01939f3e-0000-7000-8000-000000000000";
    let some = ada.run(&["cancel", unknown, id.stdout.trim()]).await?;
    assert!(some.code == 125 && some.stdout.contains("cancel") && some.stderr.contains(unknown), "{some:?}");
    assert_eq!(ada.run(&["cancel", id.stdout.trim()]).await?.code, 0, "again is fine");
    let logs = ada.run(&["logs", "-f", id.stdout.trim()]).await?;
    assert_eq!(logs.code, 0, "{logs:?}");
    lab.finish().await
}

#[tokio::test]
async fn ctrl_c_cancels_and_twice_detaches() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let folder = ada.folder("demo", &[("a", "")])?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let mut child = ada.command(&folder, &["run", "-r", "bash", "--shell", "echo up; sleep 60"]).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await?.as_deref(), Some("up"));
    interrupt(&child)?;
    assert_eq!(child.wait().await?.code(), Some(130));
    let jobs = ada.json(&folder, &["jobs", "--json"]).await?;
    assert_eq!(jobs[0]["state"], "cancelled");

    // A worker that can't answer: the second Ctrl-C does not wait for it.
    let mut child = ada.command(&folder, &["run", "-r", "bash", "--shell", "echo up; sleep 60"]).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await?.as_deref(), Some("up"));
    lab.workers[0].stop()?;
    interrupt(&child)?;
    let database = lab.database.client().await?;
    eventually("the first Ctrl-C has asked for the end", TIMEOUT, || async {
        let asked = "SELECT 1 FROM jobs WHERE cancel_requested AND finished_at IS NULL";
        Ok(database.query_opt(asked, &[]).await?.map(drop))
    })
    .await?;
    interrupt(&child)?;
    let said = Said::of(child.wait_with_output().await?);
    assert!(said.code == 130 && said.stderr.contains("engunity logs -f"), "{said:?}");
    lab.workers[0].cont()?;
    eventually("the cancelled run ends", TIMEOUT, || async {
        let jobs = ada.json(&folder, &["jobs", "--json"]).await?;
        Ok((jobs[0]["state"] == "cancelled").then_some(()))
    })
    .await?;
    lab.finish().await
}

#[tokio::test]
async fn the_output_is_whole_over_a_restart_of_the_coordinator() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let folder = ada.folder("demo", &[("a", "")])?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let script = "for i in $(seq 1 60); do echo line $i; sleep 0.1; done";
    let mut child = ada.command(&folder, &["run", "-r", "bash", "--shell", script]).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut read = Vec::new();
    while let Some(line) = lines.next_line().await? {
        read.push(line);
        if read.len() == 10 {
            lab.coordinators[0].kill9()?;
            lab.coordinators[0].start().await?;
        }
    }
    let expected: Vec<_> = (1..=60).map(|i| format!("line {i}")).collect();
    assert_eq!(read, expected);
    assert_eq!(child.wait().await?.code(), Some(0));
    lab.finish().await
}

#[tokio::test]
async fn a_matrix_runs_line_by_line() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let folder = ada.folder(
        "demo",
        &[("matrix.txt", "# three\necho one\nexit 4\n\necho three\n"), ("good.txt", "true\ntrue\n")],
    )?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let said = ada.run_in(&folder, &["run", "-r", "bash", "--bulk", "matrix.txt"]).await?;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.stdout.contains("line 3  failed: ") && said.stdout.ends_with("3 runs: 2 succeeded, 1 failed\n"),
        "{said:?}"
    );
    let rows = ada.json(&folder, &["run", "-r", "bash", "--json", "--bulk", "good.txt"]).await?;
    assert_eq!(
        (rows.as_array().map(Vec::len), &rows[0]["job"]["state"], &rows[1]["job"]["class"]),
        (Some(2), &"succeeded".into(), &"bulk".into())
    );
    lab.finish().await
}

#[tokio::test]
async fn an_error_names_the_next_command() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let failing = |said: Said, message: &str, next: &str| {
        assert_eq!(said.code, 125, "{said:?}");
        assert!(
            said.stdout.is_empty() && said.stderr.contains(message) && said.stderr.contains(next),
            "{said:?}"
        );
    };
    failing(ada.run(&["run", "--", "true"]).await?, "no project", "try: engunity upload");
    ada.json(ada.home.path(), &["project", "create", "--json", "empty"]).await?;
    failing(ada.run(&["run", "--", "true"]).await?, "no files yet", "try: engunity upload");
    failing(
        ada.run(&["run", "-p", "nothing", "--", "true"]).await?,
        "no project \"nothing\"",
        "try: engunity project ls",
    );
    failing(
        ada.run(&["run", "--allow-empty", "-r", "cobol", "--", "true"]).await?,
        "cobol",
        "try: engunity runtimes",
    );
    failing(ada.run(&["logs", "01939f3e-0000-7000-8000-000000000000"]).await?, "job", "try: engunity jobs");
    failing(ada.run(&["logs", "nonsense"]).await?, "not the id of a job", "engunity jobs");
    failing(ada.run(&["project", "rm", "empty"]).await?, "needs confirmation", "--yes");
    failing(ada.run(&["upload", "nowhere"]).await?, "No such file", "try: engunity upload <folder>");
    failing(
        ada.run(&["run", "--allow-empty", "--bulk", "nowhere"]).await?,
        "No such file",
        "try: engunity run --bulk",
    );
    failing(
        ada.run(&["run", "--allow-empty", "-r", "bash", "--wall", "9999999", "--", "true"]).await?,
        "wall_s",
        "try: engunity runtimes",
    );
    let again = ["register", "--email", "ada@example.com", "--password-stdin"];
    failing(ada.with_input(&again, "another password").await?, "already", "try: engunity login --email ada");
    let mut command = ada.command(ada.home.path(), &["whoami"]);
    failing(
        Said::of(command.env("ENGUNITY_TOKEN", "engp_old").output().await?),
        "revoked or expired",
        "try: unset ENGUNITY_TOKEN",
    );
    let bob = Person::new(&lab, "bob").await?;
    let project = ada.json(ada.home.path(), &["project", "ls", "--json"]).await?[0]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    failing(bob.run(&["download", "-p", &project]).await?, "project", "try: engunity project ls");
    let said = ada.run(&["logout"]).await?;
    assert_eq!(said.code, 0, "{said:?}");
    failing(ada.run(&["whoami"]).await?, "not logged in", "try: engunity login");
    let said = ada
        .with_input(&["login", "--email", "ada@example.com", "--password-stdin"], "wrong password")
        .await?;
    failing(said, "password", "try: engunity");
    lab.finish().await
}

#[tokio::test]
async fn a_run_waits_for_a_worker_and_says_why() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let ada = Person::new(&lab, "ada").await?;
    let folder = ada.folder("demo", &[("a", "")])?;
    ada.json(&folder, &["upload", "--json"]).await?;
    let mut child = ada.command(&folder, &["run", "-r", "bash", "--shell", "true"]).spawn()?;
    eventually("the run is queued", TIMEOUT, || async {
        let jobs = ada.json(&folder, &["jobs", "--json"]).await?;
        Ok((jobs[0]["state"] == "queued" && jobs[0]["waiting"]["because"].is_string()).then_some(()))
    })
    .await?;
    interrupt(&child)?;
    assert_eq!(child.wait().await?.code(), Some(130));
    lab.finish().await
}
