//! A program's terminal: a pair of pseudo-terminal ends in Linux' default mode (line editing, echo, Ctrl-C, Ctrl-D).

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

use engunity_agent::message::TerminalSize;
use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    pty::{OpenptyResult, Winsize, openpty},
    sys::termios::{InputFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr},
};

/// Opens a terminal of this size. Neither end is inherited by programs, except where it becomes a standard stream.
pub fn open(size: TerminalSize) -> io::Result<OpenptyResult> {
    let pair = openpty(Some(&winsize(size)), None)?;
    for end in [&pair.master, &pair.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    let mut mode = tcgetattr(&pair.slave)?;
    // Backspace removes a whole character, not one byte of it.
    mode.input_flags.insert(InputFlags::IUTF8);
    tcsetattr(&pair.slave, SetArg::TCSANOW, &mode)?;
    Ok(pair)
}

/// Makes the terminal that is the caller's stdin its controlling terminal. The caller leads a session without one.
pub fn control() -> io::Result<()> {
    // SAFETY: the request takes a number and touches no memory.
    let done = unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Changes the size; the kernel tells the foreground programs by SIGWINCH.
pub fn resize(master: BorrowedFd<'_>, size: TerminalSize) {
    let size = winsize(size);
    // SAFETY: the kernel reads one winsize.
    unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
}

/// The byte that means end of input on this terminal: Ctrl-D, unless the program has chosen another.
pub fn end_of_input(master: impl AsFd) -> u8 {
    const CTRL_D: u8 = 4;
    tcgetattr(master).map_or(CTRL_D, |mode| mode.control_chars[SpecialCharacterIndices::VEOF as usize])
}

fn winsize(size: TerminalSize) -> Winsize {
    Winsize { ws_row: size.rows, ws_col: size.cols, ws_xpixel: 0, ws_ypixel: 0 }
}
