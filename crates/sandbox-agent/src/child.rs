//! Starting a program, and killing everything. A program starts in the state that a login shell would give it, except
//! for what keeps it inside its limits.

use std::{
    fs::{self, File},
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use engunity_agent::message::Start;
use nix::{
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask},
        wait::waitpid,
    },
    unistd::{Pid, setsid},
};

use crate::{channel::set_nonblocking, filter::Filter, terminal, write_order::WriteOrder};

/// The soft limit of open descriptors that login shells have. Programs that use `select` rely on it; those that need
/// more raise it to the hard limit.
const LOGIN_OPEN_FILES: u64 = 1024;
/// The highest signal number of Linux.
const LAST_SIGNAL: libc::c_int = 64;
/// The size of the kernel's signal set.
const SIGNAL_SET_BYTES: usize = 8;

/// A program that has started, with the agent's ends of its streams.
pub struct Program {
    pub pid: Pid,
    pub streams: Streams,
}

/// The agent's ends of a program's streams, all non-blocking.
#[derive(Default)]
pub struct Streams {
    pub stdin: Option<File>,
    pub stdout: Option<File>,
    pub stderr: Option<File>,
    /// In which order the program wrote to two pipes.
    pub order: Option<WriteOrder>,
    /// The terminal's master side, if the program has a terminal; then `stdin` and `stdout` are the same.
    pub terminal: Option<OwnedFd>,
}

/// Starts the program of `start` in a session of its own.
pub fn spawn(start: &Start, root: &Path) -> io::Result<Program> {
    let mut command = command(start, root)?;
    match start.tty {
        Some(size) => {
            let pair = terminal::open(size)?;
            let slave = || io::Result::Ok(Stdio::from(pair.slave.try_clone()?));
            command.stdin(slave()?).stdout(slave()?).stderr(slave()?);
            let pid = Pid::from_raw(command.spawn()?.id() as i32);
            Ok(Program { pid, streams: terminal_streams(pair.master)? })
        }
        None => {
            let ((stdout, out), (stderr, err)) = (io::pipe()?, io::pipe()?);
            let (stdout, stderr) = (own_end(stdout.into())?, own_end(stderr.into())?);
            // Before the program can write.
            let order = WriteOrder::watch(&stdout, &stderr).ok();
            let stdin = if start.stdin { Stdio::piped() } else { Stdio::null() };
            let mut child = command.stdin(stdin).stdout(out).stderr(err).spawn()?;
            let streams = Streams {
                stdin: child.stdin.take().map(|pipe| own_end(pipe.into())).transpose()?,
                stdout: Some(stdout),
                stderr: Some(stderr),
                order,
                terminal: None,
            };
            Ok(Program { pid: Pid::from_raw(child.id() as i32), streams })
        }
    }
}

fn command(start: &Start, root: &Path) -> io::Result<Command> {
    let (program, arguments) = start.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    if let Some(home) = start.env.get("HOME") {
        let _ = fs::create_dir_all(home);
    }
    let folder = root.join(&start.cwd).components().collect::<PathBuf>();
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PWD", &folder).envs(&start.env).current_dir(&folder);
    let (open_files, file_bytes, has_terminal) = (start.open_files, start.file_bytes, start.tty.is_some());
    let filter = Filter::new();
    // SAFETY: the agent has one thread, so the child may do anything between fork and exec.
    unsafe {
        command.pre_exec(move || {
            setsid()?;
            if has_terminal {
                terminal::control()?;
            }
            reset_signals()?;
            limit(open_files, file_bytes)?;
            filter.install()
        })
    };
    Ok(command)
}

fn terminal_streams(master: OwnedFd) -> io::Result<Streams> {
    Ok(Streams {
        stdin: Some(own_end(master.try_clone()?)?),
        stdout: Some(own_end(master.try_clone()?)?),
        stderr: None,
        order: None,
        terminal: Some(master),
    })
}

fn own_end(pipe: OwnedFd) -> io::Result<File> {
    set_nonblocking(&pipe)?;
    Ok(pipe.into())
}

/// No signal is blocked or ignored. The agent itself blocks SIGCHLD, and whatever started it may have left more.
fn reset_signals() -> nix::Result<()> {
    // What the kernel takes: handler, flags, restorer and mask, all zero, is the default action. The C library's own
    // function refuses the two numbers that it uses itself.
    let default = [0usize; 4];
    for number in 1..=LAST_SIGNAL {
        // SAFETY: the kernel reads `default` and writes nothing. No handler of this process runs before the exec.
        unsafe {
            libc::syscall(libc::SYS_rt_sigaction, number, &raw const default, 0usize, SIGNAL_SET_BYTES)
        };
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
}

/// Limits that the program can't raise.
fn limit(open_files: u64, file_bytes: u64) -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, open_files.min(LOGIN_OPEN_FILES), open_files)?;
    setrlimit(Resource::RLIMIT_FSIZE, file_bytes, file_bytes)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    // When memory runs out, the kernel must kill the program and not the agent, which reports it. The file belongs to
    // root while the process is not dumpable; the exec makes it dumpable anyway.
    prctl::set_dumpable(true)?;
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Kills and reaps every other process of the sandbox. A `kill` of all processes is atomic with respect to forks.
pub fn kill_all() {
    loop {
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        match waitpid(None, None) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(_) => return,
        }
    }
}
