//! The connection to the agent in a sandbox: frames in, frames out, over any transport. The agent runs beside hostile
//! code, so nothing it sends is trusted: a message that is too long or out of order ends the connection.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use engunity_agent::{
    frame::{self, Decoder},
    message::{
        Collect, Exit, FromAgent, PIECE, STDIN_WINDOW, Skipped, Start, Stream, TerminalSize, ToAgent, VERSION,
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use super::{SandboxError, SandboxHandle};

type Result<T> = std::result::Result<T, SandboxError>;

/// An agent sends `Hello` in much less.
const HELLO_TIMEOUT: Duration = Duration::from_secs(20);

/// With this much unsent, new sizes of the terminal are dropped.
const UNSENT_LIMIT: usize = 64 * 1024;

/// An event of a running program.
#[derive(Debug, PartialEq)]
pub enum Event {
    Output(Stream, Vec<u8>),
    /// The program has read live input: there is room for more.
    InputRead,
    Exited(Exit),
}

/// An artifact that the agent is about to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFile {
    pub path: String,
    pub size: u64,
    pub executable: bool,
}

/// A sandbox in use. Dropping this destroys it.
pub struct AgentConnection {
    outgoing: Outgoing,
    output: Pin<Box<dyn AsyncRead + Send>>,
    decoder: Decoder,
    buffer: Vec<u8>,
    handle: Arc<dyn SandboxHandle>,
    stdin: StdinFeed,
    skipped: Vec<Skipped>,
}

/// Frames on their way to the agent. What is written leaves `unsent`, so that no wait leaves half a frame behind when it
/// is cancelled.
struct Outgoing {
    input: Pin<Box<dyn AsyncWrite + Send>>,
    unsent: BytesMut,
    /// Written, and perhaps still in a buffer of the transport.
    flush_due: bool,
    /// The agent reads no more.
    closed: bool,
}

/// The stdin of a program, sent within the window that the agent accepts.
#[derive(Debug, Default)]
struct StdinFeed {
    waiting: BytesMut,
    /// Sent, and not yet taken by the program.
    in_flight: usize,
    /// Whether more may come.
    open: bool,
    /// The agent must be told when all is sent.
    end_due: bool,
}

impl AgentConnection {
    /// Takes over the streams of an agent and waits for its `Hello`.
    pub async fn open(
        input: Pin<Box<dyn AsyncWrite + Send>>,
        output: Pin<Box<dyn AsyncRead + Send>>,
        handle: Arc<dyn SandboxHandle>,
    ) -> Result<Self> {
        let mut agent = Self {
            outgoing: Outgoing { input, unsent: BytesMut::new(), flush_due: false, closed: false },
            output,
            decoder: Decoder::default(),
            buffer: vec![0; PIECE],
            handle,
            stdin: StdinFeed::default(),
            skipped: Vec::new(),
        };
        match timeout(HELLO_TIMEOUT, agent.receive()).await {
            Ok(Ok(FromAgent::Hello { version })) if version >= VERSION => Ok(agent),
            Ok(Ok(other)) => Err(SandboxError::protocol(format!("{other:?} instead of a hello"))),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(SandboxError::Unavailable("the agent did not send a hello".into())),
        }
    }

    /// Streams a compressed archive to the agent, which unpacks it into the root folder. Returns the number of files.
    pub async fn unpack(&mut self, archive: &mut (impl AsyncRead + Unpin)) -> Result<u64> {
        let mut piece = vec![0; PIECE];
        loop {
            let read =
                archive.read(&mut piece).await.map_err(|e| SandboxError::Unavailable(e.to_string()))?;
            let message = if read == 0 { ToAgent::FilesEnd } else { ToAgent::Files(piece[..read].to_vec()) };
            self.outgoing.queue(&message)?;
            if read == 0 || !self.flush().await {
                break;
            }
        }
        match self.receive().await? {
            FromAgent::Unpacked { files, .. } => Ok(files),
            other => Err(SandboxError::protocol(format!("{other:?} instead of an unpacked project"))),
        }
    }

    /// Starts a program. `stdin` is sent as the program reads it; with `live`, more may follow by
    /// [`AgentConnection::send_input`].
    pub async fn start(&mut self, start: Start, stdin: Option<String>, live: bool) -> Result<()> {
        let end_due = !live && (stdin.is_some() || start.tty.is_some());
        let start = Start { stdin: stdin.is_some() || live, ..start };
        self.outgoing.queue(&ToAgent::Start(start))?;
        let waiting = BytesMut::from(stdin.unwrap_or_default().as_bytes());
        self.stdin = StdinFeed { waiting, in_flight: 0, open: live, end_due };
        match self.receive().await? {
            FromAgent::Started => self.feed(),
            other => Err(SandboxError::protocol(format!("{other:?} instead of a start"))),
        }
    }

    /// Whether live input can be sent now; else it has to wait until the program has read more.
    pub fn takes_input(&self) -> bool {
        self.stdin.waiting.is_empty() && self.stdin.in_flight < STDIN_WINDOW
    }

    /// Passes live input on, or its end. It leaves while [`AgentConnection::next`] waits.
    pub fn send_input(&mut self, data: &[u8], end: bool) -> Result<()> {
        self.stdin.waiting.extend_from_slice(data);
        if end && self.stdin.open {
            (self.stdin.open, self.stdin.end_due) = (false, true);
        }
        self.feed()
    }

    /// Gives the program's terminal a new size, unless the agent has stopped reading.
    pub fn resize(&mut self, size: TerminalSize) -> Result<()> {
        if self.outgoing.unsent.len() > UNSENT_LIMIT {
            Ok(())
        } else {
            self.outgoing.queue(&ToAgent::Resize(size))
        }
    }

    /// Waits for the next event. Cancel safe.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            match self.receive().await? {
                FromAgent::Output { stream, data } => return Ok(Event::Output(stream, data)),
                FromAgent::Exited(exit) => return Ok(Event::Exited(exit)),
                FromAgent::StdinTaken { bytes } => {
                    self.stdin.in_flight = self.stdin.in_flight.saturating_sub(bytes as usize);
                    self.feed()?;
                    if self.stdin.open && self.takes_input() {
                        return Ok(Event::InputRead);
                    }
                }
                other => return Err(SandboxError::protocol(format!("{other:?} while a program runs"))),
            }
        }
    }

    /// Asks the agent to kill everything; [`Event::Exited`] follows.
    pub async fn kill(&mut self) -> Result<()> {
        self.outgoing.queue(&ToAgent::Kill)?;
        while self.outgoing.is_due() {
            self.outgoing.write().await;
        }
        Ok(())
    }

    /// A handle that destroys the sandbox while another task uses the connection.
    pub fn handle(&self) -> Arc<dyn SandboxHandle> {
        self.handle.clone()
    }

    /// Requests artifacts; [`AgentConnection::next_file`] returns them.
    pub fn collect(&mut self, request: Collect) -> Result<()> {
        self.outgoing.queue(&ToAgent::Collect(request))
    }

    /// Waits for the next file; `None` after the last. The data of the previous file must have been read.
    pub async fn next_file(&mut self) -> Result<Option<ArtifactFile>> {
        match self.receive().await? {
            FromAgent::Artifact { path, size, mode } => {
                Ok(Some(ArtifactFile { path, size, executable: mode & 0o111 != 0 }))
            }
            FromAgent::Collected { skipped } => {
                self.skipped = skipped;
                Ok(None)
            }
            other => Err(SandboxError::protocol(format!("{other:?} while files are collected"))),
        }
    }

    /// Waits for the next piece of a file with `left` unread bytes.
    pub async fn file_data(&mut self, left: u64) -> Result<Bytes> {
        match self.receive().await? {
            FromAgent::ArtifactData(data) if !data.is_empty() && data.len() as u64 <= left => Ok(data.into()),
            other => Err(SandboxError::protocol(format!("{other:?} with {left} unread bytes of a file"))),
        }
    }

    /// Files that matched and were not sent, with reasons.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn feed(&mut self) -> Result<()> {
        while let Some(piece) = self.stdin.next_piece() {
            self.outgoing.queue(&ToAgent::Stdin(piece))?;
        }
        if self.stdin.end_due && self.stdin.waiting.is_empty() {
            self.stdin.end_due = false;
            self.outgoing.queue(&ToAgent::StdinEnd)?;
        }
        Ok(())
    }

    /// Sends everything that is queued, and returns whether that was possible. It is not when the agent answers or ends
    /// first: an agent that fails stops reading, and its last message holds the reason.
    async fn flush(&mut self) -> bool {
        while self.outgoing.is_due() {
            if self.exchange().await.is_err() || !self.decoder.is_empty() {
                return false;
            }
        }
        !self.outgoing.closed
    }

    async fn receive(&mut self) -> Result<FromAgent> {
        loop {
            match self.decoder.take().map_err(SandboxError::protocol)? {
                Some(FromAgent::Failed(failure)) => return Err(SandboxError::Failed(failure)),
                Some(message) => return Ok(message),
                None => self.exchange().await?,
            }
        }
    }

    /// Writes or reads some bytes, whichever is possible first. Neither direction waits for the other: the agent may not
    /// read before it was read from, and the engine does not report that nobody reads any more. Cancel safe.
    async fn exchange(&mut self) -> Result<()> {
        tokio::select! {
            () = self.outgoing.write(), if self.outgoing.is_due() => {}
            read = self.output.read(&mut self.buffer) => match read {
                Ok(0) | Err(_) => return Err(SandboxError::Gone),
                Ok(read) => self.decoder.extend(&self.buffer[..read]),
            },
        }
        Ok(())
    }
}

impl Outgoing {
    fn queue(&mut self, message: &ToAgent) -> Result<()> {
        let frame = frame::encode(message).map_err(SandboxError::protocol)?;
        self.unsent.extend_from_slice(&frame);
        Ok(())
    }

    fn is_due(&self) -> bool {
        !self.closed && (self.unsent.has_remaining() || self.flush_due)
    }

    /// Writes some of what is queued. Cancel safe: the next call goes on.
    async fn write(&mut self) {
        let result = if self.unsent.has_remaining() {
            let written = self.input.write_buf(&mut self.unsent).await;
            self.flush_due = true;
            written.map(|bytes| bytes > 0)
        } else {
            let flushed = self.input.flush().await;
            self.flush_due = false;
            flushed.map(|()| true)
        };
        if !result.unwrap_or(false) {
            self.closed = true;
            self.unsent.clear();
        }
    }
}

impl Drop for AgentConnection {
    fn drop(&mut self) {
        let handle = self.handle.clone();
        tokio::spawn(async move { handle.destroy().await });
    }
}

impl StdinFeed {
    /// Takes the next piece that fits into the window.
    fn next_piece(&mut self) -> Option<Vec<u8>> {
        let length = self.waiting.len().min(STDIN_WINDOW - self.in_flight).min(PIECE);
        self.in_flight += length;
        (length > 0).then(|| self.waiting.split_to(length).to_vec())
    }
}
