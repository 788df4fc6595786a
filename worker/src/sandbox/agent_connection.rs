//! Talking to the agent inside: frames in, frames out, whatever carries them. The other end runs beside hostile code,
//! so nothing it says is trusted: what is too much, too long or out of turn ends the session.

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

use super::{Enclosure, SandboxError};

type Result<T> = std::result::Result<T, SandboxError>;

/// A sandbox's agent greets in much less.
const GREETING: Duration = Duration::from_secs(20);

/// What happens while a program runs.
#[derive(Debug, PartialEq)]
pub enum Event {
    Output(Stream, Vec<u8>),
    Exited(Exit),
}

/// A file that the sandbox offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFile {
    pub path: String,
    pub size: u64,
}

/// A sandbox in use. Dropped, it is destroyed.
pub struct Session {
    input: Pin<Box<dyn AsyncWrite + Send>>,
    output: Pin<Box<dyn AsyncRead + Send>>,
    decoder: Decoder,
    buffer: Vec<u8>,
    enclosure: Arc<dyn Enclosure>,
    stdin: Feed,
    skipped: Vec<Skipped>,
}

/// A program's input on its way: the agent takes no more than a window at a time.
#[derive(Debug, Default)]
struct Feed {
    data: Bytes,
    sent: usize,
    taken: usize,
    ended: bool,
}

impl Session {
    /// Takes over the two ends of an agent's line, and waits for its greeting.
    pub async fn begin(
        input: Pin<Box<dyn AsyncWrite + Send>>,
        output: Pin<Box<dyn AsyncRead + Send>>,
        enclosure: Arc<dyn Enclosure>,
    ) -> Result<Self> {
        let mut session = Self {
            input,
            output,
            decoder: Decoder::default(),
            buffer: vec![0; PIECE],
            enclosure,
            stdin: Feed { ended: true, ..Feed::default() },
            skipped: Vec::new(),
        };
        match timeout(GREETING, session.receive()).await {
            Ok(Ok(FromAgent::Hello { version })) if version >= VERSION => Ok(session),
            Ok(Ok(other)) => Err(SandboxError::nonsense(format!("it greeted with {other:?}"))),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(SandboxError::Unavailable("the agent did not greet".into())),
        }
    }

    /// Streams a compressed archive into the root folder; returns the number of files.
    pub async fn unpack(&mut self, archive: &mut (impl AsyncRead + Unpin)) -> Result<u64> {
        let mut piece = vec![0; PIECE];
        loop {
            let read =
                archive.read(&mut piece).await.map_err(|e| SandboxError::Unavailable(e.to_string()))?;
            let message = if read == 0 { ToAgent::FilesEnd } else { ToAgent::Files(piece[..read].to_vec()) };
            // An agent that gives up stops reading: its last words say why.
            if self.send(&message).await.is_err() || read == 0 {
                break;
            }
        }
        match self.receive().await? {
            FromAgent::Unpacked { files, .. } => Ok(files),
            other => Err(SandboxError::nonsense(format!("{other:?} instead of an unpacked project"))),
        }
    }

    /// Starts a program; `stdin` is fed to it as it is taken.
    pub async fn start(&mut self, start: Start, stdin: Option<String>) -> Result<()> {
        let start = Start { stdin: stdin.is_some(), ..start };
        self.send(&ToAgent::Start(start)).await?;
        if let Some(text) = stdin {
            self.stdin = Feed { data: Bytes::from(text), ..Feed::default() };
        }
        match self.receive().await? {
            FromAgent::Started => self.feed().await,
            other => Err(SandboxError::nonsense(format!("{other:?} instead of a start"))),
        }
    }

    /// Waits for what happens next. Safe to cancel.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            match self.receive().await? {
                FromAgent::Output { stream, data } => return Ok(Event::Output(stream, data)),
                FromAgent::Exited(exit) => return Ok(Event::Exited(exit)),
                FromAgent::StdinTaken { bytes } => {
                    self.stdin.taken = self.stdin.taken.saturating_add(bytes as usize).min(self.stdin.sent);
                    self.feed().await?;
                }
                other => return Err(SandboxError::nonsense(format!("{other:?} while a program runs"))),
            }
        }
    }

    /// Asks the agent to kill everything; [`Event::Exited`] follows.
    pub async fn kill(&mut self) -> Result<()> {
        self.send(&ToAgent::Kill).await
    }

    /// The means to end it while someone else waits for it.
    pub fn enclosure(&self) -> Arc<dyn Enclosure> {
        self.enclosure.clone()
    }

    /// Asks for files; [`Session::next_file`] gives them.
    pub async fn collect(&mut self, request: Collect) -> Result<()> {
        self.send(&ToAgent::Collect(request)).await
    }

    /// Waits for the next file; `None` after the last. All data of the one before must have been read.
    pub async fn next_file(&mut self) -> Result<Option<ArtifactFile>> {
        match self.receive().await? {
            FromAgent::Artifact { path, size, .. } => Ok(Some(ArtifactFile { path, size })),
            FromAgent::Collected { skipped } => {
                self.skipped = skipped;
                Ok(None)
            }
            other => Err(SandboxError::nonsense(format!("{other:?} while files are collected"))),
        }
    }

    /// Waits for the next piece of a file of which `left` bytes are still to come.
    pub async fn file_data(&mut self, left: u64) -> Result<Bytes> {
        match self.receive().await? {
            FromAgent::ArtifactData(data) if !data.is_empty() && data.len() as u64 <= left => Ok(data.into()),
            other => Err(SandboxError::nonsense(format!("{other:?} with {left} bytes of a file to come"))),
        }
    }

    /// What was asked for and not given, and why.
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
        let frame = frame::encode(message).map_err(SandboxError::nonsense)?;
        let sent = async {
            self.input.write_all(&frame).await?;
            self.input.flush().await
        };
        sent.await.map_err(|_| SandboxError::Gone)
    }

    async fn receive(&mut self) -> Result<FromAgent> {
        loop {
            match self.decoder.take().map_err(SandboxError::nonsense)? {
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

impl Drop for Session {
    fn drop(&mut self) {
        let enclosure = self.enclosure.clone();
        tokio::spawn(async move { enclosure.destroy().await });
    }
}

impl Feed {
    /// Takes what fits into the window now.
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
