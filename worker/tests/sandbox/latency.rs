//! How long things take. The numbers are printed (`--nocapture`); only promises are asserted.

use std::time::{Duration, Instant};

use engunity_protocol::{spec::Limits, verdict::Reason};

use crate::lab::{Lab, Program, finish, python, shell, wait_until_gone};

const RUNS: usize = 9;
const PROMISED: Duration = Duration::from_millis(300);
const TRIES: usize = 20;

/// From nothing to a reported end: a container made, connected to, started, the file unpacked, the program run.
#[tokio::test]
async fn a_cold_run() {
    let lab = Lab::new().await;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let program = python("print(1)");
        let began = Instant::now();
        let (mut session, job) = lab.open(&program).await;
        let opened = began.elapsed();
        session.start(lab.start(&program), None).await.unwrap();
        let ended = finish(&mut session, &program.limits).await.unwrap();
        times.push((began.elapsed(), opened));
        ended.assert(Reason::Ok);
        drop(session);
        wait_until_gone(job).await;
    }
    times.sort();
    let (total, opened) = times[RUNS / 2];
    println!(
        "cold run of python print(1): median {total:?} ({opened:?} until the sandbox was ready), worst {:?}",
        times[RUNS - 1].0
    );
}

/// From the order to the confirmed death, for the worst of programs. What the machine does beside is not the sandbox's:
/// the promise holds if it is kept once within a few tries.
#[tokio::test]
async fn a_cancel() {
    let lab = Lab::new().await;
    let bomb = "import os\nprint('on', flush=True)\nwhile True:\n  try: os.fork()\n  except OSError: pass";
    let programs = [
        ("a sleeper", shell("echo on; sleep 600")),
        ("a flood", shell("trap '' TERM INT; yes")),
        ("a fork bomb", python(bomb)),
    ];
    for (what, program) in programs {
        let limits = Limits { output_kb: 200_000, ..program.limits };
        let program = Program { limits, ..program };
        let mut times = Vec::new();
        while times.len() < 3 || (times.iter().min() >= Some(&PROMISED) && times.len() < TRIES) {
            times.push(cancelled(&lab, &program).await);
        }
        println!("cancel of {what}: {times:?}");
        assert!(times.iter().min() < Some(&PROMISED), "{what}: {times:?}");
    }
}

async fn cancelled(lab: &Lab, program: &Program) -> Duration {
    let (mut session, job) = lab.open(program).await;
    session.start(lab.start(program), None).await.unwrap();
    session.next().await.unwrap();
    let began = Instant::now();
    session.kill().await.unwrap();
    let ended = finish(&mut session, &program.limits).await.unwrap();
    let took = began.elapsed();
    ended.assert(Reason::Cancelled);
    drop(session);
    wait_until_gone(job).await;
    took
}

/// A container lives no longer than its connection, however it ends.
#[tokio::test]
async fn a_sandbox_ends_with_its_session() {
    let lab = Lab::new().await;
    let (session, job) = lab.open(&shell("")).await;
    drop(session);
    wait_until_gone(job).await;
}
