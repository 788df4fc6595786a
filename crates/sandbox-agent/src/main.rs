//! PID 1 of a sandbox: unpacks the project, runs programs within their limits, reports how they ended and what they used.
//!
//! One thread and one `poll` loop, so hostile code can't block it: it notices the deadline, a kill and the loss of the
//! worker while output is stuck and input is not read. It runs as the same unprivileged user as the code it runs. The
//! kernel protects it: PID 1 can't be signalled from inside, a process that is not dumpable can't be traced or read, and
//! a seccomp filter refuses programs the calls that would change its limits. When its stdin is closed, the worker is
//! gone, and the sandbox ends.

mod cgroup;
mod channel;
mod child;
mod collect;
mod filter;
mod harden;
mod meter;
mod run;
mod terminal;
mod unpack;
mod write_order;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use engunity_agent::message::{Failure, FromAgent, ToAgent, VERSION};

use channel::Channel;

/// The project's folder, unless the first argument names another.
const ROOT: &str = "/workspace";

fn main() -> ExitCode {
    let root = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ROOT.into()));
    if let Err(problem) = harden::harden() {
        eprintln!("engunity-agent: {problem}");
        return ExitCode::FAILURE;
    }
    let mut channel = match Channel::over_stdio() {
        Ok(channel) => channel,
        Err(problem) => {
            eprintln!("engunity-agent: stdin or stdout is missing: {problem}");
            return ExitCode::FAILURE;
        }
    };
    let ended = serve(&mut channel, &root);
    child::kill_all();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            channel.send(&FromAgent::Failed(failure));
            let _ = channel.flush();
            ExitCode::FAILURE
        }
    }
}

/// Handles the worker's messages until it closes the connection.
fn serve(channel: &mut Channel, root: &Path) -> Result<(), Failure> {
    channel.send(&FromAgent::Hello { version: VERSION });
    channel.flush()?;
    while let Some(message) = channel.receive()? {
        match message {
            ToAgent::Files(piece) => unpack::unpack(channel, piece, root)?,
            ToAgent::Start(start) => run::run(channel, start, root)?,
            ToAgent::Collect(collect) => collect::collect(channel, &collect, root)?,
            // Messages for a program that has ended meanwhile.
            ToAgent::FilesEnd
            | ToAgent::Stdin(_)
            | ToAgent::StdinEnd
            | ToAgent::Resize(_)
            | ToAgent::Kill => {}
        }
        channel.flush()?;
    }
    Ok(())
}
