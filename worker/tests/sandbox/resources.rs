//! Programs that exceed a limit: each ends with the verdict that names the limit, and leaves nothing behind.

use engunity_protocol::{spec::Limits, verdict::Reason};

use engunity_testkit::snapshot;

use crate::lab::{Lab, Program, python, shell, wait_until_gone};

fn within(program: Program, change: impl FnOnce(&mut Limits)) -> Program {
    let mut limits = program.limits;
    change(&mut limits);
    Program { limits, ..program }
}

#[tokio::test]
async fn a_fork_bomb_meets_the_limit_of_processes() {
    let ended = Lab::new().await.run(python("import os\nwhile True: os.fork()")).await;
    ended.assert(Reason::Pids);
    assert!(ended.verdict.evidence.ends_with("limit 32"), "{}", ended.verdict.evidence);
}

#[tokio::test]
async fn a_fork_bomb_that_never_gives_up_meets_the_deadline() {
    let bomb = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass";
    let ended = Lab::new().await.run(within(python(bomb), |limits| limits.wall_s = 1.5)).await;
    ended.assert(Reason::Wall);
    assert!(ended.exit.wall_ms < 15_000, "{} ms", ended.exit.wall_ms);
}

#[tokio::test]
async fn a_memory_bomb_is_an_oom() {
    let ended =
        Lab::new().await.run(within(python("b'x' * (1 << 30)"), |limits| limits.memory_mb = 64)).await;
    ended.assert(Reason::Oom);
    assert!(ended.verdict.evidence.contains("oom_kill=1, peak 64/64 MiB"), "{}", ended.verdict.evidence);
}

#[tokio::test]
async fn a_memory_bomb_in_a_child_only_is_an_oom_too() {
    let code = "import os, sys, subprocess\ncode = subprocess.call([sys.executable, '-c', 'b\"x\" * (1 << 30)'])\nprint(code)\nsys.exit(5)";
    let ended = Lab::new().await.run(within(python(code), |limits| limits.memory_mb = 64)).await;
    ended.assert(Reason::Oom);
    assert_eq!((ended.text().as_str(), ended.exit.code), ("-9\n", Some(5)));
}

#[tokio::test]
async fn an_oom_that_the_program_survives_is_evidence() {
    let code = "import sys, subprocess\nsubprocess.call([sys.executable, '-c', 'b\"x\" * (1 << 30)'])";
    let ended = Lab::new().await.run(within(python(code), |limits| limits.memory_mb = 64)).await;
    ended.assert(Reason::Ok);
    assert!(ended.verdict.evidence.contains("oom_kill=1"), "{}", ended.verdict.evidence);
}

#[tokio::test]
async fn files_fill_the_disk_and_not_the_host() {
    for place in ["/workspace", "/tmp"] {
        let line =
            format!("for i in 1 2 3 4 5 6; do head -c 5000000 /dev/zero > {place}/f$i || exit 1; done");
        let ended = Lab::new().await.run(shell(&line)).await;
        ended.assert(Reason::Disk);
        assert!(ended.verdict.evidence.starts_with(place), "{}", ended.verdict.evidence);
    }
}

#[tokio::test]
async fn one_file_can_not_grow_beyond_the_disk() {
    let lab = Lab::new().await;
    let ended = lab.run(shell("exec head -c 100000000 /dev/zero > /tmp/big")).await;
    ended.assert(Reason::Disk);
    assert_eq!(ended.exit.code, Some(1), "an error that the program reports, and not a signal");
    // What a hole takes is nothing: databases make files of a size that they never fill.
    let sparse = "import os\nf = os.open('/tmp/s', os.O_CREAT | os.O_RDWR)\nos.truncate(f, 1 << 40)\nwhile True: os.write(f, bytes(1 << 20))";
    let ended = lab.run(python(sparse)).await;
    ended.assert(Reason::Disk);
    assert!(ended.exit.peak_memory_bytes < 64 << 20, "{}", ended.exit.peak_memory_bytes);
}

#[tokio::test]
async fn inodes_run_out_as_well() {
    let code = "i = 0\nwhile True:\n  open(f'/tmp/{i}', 'w').close()\n  i += 1";
    Lab::new().await.run(python(code)).await.assert(Reason::Disk);
}

#[tokio::test]
async fn endless_output_is_cut_at_the_cap() {
    for line in ["yes", "cat /dev/zero", "yes | tr -d '\\n'", "yes >&2", "head -c 1000000 /dev/urandom"] {
        let ended = Lab::new().await.run(shell(line)).await;
        ended.assert(Reason::OutputCap);
        assert_eq!(ended.stdout.len() + ended.stderr.len(), 256 * 1024, "{line}");
    }
}

#[tokio::test]
async fn binary_output_arrives_to_the_byte() {
    let code = "import sys\nfor i in range(300): sys.stdout.buffer.write(bytes(range(256)))";
    let ended = Lab::new().await.run(python(code)).await;
    ended.assert(Reason::Ok);
    assert_eq!(ended.stdout, (0..=255u8).cycle().take(300 * 256).collect::<Vec<_>>());
}

#[tokio::test]
async fn programs_that_ignore_signals_or_sleep_meet_the_deadline() {
    let ignores_signals = "import signal, time\nfor s in (1, 2, 3, 15): signal.signal(s, signal.SIG_IGN)\nwhile True: time.sleep(60)";
    for program in [python(ignores_signals), shell("sleep 600"), shell("while :; do :; done")] {
        let ended = Lab::new().await.run(within(program, |limits| limits.wall_s = 0.7)).await;
        ended.assert(Reason::Wall);
        assert!((700..15_000).contains(&ended.exit.wall_ms), "{} ms", ended.exit.wall_ms);
    }
}

#[tokio::test]
async fn daemons_do_not_outlive_the_program() {
    let ended = Lab::new()
        .await
        .run(shell("setsid sleep 600 > /dev/null 2>&1 & setsid sh -c 'sleep 600 & sleep 600' & echo done"))
        .await;
    ended.assert(Reason::Ok);
    assert_eq!(ended.text(), "done\n");
}

#[tokio::test]
async fn open_files_are_limited() {
    let code = "f = []\nwhile True: f.append(open('/dev/null'))";
    let ended = Lab::new().await.run(python(code)).await;
    ended.assert(Reason::Exit);
    assert!(String::from_utf8_lossy(&ended.stderr).contains("Too many open files"));
}

#[tokio::test]
async fn cpu_time_and_memory_are_measured() {
    let ended =
        Lab::new().await.run(python("x = bytearray(30 << 20)\nfor i in range(3_000_000): pass")).await;
    ended.assert(Reason::Ok);
    assert!(ended.exit.cpu_ms >= 20, "{} ms", ended.exit.cpu_ms);
    assert!(ended.exit.peak_memory_bytes > 30 << 20, "{} bytes", ended.exit.peak_memory_bytes);
}

#[tokio::test]
async fn a_project_that_can_not_be_unpacked_is_reported_at_once() {
    let lab = Lab::new().await;
    // Larger than every pipe on the way, and incompressible.
    let noise: String =
        (0..3_000_000u64).map(|n| format!("{:08x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32)).collect();
    let (mut agent, job) = lab.open(&shell("")).await;
    let error =
        agent.unpack(&mut &*snapshot::project(&[("noise".to_owned(), noise.clone())])).await.unwrap_err();
    assert!(error.is_disk(), "{error}");
    drop(agent);
    wait_until_gone(job).await;
    let (mut agent, job) = lab.open(&shell("")).await;
    let error = agent.unpack(&mut noise.as_bytes()).await.unwrap_err();
    assert!(error.to_string().contains("unpack"), "{error}");
    drop(agent);
    wait_until_gone(job).await;
}
