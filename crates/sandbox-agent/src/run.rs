//! One program, from start to evidence: its output out, its input in, its limits kept, nothing of it left.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use engunity_agent::message::{Exit, Failure, FromAgent, PIECE, Start, Stopped, Stream, ToAgent};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use crate::{
    channel::{Channel, set_nonblocking},
    child,
    meter::Meter,
};

/// How often what can only be sampled is sampled.
const TICK: Duration = Duration::from_millis(50);

/// Runs `start` to its end and reports it.
pub fn run(channel: &mut Channel, start: Start, root: &Path) -> Result<(), Failure> {
    let meter = Meter::begin(&start.scratch);
    let exit = match child::spawn(&start, root) {
        Ok(child) => {
            channel.send(&FromAgent::Started);
            Run::new(channel, child, &start, meter)?.into_exit()?
        }
        Err(problem) => not_started(channel, &start, &problem, meter),
    };
    channel.send(&FromAgent::Exited(exit));
    Ok(())
}

/// Says what a shell would say, with the codes a shell would use.
fn not_started(channel: &mut Channel, start: &Start, problem: &io::Error, meter: Meter) -> Exit {
    let program = start.argv.first().map_or("", String::as_str);
    let (code, why) = match problem.kind() {
        io::ErrorKind::NotFound => (127, "command not found".to_owned()),
        _ => (126, problem.to_string()),
    };
    let data = format!("{program}: {why}\n").into_bytes();
    let output_bytes = data.len() as u64;
    channel.send(&FromAgent::Started);
    channel.send(&FromAgent::Output { stream: Stream::Stderr, data });
    Exit { code: Some(code), output_bytes, ..meter.finish() }
}

/// A program under way.
struct Run<'a> {
    channel: &'a mut Channel,
    signals: SignalFd,
    program: Pid,
    stdin: Option<File>,
    stdout: Option<File>,
    stderr: Option<File>,
    input: BytesMut,
    input_ended: bool,
    deadline: Instant,
    output_cap: u64,
    output_bytes: u64,
    stopped: Option<Stopped>,
    status: Option<WaitStatus>,
    meter: Meter,
}

/// What a poll is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Worker,
    Unsent,
    Signal,
    Stdin,
    Output(Stream),
}

impl<'a> Run<'a> {
    fn new(channel: &'a mut Channel, child: Child, start: &Start, meter: Meter) -> io::Result<Self> {
        let signals = SignalFd::with_flags(
            &SigSet::from(Signal::SIGCHLD),
            SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
        )?;
        Ok(Self {
            channel,
            signals,
            program: Pid::from_raw(child.id() as i32),
            stdin: child.stdin.map(|pipe| our_end(pipe.into())).transpose()?,
            stdout: child.stdout.map(|pipe| our_end(pipe.into())).transpose()?,
            stderr: child.stderr.map(|pipe| our_end(pipe.into())).transpose()?,
            input: BytesMut::new(),
            input_ended: false,
            deadline: Instant::now() + Duration::from_millis(start.wall_ms),
            output_cap: start.output_bytes,
            output_bytes: 0,
            stopped: None,
            status: None,
            meter,
        })
    }

    fn into_exit(mut self) -> io::Result<Exit> {
        while !self.is_over() {
            for source in self.wait()? {
                self.attend(source)?;
            }
            self.take_orders()?;
            self.meter.sample();
            if self.status.is_none() && Instant::now() >= self.deadline {
                self.stop(Stopped::Deadline);
            }
        }
        Ok(self.exit())
    }

    /// The program has been reaped, and what it and its children wrote is on its way.
    fn is_over(&self) -> bool {
        self.status.is_some() && self.stdout.is_none() && self.stderr.is_none()
    }

    /// Waits until something can be done, a moment at most.
    fn wait(&self) -> io::Result<Vec<Source>> {
        let watched = self.watched();
        let mut fds: Vec<PollFd> = watched.iter().map(|&(_, fd, flags)| PollFd::new(fd, flags)).collect();
        match poll(&mut fds, self.patience()) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ready = fds.iter().map(|fd| fd.any().unwrap_or(true));
        Ok(watched.iter().zip(ready).filter(|(_, ready)| *ready).map(|((source, ..), _)| *source).collect())
    }

    fn patience(&self) -> PollTimeout {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let tick = if self.status.is_none() { left.min(TICK) } else { TICK };
        // Rounded up: a poll that ends a fraction too early would spin.
        PollTimeout::try_from(tick + Duration::from_millis(1)).unwrap_or(PollTimeout::ZERO)
    }

    fn watched(&self) -> Vec<(Source, BorrowedFd<'_>, PollFlags)> {
        let mut watched = vec![
            (Source::Worker, self.channel.input(), PollFlags::POLLIN),
            (Source::Signal, self.signals.as_fd(), PollFlags::POLLIN),
        ];
        if self.channel.has_unsent() {
            watched.push((Source::Unsent, self.channel.output(), PollFlags::POLLOUT));
        }
        if let Some(stdin) = self.stdin.as_ref().filter(|_| !self.input.is_empty()) {
            watched.push((Source::Stdin, stdin.as_fd(), PollFlags::POLLOUT));
        }
        if !self.channel.is_congested() {
            let streams = [(Stream::Stdout, &self.stdout), (Stream::Stderr, &self.stderr)];
            for (stream, pipe) in streams {
                watched.extend(
                    pipe.as_ref().map(|pipe| (Source::Output(stream), pipe.as_fd(), PollFlags::POLLIN)),
                );
            }
        }
        watched
    }

    fn attend(&mut self, source: Source) -> io::Result<()> {
        match source {
            Source::Worker => self.channel.pull(),
            Source::Unsent => self.channel.push(),
            Source::Signal => self.reap(),
            Source::Stdin => self.feed(),
            Source::Output(stream) => self.read(stream),
        }
    }

    /// Does what the worker has said meanwhile.
    fn take_orders(&mut self) -> io::Result<()> {
        while let Some(message) = self.channel.next()? {
            match message {
                ToAgent::Kill => self.stop(Stopped::Killed),
                ToAgent::Stdin(data) => self.input.extend_from_slice(&data),
                ToAgent::StdinEnd => self.input_ended = true,
                _ => return Err(io::Error::other("a program is running")),
            }
        }
        if self.channel.has_ended() {
            return Err(io::Error::other("the worker is gone"));
        }
        if self.input_ended && self.input.is_empty() {
            self.stdin = None;
        }
        Ok(())
    }

    /// Reaps whoever ended; orphans too, which the kernel gives to PID 1.
    fn reap(&mut self) -> io::Result<()> {
        while self.signals.read_signal()?.is_some() {}
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(nix::Error::ECHILD) => return Ok(()),
                Ok(status) if status.pid() == Some(self.program) => self.end(status),
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// With the program ends everything that it has left behind.
    fn end(&mut self, status: WaitStatus) {
        self.meter.stop();
        self.status = Some(status);
        self.stdin = None;
        child::kill_all();
    }

    fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() && self.status.is_none() {
            self.stopped = Some(why);
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        }
    }

    /// Gives the program what its input pipe takes; what it will never read is dropped.
    fn feed(&mut self) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match stdin.write(&self.input) {
            Ok(written) => {
                self.input.advance(written);
                self.channel.send(&FromAgent::StdinTaken { bytes: written as u64 });
            }
            Err(problem) if problem.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => {
                self.channel.send(&FromAgent::StdinTaken { bytes: self.input.len() as u64 });
                self.input.clear();
                self.stdin = None;
            }
        }
        Ok(())
    }

    fn read(&mut self, stream: Stream) -> io::Result<()> {
        let pipe = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let mut piece = [0; PIECE];
        match pipe.as_mut().map_or(Ok(0), |pipe| pipe.read(&mut piece)) {
            Ok(0) => *pipe = None,
            Ok(read) => self.pass_on(stream, &piece[..read]),
            Err(problem) if problem.kind() == io::ErrorKind::WouldBlock => {}
            Err(problem) => return Err(problem),
        }
        Ok(())
    }

    /// Sends output up to the cap, to the byte; what goes beyond ends the program.
    fn pass_on(&mut self, stream: Stream, data: &[u8]) {
        let left = self.output_cap - self.output_bytes;
        let kept = &data[..data.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        if !kept.is_empty() {
            self.output_bytes += kept.len() as u64;
            self.channel.send(&FromAgent::Output { stream, data: kept.to_vec() });
        }
        if kept.len() < data.len() {
            self.stop(Stopped::OutputCap);
            self.stopped.get_or_insert(Stopped::OutputCap);
        }
    }

    fn exit(self) -> Exit {
        let (code, signal) = match self.status {
            Some(WaitStatus::Exited(_, code)) => (Some(code), None),
            Some(WaitStatus::Signaled(_, signal, _)) => (None, Some(signal as i32)),
            _ => (None, None),
        };
        Exit { code, signal, stopped: self.stopped, output_bytes: self.output_bytes, ..self.meter.finish() }
    }
}

fn our_end(pipe: OwnedFd) -> io::Result<File> {
    set_nonblocking(&pipe)?;
    Ok(pipe.into())
}
