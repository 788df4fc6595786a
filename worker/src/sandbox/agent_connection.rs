//! The connection to the agent in a sandbox: frames in, frames out, over any transport. The agent runs beside hostile
//! code, so nothing it sends is trusted: a message that is too long or out of order ends the connection.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use engunity_agent::{
    frame::{self, Decoder},
    message::{Collect, Exit, FromAgent, PIECE, STDIN_WINDOW, Skipped, Start, Stream, ToAgent, VERSION},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use super::{SandboxError, SandboxHandle};

type Result<T> = std::result::Result<T, SandboxError>;

/// An agent sends `Hello` in much less.
const HELLO_TIMEOUT: Duration = Duration::from_secs(20);

/// An event of a running program.
#[derive(Debug, PartialEq)]
pub enum Event {
    Output(Stream, Vec<u8>),
    Exited(Exit),
}

/// An artifact that the agent is about to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFile {
    pub path: String,
    pub size: u64,
}

/// A sandbox in use. Dropping this destroys it.
pub struct AgentConnection {
    input: Pin<Box<dyn AsyncWrite + Send>>,
    output: Pin<Box<dyn AsyncRead + Send>>,
    decoder: Decoder,
    buffer: Vec<u8>,
    handle: Arc<dyn SandboxHandle>,
    stdin: StdinFeed,
    skipped: Vec<Skipped>,
}

/// The stdin of a program, sent within the window that the agent accepts.
#[derive(Debug, Default)]
struct StdinFeed {
    data: Bytes,
    sent: usize,
    taken: usize,
    ended: bool,
}

impl AgentConnection {
    /// Takes over the streams of an agent and waits for its `Hello`.
    pub async fn open(
        input: Pin<Box<dyn AsyncWrite + Send>>,
        output: Pin<Box<dyn AsyncRead + Send>>,
        handle: Arc<dyn SandboxHandle>,
    ) -> Result<Self> {
        let mut agent = Self {
            input,
            output,
            decoder: Decoder::default(),
            buffer: vec![0; PIECE],
            handle,
            stdin: StdinFeed { ended: true, ..StdinFeed::default() },
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
            // An agent that fails stops reading; its last message holds the reason.
            if self.send(&message).await.is_err() || read == 0 {
                break;
            }
        }
        match self.receive().await? {
            FromAgent::Unpacked { files, .. } => Ok(files),
            other => Err(SandboxError::protocol(format!("{other:?} instead of an unpacked project"))),
        }
    }

    /// Starts a program. `stdin` is sent as the program reads it.
    pub async fn start(&mut self, start: Start, stdin: Option<String>) -> Result<()> {
        let start = Start { stdin: stdin.is_some(), ..start };
        self.send(&ToAgent::Start(start)).await?;
        if let Some(text) = stdin {
            self.stdin = StdinFeed { data: Bytes::from(text), ..StdinFeed::default() };
        }
        match self.receive().await? {
            FromAgent::Started => self.feed().await,
            other => Err(SandboxError::protocol(format!("{other:?} instead of a start"))),
        }
    }

    /// Waits for the next event. Cancel safe.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            match self.receive().await? {
                FromAgent::Output { stream, data } => return Ok(Event::Output(stream, data)),
                FromAgent::Exited(exit) => return Ok(Event::Exited(exit)),
                FromAgent::StdinTaken { bytes } => {
                    self.stdin.taken = self.stdin.taken.saturating_add(bytes as usize).min(self.stdin.sent);
                    self.feed().await?;
                }
                other => return Err(SandboxError::protocol(format!("{other:?} while a program runs"))),
            }
        }
    }

    /// Asks the agent to kill everything; [`Event::Exited`] follows.
    pub async fn kill(&mut self) -> Result<()> {
        self.send(&ToAgent::Kill).await
    }

    /// A handle that destroys the sandbox while another task uses the connection.
    pub fn handle(&self) -> Arc<dyn SandboxHandle> {
        self.handle.clone()
    }

    /// Requests artifacts; [`AgentConnection::next_file`] returns them.
    pub async fn collect(&mut self, request: Collect) -> Result<()> {
        self.send(&ToAgent::Collect(request)).await
    }

    /// Waits for the next file; `None` after the last. The data of the previous file must have been read.
    pub async fn next_file(&mut self) -> Result<Option<ArtifactFile>> {
        match self.receive().await? {
            FromAgent::Artifact { path, size, .. } => Ok(Some(ArtifactFile { path, size })),
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

    async fn feed(&mut self) -> Result<()> {
        while let Some(piece) = self.stdin.next_piece() {
            self.send(&ToAgent::Stdin(piece)).await?;
        }
        if self.stdin.is_all_sent() {
            self.stdin.ended = true;
            self.send(&ToAgent::StdinEnd).await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: &ToAgent) -> Result<()> {
        let frame = frame::encode(message).map_err(SandboxError::protocol)?;
        let sent = async {
            self.input.write_all(&frame).await?;
            self.input.flush().await
        };
        sent.await.map_err(|_| SandboxError::Gone)
    }

    async fn receive(&mut self) -> Result<FromAgent> {
        loop {
            match self.decoder.take().map_err(SandboxError::protocol)? {
                Some(FromAgent::Failed(failure)) => return Err(SandboxError::Failed(failure)),
                Some(message) => return Ok(message),
                None => {}
            }
            match self.output.read(&mut self.buffer).await {
                Ok(0) | Err(_) => return Err(SandboxError::Gone),
                Ok(read) => self.decoder.extend(&self.buffer[..read]),
            }
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
        let window = STDIN_WINDOW - (self.sent - self.taken);
        let length = (self.data.len() - self.sent).min(window).min(PIECE);
        let piece = self.data.slice(self.sent..self.sent + length);
        self.sent += length;
        (length > 0).then(|| piece.to_vec())
    }

    fn is_all_sent(&self) -> bool {
        !self.ended && self.sent == self.data.len()
    }
}
