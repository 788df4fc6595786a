//! One program, from its start to the report of its end: passes output and input on, keeps the limits, and leaves no
//! process behind.

use std::{
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    path::Path,
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
    channel::Channel,
    child::{self, Program, Streams},
    meter::Meter,
    terminal,
    write_order::{self, WriteOrder},
};

/// Runs `start` to its end and reports it.
pub fn run(channel: &mut Channel, start: Start, root: &Path) -> Result<(), Failure> {
    let meter = Meter::begin(&start.scratch);
    let exit = match child::spawn(&start, root) {
        Ok(program) => {
            channel.send(&FromAgent::Started);
            Run::new(channel, program, &start, meter)?.into_exit()?
        }
        Err(problem) => not_started(channel, &start, &problem, meter),
    };
    channel.send(&FromAgent::Exited(exit));
    Ok(())
}

/// Reports a program that could not be started as a shell would, with a shell's exit codes.
fn not_started(channel: &mut Channel, start: &Start, problem: &io::Error, meter: Meter) -> Exit {
    let program = start.argv.first().map_or("", String::as_str);
    let (code, why) = match problem.kind() {
        io::ErrorKind::NotFound => (127, "command not found".to_owned()),
        _ => (126, problem.to_string()),
    };
    let (stream, end) = if start.tty.is_some() { (Stream::Stdout, "\r\n") } else { (Stream::Stderr, "\n") };
    let data = format!("{program}: {why}{end}").into_bytes();
    let output_bytes = data.len() as u64;
    channel.send(&FromAgent::Started);
    channel.send(&FromAgent::Output { stream, data });
    Exit { code: Some(code), output_bytes, ..meter.finish() }
}

/// Enough for a report and what the kernel needs to carry it.
const RESERVE: usize = 2 * 1024 * 1024;

/// A running program.
struct Run<'a> {
    channel: &'a mut Channel,
    signals: SignalFd,
    program: Pid,
    streams: Streams,
    input: BytesMut,
    /// The last input ended a line.
    at_line_start: bool,
    input_ended: bool,
    deadline: Instant,
    output_cap: u64,
    output_bytes: u64,
    stopped: Option<Stopped>,
    status: Option<WaitStatus>,
    meter: Meter,
    /// Memory that is given back when the program has ended. Files may then still hold all the rest, and the kernel
    /// would kill this process, the last one, at the first page that its report needs.
    reserve: Vec<u8>,
}

/// What a poll found ready.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Worker,
    Unsent,
    Signal,
    Stdin,
    Output(Stream),
}

impl<'a> Run<'a> {
    fn new(channel: &'a mut Channel, program: Program, start: &Start, meter: Meter) -> io::Result<Self> {
        let signals = SignalFd::with_flags(
            &SigSet::from(Signal::SIGCHLD),
            SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
        )?;
        Ok(Self {
            channel,
            signals,
            program: program.pid,
            streams: program.streams,
            input: BytesMut::new(),
            at_line_start: true,
            input_ended: false,
            deadline: Instant::now() + Duration::from_millis(start.wall_ms),
            output_cap: start.output_bytes,
            output_bytes: 0,
            stopped: None,
            status: None,
            meter,
            // Not zero: the pages must be there, not only be promised.
            reserve: vec![1; RESERVE],
        })
    }

    fn into_exit(mut self) -> io::Result<Exit> {
        while !self.is_over() {
            let ready = self.wait()?;
            if [Stream::Stdout, Stream::Stderr].iter().all(|stream| ready.contains(&Source::Output(*stream)))
            {
                self.read_both()?;
            }
            for source in ready {
                self.attend(source)?;
            }
            self.handle_messages()?;
            self.meter.sample();
            if self.status.is_none() && Instant::now() >= self.deadline {
                self.stop(Stopped::Deadline);
            }
        }
        Ok(self.exit())
    }

    /// The program has been reaped, and all that it and its children wrote has been read.
    fn is_over(&self) -> bool {
        self.status.is_some() && self.streams.stdout.is_none() && self.streams.stderr.is_none()
    }

    /// Waits until something can be done, at most until the next sample.
    fn wait(&self) -> io::Result<Vec<Source>> {
        let watched = self.watched();
        let mut fds: Vec<PollFd<'_>> = watched.iter().map(|&(_, fd, flags)| PollFd::new(fd, flags)).collect();
        match poll(&mut fds, self.poll_timeout()) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ready = fds.iter().map(|fd| fd.any().unwrap_or(true));
        Ok(watched.iter().zip(ready).filter(|(_, ready)| *ready).map(|((source, ..), _)| *source).collect())
    }

    fn poll_timeout(&self) -> PollTimeout {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let tick = self.meter.tick();
        let tick = if self.status.is_none() { left.min(tick) } else { tick };
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
        if let Some(stdin) = self.streams.stdin.as_ref().filter(|_| !self.input.is_empty()) {
            watched.push((Source::Stdin, stdin.as_fd(), PollFlags::POLLOUT));
        }
        if !self.channel.is_congested() {
            let streams = [(Stream::Stdout, &self.streams.stdout), (Stream::Stderr, &self.streams.stderr)];
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

    /// Handles the messages that have come from the worker.
    fn handle_messages(&mut self) -> io::Result<()> {
        while let Some(message) = self.channel.next()? {
            match message {
                ToAgent::Kill => self.stop(Stopped::Killed),
                ToAgent::Stdin(data) => self.take_input(&data),
                ToAgent::StdinEnd => self.end_input(),
                ToAgent::Resize(size) => {
                    if let Some(master) = &self.streams.terminal {
                        terminal::resize(master.as_fd(), size);
                    }
                }
                _ => return Err(io::Error::other("a program is running")),
            }
        }
        if self.channel.has_ended() {
            return Err(io::Error::other("the worker is gone"));
        }
        if self.input_ended && self.input.is_empty() {
            self.streams.stdin = None;
        }
        Ok(())
    }

    fn take_input(&mut self, data: &[u8]) {
        self.at_line_start = data.last().is_none_or(|last| matches!(last, b'\n' | b'\r'));
        self.input.extend_from_slice(data);
    }

    /// Closes a pipe when everything is written. A terminal has no end: there the key for it is typed, twice when a line
    /// has begun, as a person would.
    fn end_input(&mut self) {
        if let Some(master) = self.streams.terminal.as_ref().filter(|_| !self.input_ended) {
            let key = terminal::end_of_input(master);
            let times = if self.at_line_start { 1 } else { 2 };
            self.input.extend_from_slice(&[key; 2][..times]);
        }
        self.input_ended = true;
    }

    /// Reaps every process that has ended. The kernel makes PID 1 the parent of orphans.
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

    /// When the program has ended, everything it left running is killed.
    fn end(&mut self, status: WaitStatus) {
        self.reserve = Vec::new();
        self.meter.stop();
        self.status = Some(status);
        self.streams.stdin = None;
        child::kill_all();
    }

    fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() && self.status.is_none() {
            self.stopped = Some(why);
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        }
    }

    /// Writes as much input as the program's stdin takes; what it will never read is dropped.
    fn feed(&mut self) -> io::Result<()> {
        let Some(stdin) = &mut self.streams.stdin else { return Ok(()) };
        match stdin.write(&self.input) {
            Ok(written) => {
                self.input.advance(written);
                self.channel.send(&FromAgent::StdinTaken { bytes: written as u64 });
            }
            Err(problem) if is_passing(&problem) => {}
            Err(_) => {
                self.channel.send(&FromAgent::StdinTaken { bytes: self.input.len() as u64 });
                self.input.clear();
                self.streams.stdin = None;
            }
        }
        Ok(())
    }

    /// Both pipes have something: passes it on in the order in which it was written.
    fn read_both(&mut self) -> io::Result<()> {
        let (Some(stdout), Some(stderr), Some(order)) =
            (&mut self.streams.stdout, &mut self.streams.stderr, &self.streams.order)
        else {
            return Ok(());
        };
        let writes = order.take();
        let (mut out, mut err) = ([0; PIECE], [0; PIECE]);
        // An end is left to `read`, which meets it again.
        let out_bytes = stdout.read(&mut out).unwrap_or(0);
        let err_bytes = stderr.read(&mut err).unwrap_or(0);
        for (stream, data) in write_order::interleave(&writes, &out[..out_bytes], &err[..err_bytes]) {
            self.pass_on(stream, data);
        }
        Ok(())
    }

    fn read(&mut self, stream: Stream) -> io::Result<()> {
        // Of one stream alone there is no order to know.
        drop(self.streams.order.as_ref().map(WriteOrder::take));
        let source = match stream {
            Stream::Stdout => &mut self.streams.stdout,
            Stream::Stderr => &mut self.streams.stderr,
        };
        let mut piece = [0; PIECE];
        match source.as_mut().map_or(Ok(0), |source| source.read(&mut piece)) {
            Ok(0) => *source = None,
            Ok(read) => self.pass_on(stream, &piece[..read]),
            Err(problem) if is_passing(&problem) => {}
            // No process has the terminal open any more.
            Err(_) if self.streams.terminal.is_some() => *source = None,
            Err(problem) => return Err(problem),
        }
        Ok(())
    }

    /// Sends output up to the cap, to the byte; a program that writes more is killed.
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

fn is_passing(problem: &io::Error) -> bool {
    matches!(problem.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
