//! The connection to the worker: frames over the agent's own stdin and stdout, both non-blocking.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd, FromRawFd},
};

use bytes::{Buf, BytesMut};
use engunity_agent::{
    frame::{self, Decoder},
    message::{FromAgent, PIECE, ToAgent},
};
use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

/// With this much unsent, nothing more is read from the program, which then waits in its own `write`.
const HIGH_WATER: usize = 4 * PIECE;

pub struct Channel {
    input: File,
    output: File,
    decoder: Decoder,
    unsent: BytesMut,
    ended: bool,
}

impl Channel {
    pub fn over_stdio() -> io::Result<Self> {
        // SAFETY: descriptors 0 and 1 belong to this process and nothing else in it uses them.
        let (input, output) = unsafe { (File::from_raw_fd(0), File::from_raw_fd(1)) };
        set_nonblocking(&input)?;
        set_nonblocking(&output)?;
        Ok(Self { input, output, decoder: Decoder::default(), unsent: BytesMut::new(), ended: false })
    }

    pub fn input(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    pub fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Queues a message; it leaves with the next [`Channel::push`] or [`Channel::flush`].
    pub fn send(&mut self, message: &FromAgent) {
        let frame = frame::encode(message).expect("messages are far smaller than a frame may be");
        self.unsent.extend_from_slice(&frame);
    }

    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    pub fn is_congested(&self) -> bool {
        self.unsent.len() >= HIGH_WATER
    }

    /// Whether the worker has closed its end.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Writes as much as the pipe takes now.
    pub fn push(&mut self) -> io::Result<()> {
        while self.has_unsent() {
            match self.output.write(&self.unsent) {
                Ok(written) => self.unsent.advance(written),
                Err(problem) if problem.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// Writes everything, however long it takes; fails when the worker goes away.
    pub fn flush(&mut self) -> io::Result<()> {
        self.push()?;
        while self.has_unsent() {
            wait(self.output.as_fd(), PollFlags::POLLOUT)?;
            self.push()?;
        }
        Ok(())
    }

    /// Reads the bytes that have come.
    pub fn pull(&mut self) -> io::Result<()> {
        let mut piece = [0; PIECE];
        match self.input.read(&mut piece) {
            Ok(0) => self.ended = true,
            Ok(read) => self.decoder.extend(&piece[..read]),
            Err(problem)
                if matches!(problem.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(problem) => return Err(problem),
        }
        Ok(())
    }

    /// Takes the next message that is complete.
    pub fn next(&mut self) -> io::Result<Option<ToAgent>> {
        self.decoder.take().map_err(io::Error::other)
    }

    /// Waits for the next message; `None` when the worker has closed its end.
    pub fn receive(&mut self) -> io::Result<Option<ToAgent>> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(Some(message));
            }
            if self.ended {
                return Ok(None);
            }
            wait(self.input.as_fd(), PollFlags::POLLIN)?;
            self.pull()?;
        }
    }
}

/// Makes reads and writes of this descriptor return at once; the other end of the pipe is not affected.
pub fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd.as_fd(), FcntlArg::F_GETFL)?);
    fcntl(fd.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

fn wait(fd: BorrowedFd<'_>, what: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::new(fd, what)], PollTimeout::NONE) {
        Ok(_) | Err(nix::Error::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
