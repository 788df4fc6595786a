//! Starting a program apart from the agent, and ending everything.

use std::{
    fs, io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use engunity_agent::message::Start;
use nix::{
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{Signal, kill},
        wait::{WaitStatus, waitpid},
    },
    unistd::{Pid, setsid},
};

use crate::filter::Filter;

/// So that the agent gets the processor first when a fork bomb wants it too.
const NICE: libc::c_int = 5;

/// Starts what `start` says, in a session of its own.
pub fn spawn(start: &Start, root: &Path) -> io::Result<Child> {
    let (program, arguments) = start.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    if let Some(home) = start.env.get("HOME") {
        let _ = fs::create_dir_all(home);
    }
    let (open_files, file_bytes) = (start.open_files, start.file_bytes);
    let filter = Filter::new();
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&start.env).current_dir(root.join(&start.cwd));
    command
        .stdin(if start.stdin { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: the agent has one thread, so the child may do anything between fork and exec.
    unsafe {
        command.pre_exec(move || {
            set_apart(open_files, file_bytes)?;
            filter.install()
        })
    };
    command.spawn()
}

/// Between fork and exec: what the program can't undo.
fn set_apart(open_files: u64, file_bytes: u64) -> nix::Result<()> {
    setsid()?;
    setrlimit(Resource::RLIMIT_NOFILE, open_files, open_files)?;
    setrlimit(Resource::RLIMIT_FSIZE, file_bytes, file_bytes)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    // SAFETY: no memory is involved.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    // When memory runs out the program goes, not the agent that has to tell. The file belongs to root while the process
    // is not dumpable, which it becomes anyway with the exec.
    prctl::set_dumpable(true)?;
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Kills and reaps every other process of the sandbox. A `kill` of all is atomic against forks.
pub fn kill_all() {
    loop {
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        match waitpid(None, None) {
            Ok(WaitStatus::StillAlive) | Err(nix::Error::EINTR) | Ok(_) => {}
            Err(_) => return,
        }
    }
}
