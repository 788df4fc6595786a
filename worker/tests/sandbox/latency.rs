//! Latencies. The numbers are printed (`--nocapture`); only the promised limit is asserted.

use std::time::{Duration, Instant};

use engunity_protocol::{spec::Limits, verdict::Reason};

use crate::lab::{Lab, Program, finish, python, shell, wait_until_gone};

const RUNS: usize = 9;
const KILL_LIMIT: Duration = Duration::from_millis(300);
const TRIES: usize = 20;

/// A run without a warm sandbox: create, attach, start, unpack one file, run, report.
#[tokio::test]
async fn a_cold_run() {
    let lab = Lab::new().await;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let program = python("print(1)");
        let began = Instant::now();
        let (mut agent, job) = lab.open(&program).await;
        let opened = began.elapsed();
        agent.start(lab.start(&program), None, false).await.unwrap();
        let ended = finish(&mut agent, &program.limits).await.unwrap();
        times.push((began.elapsed(), opened));
        ended.assert(Reason::Ok);
        drop(agent);
        wait_until_gone(job).await;
    }
    times.sort();
    let (total, opened) = times[RUNS / 2];
    println!(
        "cold run of python print(1): median {total:?} ({opened:?} until the sandbox was ready), worst {:?}",
        times[RUNS - 1].0
    );
}

/// From the kill message to the reported exit, for hostile programs. Other load on the machine is not the sandbox's fault,
/// so the limit must hold in one of a few tries.
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
        while times.len() < 3 || (times.iter().min() >= Some(&KILL_LIMIT) && times.len() < TRIES) {
            times.push(cancelled(&lab, &program).await);
        }
        println!("cancel of {what}: {times:?}");
        assert!(times.iter().min() < Some(&KILL_LIMIT), "{what}: {times:?}");
    }
}

async fn cancelled(lab: &Lab, program: &Program) -> Duration {
    let (mut agent, job) = lab.open(program).await;
    agent.start(lab.start(program), None, false).await.unwrap();
    agent.next().await.unwrap();
    let began = Instant::now();
    agent.kill().await.unwrap();
    let ended = finish(&mut agent, &program.limits).await.unwrap();
    let took = began.elapsed();
    ended.assert(Reason::Cancelled);
    drop(agent);
    wait_until_gone(job).await;
    took
}

/// A container ends with its connection.
#[tokio::test]
async fn a_sandbox_ends_with_its_connection() {
    let lab = Lab::new().await;
    let (agent, job) = lab.open(&shell("")).await;
    drop(agent);
    wait_until_gone(job).await;
}
