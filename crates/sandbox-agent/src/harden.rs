//! What the agent does to itself before it takes messages: it runs beside hostile code of the same user.

use nix::{
    sys::{
        prctl,
        signal::{SigSet, SigmaskHow, Signal, sigprocmask},
        stat::{Mode, umask},
    },
    unistd::getpid,
};

/// Makes this process unreadable for sandboxed code, and sets what programs inherit.
pub fn harden() -> Result<(), String> {
    // The agent kills all other processes it can reach: outside a PID namespace of its own, that is the whole machine.
    if getpid().as_raw() != 1 {
        return Err("runs only as PID 1 of a sandbox".into());
    }
    let problem = |what: &'static str| move |errno: nix::Error| format!("could not {what}: {errno}");
    prctl::set_dumpable(false).map_err(problem("become undumpable"))?;
    prctl::set_no_new_privs().map_err(problem("give up new privileges"))?;
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::from(Signal::SIGCHLD)), None)
        .map_err(problem("block SIGCHLD"))?;
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    close_inherited();
    Ok(())
}

/// Closes descriptors that the container's runtime may have left open beside stdin, stdout and stderr.
fn close_inherited() {
    // SAFETY: the program has opened nothing yet, so no owner of these descriptors exists.
    unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
}
