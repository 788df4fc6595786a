//! What is typed here reaches the program there: keys one by one with a terminal of its own, else lines or a stream.
//!
//! While a program has a terminal, ours is in raw mode: Ctrl-C and Ctrl-D are bytes for the program. Three times Ctrl-C
//! within a second is for us: it counts as one interrupt.

use std::{
    io::{self, IsTerminal, Read},
    time::{Duration, Instant},
};

use engunity_protocol::{
    JobId,
    event::Encoding,
    job::{InputMode, InputRequest, RunRequest},
    problem::ErrorCode,
    spec::TerminalSize,
};
use nix::sys::{
    signal::{Signal, raise},
    termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinHandle,
    time::sleep,
};

use crate::{args, client::Client, error::Result};

const PIECE: usize = 4096;
/// Bytes of one request.
const MOST_AT_ONCE: usize = 32 * 1024;
/// Pieces that are read ahead of the network.
const READ_AHEAD: usize = 16;
/// Until a program that is not there yet, or reads slowly, is offered the same input again.
const RETRY: Duration = Duration::from_millis(150);
const CTRL_C: u8 = 3;
const CTRL_C_TIMES: u8 = 3;
const CTRL_C_WITHIN: Duration = Duration::from_secs(1);

/// How input is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: the program's input is what `--stdin` says, or empty.
    Closed,
    /// As it comes, until it ends.
    Live,
    /// Key by key, to a terminal.
    Terminal,
}

/// What the standard streams are here.
#[derive(Debug, Clone, Copy)]
pub struct Streams {
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
}

impl Streams {
    pub fn ours() -> Self {
        Self { stdin_is_terminal: io::stdin().is_terminal(), stdout_is_terminal: io::stdout().is_terminal() }
    }
}

impl Mode {
    /// What the options say; without a word from them, a person at a terminal gets one for the program, and a script
    /// gets an input that ends.
    pub fn of(args: &args::Run, streams: Streams, json: bool) -> Self {
        let is_watched = !json && !args.detach && args.what.stdin.is_none();
        let typed = streams.stdin_is_terminal && is_watched;
        if args.tty || (!args.no_tty && typed && streams.stdout_is_terminal) {
            Self::Terminal
        } else if args.interactive || typed {
            Self::Live
        } else {
            Self::Closed
        }
    }

    /// Asks for it.
    pub fn apply(self, request: &mut RunRequest) {
        if self == Self::Terminal {
            request.tty = true;
            request.terminal = Some(terminal_size());
        }
        request.input = match self {
            Self::Closed => None,
            Self::Live | Self::Terminal => Some(InputMode::Live),
        };
    }
}

fn terminal_size() -> TerminalSize {
    let found = console::Term::stdout().size_checked().map(|(rows, cols)| TerminalSize { rows, cols });
    found.filter(|size| size.is_valid()).unwrap_or_default()
}

/// Passes on what is typed for as long as it lives.
pub struct Keyboard {
    mode: Mode,
    client: Client,
    job: JobId,
    typing: Option<(JoinHandle<()>, Option<RawMode>)>,
}

impl Keyboard {
    pub fn new(mode: Mode, client: &Client, job: JobId) -> Self {
        Self { mode, client: client.clone(), job, typing: None }
    }

    /// Begins when the program runs; again is fine.
    pub fn start(&mut self) -> Result<()> {
        if self.mode == Mode::Closed || self.typing.is_some() {
            return Ok(());
        }
        let is_terminal = self.mode == Mode::Terminal;
        let raw = if is_terminal && io::stdin().is_terminal() { Some(RawMode::enter()?) } else { None };
        let typist = Typist::new(self.client.clone(), self.job);
        let task = tokio::spawn(typist.run(read_ahead(raw.is_some()), is_terminal));
        self.typing = Some((task, raw));
        Ok(())
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        if let Some((task, _raw)) = self.typing.take() {
            task.abort();
        }
    }
}

/// Our terminal without line editing, echo and signals; as it was before when dropped.
struct RawMode(Termios);

impl RawMode {
    fn enter() -> Result<Self> {
        let before = tcgetattr(io::stdin()).map_err(io::Error::from)?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &raw).map_err(io::Error::from)?;
        Ok(Self(before))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.0);
    }
}

/// Reads our stdin in a thread of its own: such a read can't be cancelled. The channel closes at its end.
fn read_ahead(is_raw: bool) -> mpsc::Receiver<Vec<u8>> {
    let (sender, pieces) = mpsc::channel(READ_AHEAD);
    std::thread::spawn(move || {
        let mut presses = Presses::default();
        let mut piece = [0; PIECE];
        while let Ok(read @ 1..) = io::stdin().lock().read(&mut piece) {
            if is_raw && piece[..read].iter().any(|byte| presses.is_for_us(*byte, Instant::now())) {
                let _ = raise(Signal::SIGINT);
            }
            if sender.blocking_send(piece[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    pieces
}

/// Counts Ctrl-C.
#[derive(Debug, Default)]
struct Presses {
    times: u8,
    first: Option<Instant>,
}

impl Presses {
    /// Whether this byte completes a call to us.
    fn is_for_us(&mut self, byte: u8, now: Instant) -> bool {
        let is_late = self.first.is_none_or(|first| now.duration_since(first) > CTRL_C_WITHIN);
        match byte {
            CTRL_C if is_late => (self.times, self.first) = (1, Some(now)),
            CTRL_C => self.times += 1,
            _ => (self.times, self.first) = (0, None),
        }
        let complete = self.times == CTRL_C_TIMES;
        if complete {
            *self = Self::default();
        }
        complete
    }
}

/// Sends what was read, in order, each byte once.
struct Typist {
    client: Client,
    job: JobId,
    source: String,
    offset: u64,
}

/// Whether more can be sent.
enum Taken {
    All,
    Never,
}

impl Typist {
    fn new(client: Client, job: JobId) -> Self {
        Self { client, job, source: uuid::Uuid::new_v4().simple().to_string(), offset: 0 }
    }

    async fn run(mut self, mut pieces: mpsc::Receiver<Vec<u8>>, is_terminal: bool) {
        let Ok(mut resized) = signal(SignalKind::window_change()) else { return };
        loop {
            tokio::select! {
                piece = pieces.recv() => {
                    let end = piece.is_none();
                    let mut data = piece.unwrap_or_default();
                    while let Some(more) = pieces.try_recv().ok().filter(|_| data.len() < MOST_AT_ONCE) {
                        data.extend(more);
                    }
                    if matches!(self.send(&data, end).await, Taken::Never) || end {
                        return;
                    }
                }
                Some(()) = resized.recv(), if is_terminal => self.resize().await,
            }
        }
    }

    /// Sends until everything was taken, or nothing ever will be.
    async fn send(&mut self, data: &[u8], end: bool) -> Taken {
        let goal = self.offset + data.len() as u64;
        loop {
            let left = &data[data.len() - (goal - self.offset) as usize..];
            match self.client.input(self.job, &self.request(left, end)).await {
                Ok(taken) => self.offset = taken.offset.clamp(self.offset, goal),
                Err(error) if error.code == Some(ErrorCode::NotRunning) || error.transient => {}
                Err(_) => return Taken::Never,
            }
            if self.offset == goal {
                return Taken::All;
            }
            sleep(RETRY).await;
        }
    }

    fn request(&self, data: &[u8], end: bool) -> InputRequest {
        let (data, encoding) = match std::str::from_utf8(data) {
            Ok(text) => (text.to_owned(), Encoding::Utf8),
            Err(_) => {
                (base64::Engine::encode(&base64::engine::general_purpose::STANDARD, data), Encoding::Base64)
            }
        };
        InputRequest {
            data,
            encoding,
            source: self.source.clone(),
            offset: Some(self.offset),
            end,
            terminal: None,
        }
    }

    async fn resize(&self) {
        let request = InputRequest { terminal: Some(terminal_size()), ..InputRequest::default() };
        // The next change tells again.
        let _ = self.client.input(self.job, &request).await;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn mode(line: &str, stdin: bool, stdout: bool, json: bool) -> Mode {
        let words = ["engunity", "run"].into_iter().chain(line.split_whitespace());
        let args::Command::Run(args) = args::Arguments::parse_from(words).command else { unreachable!() };
        Mode::of(&args, Streams { stdin_is_terminal: stdin, stdout_is_terminal: stdout }, json)
    }

    #[test]
    fn a_person_gets_a_terminal_and_a_script_an_input_that_ends() {
        assert_eq!(mode("-- true", true, true, false), Mode::Terminal);
        assert_eq!(mode("--no-tty -- true", true, true, false), Mode::Live);
        assert_eq!(mode("-- true", true, false, false), Mode::Live, "the output goes into a pipe");
        assert_eq!(mode("-- true", false, true, false), Mode::Closed);
        assert_eq!(mode("-- true", false, false, false), Mode::Closed, "in CI");
        assert_eq!(mode("-i -- true", false, false, false), Mode::Live);
        assert_eq!(mode("--tty -- true", false, false, false), Mode::Terminal);
        assert_eq!(mode("-- true", true, true, true), Mode::Closed, "JSON has both streams");
        assert_eq!(mode("--detach -- true", true, true, false), Mode::Closed);
        assert_eq!(mode("--stdin words.txt -- true", true, true, false), Mode::Closed);
    }

    #[test]
    fn three_times_ctrl_c_is_for_us() {
        let (mut presses, now) = (Presses::default(), Instant::now());
        let mut press = |byte, ms| presses.is_for_us(byte, now + Duration::from_millis(ms));
        assert_eq!([press(3, 0), press(3, 100), press(3, 200)], [false, false, true]);
        assert_eq!([press(3, 300), press(b'x', 310), press(3, 320), press(3, 330)], [false; 4]);
        assert_eq!([press(3, 5000), press(3, 7000), press(3, 9000)], [false; 3]);
    }
}
