//! The agent as PID 1 of a PID namespace of its own: what it does to programs, tested through its own protocol.
//! (Limits of memory and processes need a container: the worker tests them with Docker.)

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

mod terminal;

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use engunity_agent::{
    frame::{self, Decoder},
    message::{Collect, Exit, FailureKind, FromAgent, Start, Stopped, Stream, TerminalSize, ToAgent},
};

/// An agent and our end of its line. Killed with the test.
struct Agent {
    process: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    decoder: Decoder,
    root: tempfile::TempDir,
}

impl Agent {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut command = Command::new("unshare");
        // Who is not root needs a user namespace to make the others.
        if !nix_is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        let mut process = command
            .args(["--pid", "--fork", "--mount-proc", "--kill-child", env!("CARGO_BIN_EXE_engunity-agent")])
            .arg(root.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare (util-linux) is needed");
        let (input, output) = (process.stdin.take(), process.stdout.take().unwrap());
        let mut agent = Self { process, input, output, decoder: Decoder::default(), root };
        assert!(matches!(agent.next(), FromAgent::Hello { version: 1 }));
        agent
    }

    fn send(&mut self, message: &ToAgent) {
        self.input.as_mut().unwrap().write_all(&frame::encode(message).unwrap()).unwrap();
    }

    fn next(&mut self) -> FromAgent {
        let mut piece = [0; 4096];
        loop {
            if let Some(message) = self.decoder.take().unwrap() {
                return message;
            }
            let read = self.output.read(&mut piece).unwrap();
            assert!(read > 0, "the agent ended");
            self.decoder.extend(&piece[..read]);
        }
    }

    fn start(&mut self, line: &str, change: impl FnOnce(&mut Start)) {
        let mut start = Start {
            argv: ["sh", "-c", line].map(str::to_owned).into(),
            env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            wall_ms: 20_000,
            output_bytes: 1 << 20,
            open_files: 256,
            file_bytes: 1 << 20,
            ..Start::default()
        };
        change(&mut start);
        self.send(&ToAgent::Start(start));
        assert_eq!(self.next(), FromAgent::Started);
    }

    /// Reads to the end of a run.
    fn end(&mut self) -> (Exit, String, String) {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        loop {
            match self.next() {
                FromAgent::Output { stream: Stream::Stdout, data } => stdout.extend(data),
                FromAgent::Output { stream: Stream::Stderr, data } => stderr.extend(data),
                FromAgent::StdinTaken { .. } => {}
                FromAgent::Exited(exit) => return (exit, text(stdout), text(stderr)),
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Starts a shell line on a terminal of 24 rows and 80 columns.
    fn start_on_terminal(&mut self, line: &str) {
        self.start(line, |start| start.tty = Some(TerminalSize { rows: 24, cols: 80 }));
    }

    /// Reads output until it contains `text`; returns all of it.
    fn until(&mut self, text: &str) -> String {
        let mut read = String::new();
        while !read.contains(text) {
            match self.next() {
                FromAgent::Output { data, .. } => read += &String::from_utf8_lossy(&data),
                FromAgent::StdinTaken { .. } => {}
                other => panic!("{other:?} after {read:?}"),
            }
        }
        read
    }

    fn type_in(&mut self, keys: &str) {
        self.send(&ToAgent::Stdin(keys.as_bytes().to_vec()));
    }

    fn run(&mut self, line: &str) -> (Exit, String, String) {
        self.start(line, |_| {});
        self.end()
    }

    fn collect(&mut self, globs: &[&str]) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let globs = globs.iter().map(|glob| glob.to_string()).collect();
        self.send(&ToAgent::Collect(Collect { globs, max_files: 3, max_bytes: 1000 }));
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        loop {
            match self.next() {
                FromAgent::Artifact { path, .. } => files.push((path, Vec::new())),
                FromAgent::ArtifactData(data) => files.last_mut().unwrap().1.extend(data),
                FromAgent::Collected { skipped } => {
                    return (files, skipped.into_iter().map(|file| file.path).collect());
                }
                other => panic!("unexpected {other:?}"),
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn nix_is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o755);
        builder.append_data(&mut header, path, data.as_bytes()).unwrap();
    }
    zstd::encode_all(&*builder.into_inner().unwrap(), 1).unwrap()
}

#[test]
fn it_refuses_to_run_outside_a_namespace_of_its_own() {
    let output = Command::new(env!("CARGO_BIN_EXE_engunity-agent")).output().unwrap();
    assert!(!output.status.success());
    assert!(text(output.stderr).contains("PID 1"));
}

#[test]
fn a_project_is_unpacked_and_run() {
    let mut agent = Agent::new();
    for piece in archive(&[("bin/hi.sh", "#!/bin/sh\necho \"hi $1\"; echo oops >&2; exit 3")]).chunks(50) {
        agent.send(&ToAgent::Files(piece.to_vec()));
    }
    agent.send(&ToAgent::FilesEnd);
    assert!(matches!(agent.next(), FromAgent::Unpacked { files: 1, .. }));
    let (exit, stdout, stderr) = agent.run("bin/hi.sh you");
    assert_eq!((exit.code, exit.signal, exit.stopped), (Some(3), None, None));
    assert_eq!((stdout.as_str(), stderr.as_str()), ("hi you\n", "oops\n"));
    assert_eq!(agent.run("echo again").1, "again\n");
}

#[test]
fn a_program_finds_only_the_environment_that_was_given() {
    let mut agent = Agent::new();
    agent.start("env; ulimit -n; ulimit -c", |start| drop(start.env.insert("A".into(), "b c".into())));
    let (_, stdout, _) = agent.end();
    let mut lines: Vec<_> =
        stdout.lines().filter(|line| !line.starts_with("PWD=") && !line.starts_with("_=")).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0", "256", "A=b c", "PATH=/usr/bin:/bin"]);
}

/// A field of a file in `/proc/self`, as the program itself saw it.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
    line.trim_start_matches([':', '\t', ' ']).trim_end()
}

/// The fields after the command's name.
fn stat_of(text: &str) -> Vec<&str> {
    text.rsplit_once(')').unwrap().1.split_whitespace().collect()
}

/// What a program inherits, however it was started: what a login shell would have given it.
#[test]
fn a_program_starts_in_the_state_of_a_login_shell() {
    for (shell, on_terminal) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut agent = Agent::new();
        let mut cat = |paths: &str| {
            let words = format!("cat {paths}");
            let change = |start: &mut Start| {
                if !shell {
                    start.argv = words.split(' ').map(str::to_owned).collect();
                }
                start.tty = on_terminal.then_some(TerminalSize { rows: 24, cols: 80 });
            };
            agent.start(&format!("{words}; :"), change);
            agent.end().1.replace('\r', "")
        };
        let context = format!("shell: {shell}, terminal: {on_terminal}");
        let status = cat("/proc/self/status");
        for mask in ["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"] {
            assert_eq!(field(&status, mask), "0000000000000000", "{mask} ({context})");
        }
        assert_eq!(field(&status, "Umask"), "0022", "{context}");
        assert_eq!(field(&status, "TracerPid"), "0", "{context}");
        assert_eq!(field(&status, "Cpus_allowed_list"), host("Cpus_allowed_list"), "{context}");
        assert_eq!(field(&cat("/proc/self/personality"), "0000000"), "0", "{context}");
        assert_eq!(cat("/proc/self/timers"), "", "{context}");
        let limits = cat("/proc/self/limits");
        for (limit, values) in [
            ("Max cpu time", "unlimited unlimited seconds"),
            ("Max open files", "256 256 files"),
            ("Max core file size", "0 0 bytes"),
            ("Max address space", "unlimited unlimited bytes"),
            ("Max data size", "unlimited unlimited bytes"),
            ("Max nice priority", "0 0"),
        ] {
            let found = field(&limits, limit).split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(found, values, "{limit} ({context})");
        }
        // Parent, group, session, terminal, foreground group; later priority, nice value.
        let (own, stat) = (std::fs::read_to_string("/proc/self/stat").unwrap(), cat("/proc/self/stat"));
        let stat = stat_of(&stat);
        assert_eq!(stat[2], stat[3], "it is in the group that leads its session ({context})");
        assert_eq!(stat[4] != "0", on_terminal, "a controlling terminal ({context})");
        if on_terminal {
            assert_eq!(stat[5], stat[2], "it is in the foreground ({context})");
        }
        assert_eq!(stat[15..17], stat_of(&own)[15..17], "priority and nice value ({context})");
    }
}

/// A field of our own `/proc/self/status`: what the agent was given to pass on.
fn host(name: &str) -> String {
    field(&std::fs::read_to_string("/proc/self/status").unwrap(), name).to_owned()
}

#[test]
fn a_program_has_three_descriptors_and_its_folder() {
    let mut agent = Agent::new();
    let root = agent.root.path().to_str().unwrap().to_owned();
    for tty in [None, Some(TerminalSize { rows: 24, cols: 80 })] {
        agent.start("", |start| {
            start.argv = ["env", "ls", "/proc/self/fd"].map(str::to_owned).into();
            start.tty = tty;
        });
        // The fourth is the folder that `ls` reads.
        assert_eq!(agent.end().1.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        agent.start("", |start| {
            start.argv = ["env"].map(str::to_owned).into();
            start.tty = tty;
        });
        assert!(agent.end().1.contains(&format!("PWD={root}")));
    }
}

#[test]
fn open_files_have_a_login_shells_soft_limit() {
    let mut agent = Agent::new();
    agent.start("ulimit -Sn; ulimit -Hn; ulimit -n 4000; ulimit -Sn", |start| start.open_files = 4096);
    assert_eq!(agent.end().1, "1024\n4096\n4000\n");
}

/// The two streams of a run, one after the other as they came.
fn merged(agent: &mut Agent) -> String {
    let mut all = String::new();
    loop {
        match agent.next() {
            FromAgent::Output { data, .. } => all += &text(data),
            FromAgent::Exited(_) => return all,
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// The agent is stopped by nobody here, but it is often later than the program: then both pipes are read together.
#[test]
fn pipes_keep_the_order_of_their_writes() {
    let mut agent = Agent::new();
    agent.start("for i in 1 2 3 4 5 6 7 8 9; do echo e$i >&2; echo o$i; sleep 0.01; done", |_| {});
    let expected: String = (1..=9).map(|i| format!("e{i}\no{i}\n")).collect();
    assert_eq!(merged(&mut agent), expected);
}

#[test]
fn a_command_that_is_not_there_ends_as_in_a_shell() {
    let mut agent = Agent::new();
    agent.start("", |start| start.argv = vec!["no-such-program".into()]);
    let (exit, _, stderr) = agent.end();
    assert_eq!((exit.code, stderr.as_str()), (Some(127), "no-such-program: command not found\n"));
}

#[test]
fn input_is_fed_as_it_is_taken() {
    let mut agent = Agent::new();
    agent.start("wc -c", |start| start.stdin = true);
    agent.send(&ToAgent::Stdin(vec![b'x'; 100_000]));
    agent.send(&ToAgent::Stdin(vec![b'x'; 100_000]));
    agent.send(&ToAgent::StdinEnd);
    assert_eq!(agent.end().1.trim(), "200000");
    assert_eq!(agent.run("cat").1, "", "without input there is an empty one");
}

#[test]
fn the_deadline_kills_what_ignores_signals() {
    let mut agent = Agent::new();
    agent.start("trap '' TERM INT HUP; echo on; while :; do sleep 9; done", |start| start.wall_ms = 200);
    let (exit, stdout, _) = agent.end();
    assert_eq!((exit.stopped, exit.signal), (Some(Stopped::Deadline), Some(9)));
    assert_eq!(stdout, "on\n");
    assert!((200..2000).contains(&exit.wall_ms), "{}", exit.wall_ms);
}

#[test]
fn output_is_cut_to_the_byte() {
    let mut agent = Agent::new();
    agent.start("tr '\\0' x < /dev/zero", |start| start.output_bytes = 100_001);
    let (exit, stdout, _) = agent.end();
    assert_eq!((exit.stopped, stdout.len(), exit.output_bytes), (Some(Stopped::OutputCap), 100_001, 100_001));
    agent.start("printf 12345", |start| start.output_bytes = 5);
    assert_eq!(agent.end().0.stopped, None, "exactly the cap is not beyond it");
}

#[test]
fn a_kill_ends_it_at_once_even_when_nobody_reads_the_output() {
    let mut agent = Agent::new();
    agent.start("yes", |start| start.output_bytes = 1 << 40);
    agent.send(&ToAgent::Kill);
    let (exit, ..) = agent.end();
    assert_eq!(exit.stopped, Some(Stopped::Killed));
}

#[test]
fn daemons_end_with_the_program() {
    let mut agent = Agent::new();
    let began = Instant::now();
    let (exit, stdout, _) = agent.run("setsid sh -c 'sleep 60 & sleep 60' & echo started");
    assert_eq!((exit.code, stdout.as_str()), (Some(0), "started\n"));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(agent.run("ls -d /proc/[0-9]* | wc -l; :").1.trim().parse::<u32>().unwrap() <= 4);
}

#[test]
fn the_agent_survives_its_program_and_shows_it_nothing() {
    let mut agent = Agent::new();
    let (exit, stdout, _) = agent.run("kill -9 1; kill -STOP 1; kill -TERM 1; echo alive");
    assert_eq!((exit.code, stdout.as_str()), (Some(0), "alive\n"));
}

/// The same user may change the limits of its processes; whoever takes the agent's files away takes its evidence too.
#[test]
fn a_program_can_not_change_the_agents_limits_or_priority() {
    let line = "for tool in 'prlimit --pid 1 --nofile=3:3' 'renice -n 19 -p 1' 'renice -n 19 -g 1' 'renice -n 19 -u 0' \
        'taskset -p 1 1' 'chrt -i -p 0 1' 'ionice -c 3 -p 1' 'ionice -c 3 -u 0'; do $tool >/dev/null 2>&1 && echo DID $tool; done
        prlimit --nofile=100 nice ionice -c 3 chrt -i 0 taskset 1 echo one may change oneself";
    let mut agent = Agent::new();
    assert_eq!(agent.run(line).1, "one may change oneself\n");
}

#[test]
fn only_plain_files_are_collected() {
    let mut agent = Agent::new();
    agent.run("mkdir -p out/sub; echo 1 > out/a; echo 22 > out/sub/b; echo x > other; ln -s /etc/passwd out/link; ln other out/hard; mkfifo out/fifo; ln -s /etc out/dir; touch \"$(printf 'out/\\377')\"");
    let (files, skipped) = agent.collect(&["out"]);
    let expected = [("out/a", "1\n"), ("out/hard", "x\n"), ("out/sub/b", "22\n")];
    assert_eq!(files, expected.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
    assert_eq!(skipped, ["out/dir", "out/fifo", "out/link", "out/\u{fffd}"]);
}

#[test]
fn collecting_has_caps() {
    let mut agent = Agent::new();
    agent.run("for i in 1 2 3 4; do echo $i > f$i; done; head -c 2000 /dev/zero > big");
    let (files, skipped) = agent.collect(&["*"]);
    let names: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!((names, skipped), (vec!["f1", "f2", "f3"], vec!["big".to_owned(), "f4".to_owned()]));
}

#[test]
fn an_archive_that_is_none_is_a_failure() {
    let mut agent = Agent::new();
    agent.send(&ToAgent::Files(b"not zstd at all".to_vec()));
    agent.send(&ToAgent::FilesEnd);
    let FromAgent::Failed(failure) = agent.next() else { panic!("it was taken") };
    assert_eq!(failure.kind, FailureKind::Archive);
}

#[test]
fn when_the_worker_goes_everything_ends() {
    let mut agent = Agent::new();
    let marker = agent.root.path().join("beat");
    agent.start("while :; do date +%s%N > beat; done", |_| {});
    wait_until(|| marker.exists());
    agent.input = None;
    let mut rest = Vec::new();
    agent.output.read_to_end(&mut rest).unwrap();
    agent.process.wait().unwrap();
    assert!(is_quiet(&marker));
}

fn wait_until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// With the namespace's PID 1 dead nothing can write any more: what is there now stays.
fn is_quiet(marker: &Path) -> bool {
    let before = std::fs::read(marker).unwrap();
    (0..1000).all(|_| std::fs::read(marker).unwrap() == before)
}
