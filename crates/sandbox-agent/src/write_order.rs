//! In which order a program wrote to its two pipes. The kernel keeps none between pipes, but it can send a signal for
//! each write (`F_SETSIG`), and queued signals keep their order. They tell the stream, not the length: what was written in
//! several turns is divided by lines. A hint, taken where it fits; without it stdout comes first.

use std::{
    fs::File,
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
};

use engunity_agent::message::Stream;

/// Names the signal that is sent instead of SIGIO; the `libc` crate does not know it.
const F_SETSIG: libc::c_int = 10;
/// Signals of one look. More wait for the next.
const MOST: usize = 256;

pub struct WriteOrder {
    signals: OwnedFd,
    stderr: RawFd,
}

impl WriteOrder {
    /// Asks for a signal for each write. The signals are blocked: they are only read.
    pub fn watch(stdout: &File, stderr: &File) -> io::Result<Self> {
        let signals = open_signals()?;
        for pipe in [stdout, stderr] {
            for (request, value) in [
                (libc::F_SETOWN, std::process::id() as libc::c_int),
                (F_SETSIG, libc::SIGRTMIN()),
                (libc::F_SETFL, libc::O_NONBLOCK | libc::O_ASYNC),
            ] {
                // SAFETY: these requests take a number.
                check(unsafe { libc::fcntl(pipe.as_raw_fd(), request, value) })?;
            }
        }
        Ok(Self { signals, stderr: stderr.as_raw_fd() })
    }

    /// Takes the writes that were made since the last time, in order.
    pub fn take(&self) -> Vec<Stream> {
        // SAFETY: the structure is plain data, for which zero is a value.
        let mut infos: [libc::signalfd_siginfo; MOST] = unsafe { std::mem::zeroed() };
        // SAFETY: the buffer is as long as is said.
        let read =
            unsafe { libc::read(self.signals.as_raw_fd(), infos.as_mut_ptr().cast(), size_of_val(&infos)) };
        let count = usize::try_from(read).unwrap_or(0) / size_of::<libc::signalfd_siginfo>();
        let stream = |info: &libc::signalfd_siginfo| {
            if info.ssi_fd == self.stderr { Stream::Stderr } else { Stream::Stdout }
        };
        infos[..count].iter().map(stream).collect()
    }
}

fn open_signals() -> io::Result<OwnedFd> {
    // SAFETY: the set is initialized before it is used; the descriptor that comes back belongs to nobody else.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        check(libc::sigemptyset(&mut set))?;
        check(libc::sigaddset(&mut set, libc::SIGRTMIN()))?;
        // What comes instead when the queue is full.
        check(libc::sigaddset(&mut set, libc::SIGIO))?;
        check(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()))?;
        check(libc::sigdelset(&mut set, libc::SIGIO))?;
        Ok(OwnedFd::from_raw_fd(check(libc::signalfd(-1, &set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC))?))
    }
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Puts what was read from both pipes into the order of the writes.
pub fn interleave<'a>(writes: &[Stream], stdout: &'a [u8], stderr: &'a [u8]) -> Vec<(Stream, &'a [u8])> {
    let mut turns = writes.to_vec();
    turns.dedup();
    let pieces = |stream: Stream, data: &'a [u8]| {
        let count = turns.iter().filter(|turn| **turn == stream).count();
        let lines: Vec<&[u8]> = data.split_inclusive(|byte| *byte == b'\n').collect();
        // A line for each turn; else all of it at the first.
        let parts = if lines.len() == count && data.ends_with(b"\n") { lines } else { vec![data] };
        parts.into_iter()
    };
    let mut out = pieces(Stream::Stdout, stdout);
    let mut err = pieces(Stream::Stderr, stderr);
    let missing = [Stream::Stdout, Stream::Stderr].into_iter().filter(|stream| !turns.contains(stream));
    let order: Vec<Stream> = turns.iter().copied().chain(missing).collect();
    let next = |stream| match stream {
        Stream::Stdout => out.next(),
        Stream::Stderr => err.next(),
    };
    let mut next = next;
    order
        .into_iter()
        .filter_map(|stream| Some((stream, next(stream)?)))
        .filter(|(_, data)| !data.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stream::{Stderr as E, Stdout as O};

    fn text(writes: &[Stream], stdout: &str, stderr: &str) -> String {
        let pieces = interleave(writes, stdout.as_bytes(), stderr.as_bytes());
        pieces.into_iter().map(|(_, data)| String::from_utf8_lossy(data).into_owned()).collect()
    }

    #[test]
    fn writes_keep_their_order() {
        assert_eq!(text(&[E, O], "o\n", "e\n"), "e\no\n");
        assert_eq!(text(&[O, E, O, E], "o1\no2\n", "e1\ne2\n"), "o1\ne1\no2\ne2\n");
        assert_eq!(text(&[O, O, E, E, O, O], "o1\no2\n", "e1\n"), "o1\ne1\no2\n", "a line in two writes");
    }

    #[test]
    fn what_can_not_be_divided_stays_whole() {
        assert_eq!(text(&[E, O, E], "o", "e1e2"), "e1e2o");
        assert_eq!(text(&[O, E, O], "a\nb\nc\n", "e\n"), "a\nb\nc\ne\n");
        assert_eq!(text(&[], "o\n", "e\n"), "o\ne\n", "without a hint");
        assert_eq!(text(&[E], "o\n", "e\n"), "e\no\n");
    }
}
