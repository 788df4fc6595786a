//! Runs that are typed into: through a pipe, and from a terminal of our own.

#[allow(dead_code)] // shared with the other tests
mod support;

use std::{fs, os::unix::fs::PermissionsExt, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use engunity_testkit::TestLab;
use support::Person;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};

const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_pipe_is_passed_on_where_it_is_asked_for() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    ada.folder("demo", &[("a", "")])?;
    ada.json(ada.home.path(), &["upload", "--json", "demo"]).await?;
    let said = ada
        .with_input(&["run", "-i", "-r", "bash", "--shell", "read x; echo got $x; wc -c"], "one\ntwo\n")
        .await?;
    assert_eq!((said.code, said.stdout.as_str()), (0, "got one\n4\n"), "{said:?}");
    let said = ada.with_input(&["run", "-r", "bash", "--", "wc", "-c"], "one\n").await?;
    assert_eq!((said.code, said.stdout.as_str()), (0, "0\n"), "in a script the input is empty");
    lab.finish().await
}

/// `engunity` on a terminal that `script` makes.
fn on_a_terminal(ada: &Person, line: &str) -> Result<Child> {
    let inner = ada.command(ada.home.path(), &[]);
    let inner = inner.as_std();
    let program = inner.get_program().to_str().context("a program")?;
    let mut command = Command::new("script");
    command.args(["-qefc", &format!("stty rows 31 cols 97; exec {program} {line}"), "/dev/null"]);
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("TERM", "xterm").env("SHELL", "/bin/sh").current_dir(ada.home.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    Ok(command.spawn()?)
}

async fn until(child: &mut Child, text: &str) -> Result<String> {
    let out = child.stdout.as_mut().context("stdout")?;
    let mut read = String::new();
    let reading = async {
        let mut piece = [0; 4096];
        while !read.contains(text) {
            match out.read(&mut piece).await? {
                0 => break,
                length => read += &String::from_utf8_lossy(&piece[..length]),
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    let done = timeout(TIMEOUT, reading).await;
    ensure!(done.is_ok() && read.contains(text), "no {text:?} in {read:?}");
    Ok(read)
}

#[tokio::test]
async fn at_a_terminal_the_program_has_one() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    ada.folder("demo", &[("a", "")])?;
    ada.json(ada.home.path(), &["upload", "--json", "demo"]).await?;
    let mut child = on_a_terminal(
        &ada,
        "run -r bash --shell 'stty size; printf \"name? \"; read n; echo hello $n; trap \"echo caught; exit 7\" INT; while :; do sleep 0.1; done'",
    )?;
    let text = until(&mut child, "name? ").await?;
    assert!(text.contains("31 97"), "{text}");
    let mut keys = child.stdin.take().context("stdin")?;
    keys.write_all(b"you\r").await?;
    until(&mut child, "hello you").await?;
    keys.write_all(b"\x03").await?;
    until(&mut child, "caught").await?;
    assert_eq!(timeout(TIMEOUT, child.wait()).await??.code(), Some(7), "the program's own end");

    let mut child =
        on_a_terminal(&ada, "run -r bash --shell 'trap \"\" INT; echo deaf; while :; do sleep 0.1; done'")?;
    until(&mut child, "deaf").await?;
    let mut keys = child.stdin.take().context("stdin")?;
    keys.write_all(b"\x03\x03\x03").await?;
    assert_eq!(timeout(TIMEOUT, child.wait()).await??.code(), Some(130), "three times is for us");
    lab.finish().await
}

#[tokio::test]
async fn artifacts_stay_executable_and_have_all_their_names() -> Result<()> {
    let lab = TestLab::start().await?;
    let ada = Person::new(&lab, "ada").await?;
    ada.folder("demo", &[("a", "")])?;
    ada.json(ada.home.path(), &["upload", "--json", "demo"]).await?;
    let script = "mkdir out; echo x > out/tool; chmod +x out/tool; ln out/tool out/same; echo y > out/plain";
    let said = ada.run(&["run", "-r", "bash", "-a", "out", "--out", "got", "--shell", script]).await?;
    assert_eq!(said.code, 0, "{said:?}");
    let mode = |name: &str| {
        Ok::<_, anyhow::Error>(
            fs::metadata(ada.home.path().join("got/out").join(name))?.permissions().mode() & 0o111,
        )
    };
    assert!(mode("tool")? != 0 && mode("same")? != 0 && mode("plain")? == 0);
    lab.finish().await
}
