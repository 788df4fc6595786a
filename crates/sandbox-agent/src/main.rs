//! PID 1 of a sandbox: unpacks the project, runs programs within their limits, tells how they ended and what they cost.
//!
//! One thread and one `poll` loop, so nothing here can wait for something that hostile code holds up: the deadline, a
//! kill and the end of the worker are seen while output is stuck and input is not read. It runs as the same unprivileged
//! user as the code it runs; what protects it is the kernel: PID 1 can't be signalled from inside, a process that is not
//! dumpable can't be traced or looked into, and a filter refuses programs the calls that would change its limits. When
//! its stdin ends, the worker is gone, and so is the sandbox.

mod cgroup;
mod channel;
mod child;
mod collect;
mod filter;
mod harden;
mod meter;
mod run;
mod unpack;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use engunity_agent::message::{Failure, FromAgent, ToAgent, VERSION};

use channel::Channel;

/// Where the project lies: the first argument, else this.
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
            eprintln!("engunity-agent: no stdin or stdout: {problem}");
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

/// Does what the worker says until its end of the line closes.
fn serve(channel: &mut Channel, root: &Path) -> Result<(), Failure> {
    channel.send(&FromAgent::Hello { version: VERSION });
    channel.flush()?;
    while let Some(message) = channel.receive()? {
        match message {
            ToAgent::Files(piece) => unpack::unpack(channel, piece, root)?,
            ToAgent::Start(start) => run::run(channel, start, root)?,
            ToAgent::Collect(collect) => collect::collect(channel, &collect, root)?,
            // What was on its way when the program ended.
            ToAgent::FilesEnd | ToAgent::Stdin(_) | ToAgent::StdinEnd | ToAgent::Kill => {}
        }
        channel.flush()?;
    }
    Ok(())
}
