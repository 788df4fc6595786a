//! The conversation with one life of the embedder: many calls at once, each answered by its id; pings in between, so that
//! a frozen process is noticed.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail, ensure};
use engunity_agent::frame::{self, Decoder};
use engunity_embedder::message::{About, FromEmbedder, Refusal, Request, ToEmbedder, unpack};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout},
    sync::{mpsc, oneshot},
    time::interval,
};

use super::{Call, EmbedError};

const TICK: Duration = Duration::from_secs(1);
/// A request that is so late hangs, and the process is killed.
const HUNG: Duration = Duration::from_secs(60);
const READ_SIZE: usize = 64 * 1024;
/// Frames that wait for the embedder to read them: more than there are calls, so that it never fills up but by pings.
const FRAMES: usize = 128;

pub(super) struct Connection {
    output: mpsc::Sender<Vec<u8>>,
    input: ChildStdout,
    decoder: Decoder,
    buffer: Vec<u8>,
    about: Option<About>,
    waiting: HashMap<u64, Waiting>,
    next_id: u64,
    frozen: Duration,
    /// When the ping was sent that has no answer yet.
    pinged: Option<Instant>,
}

struct Waiting {
    count: usize,
    deadline: Instant,
    reply: oneshot::Sender<Result<Vec<Vec<f32>>, EmbedError>>,
}

impl Connection {
    pub(super) fn new(child: &mut Child, frozen: Duration) -> anyhow::Result<Self> {
        let stdin = child.stdin.take().context("no stdin")?;
        let input = child.stdout.take().context("no stdout")?;
        let (output, frames) = mpsc::channel(FRAMES);
        tokio::spawn(write(stdin, frames));
        Ok(Self {
            output,
            input,
            decoder: Decoder::default(),
            buffer: vec![0; READ_SIZE],
            about: None,
            waiting: HashMap::new(),
            next_id: 0,
            frozen,
            pinged: None,
        })
    }

    /// Waits until the models are loaded.
    pub(super) async fn ready(&mut self) -> anyhow::Result<About> {
        loop {
            match self.decoder.take()? {
                Some(FromEmbedder::Ready(about)) => {
                    self.about = Some(about.clone());
                    return Ok(about);
                }
                Some(FromEmbedder::Failed(why)) => bail!(why),
                Some(_) => bail!("it spoke before it was ready"),
                None => self.read().await?,
            }
        }
    }

    /// Passes calls on and answers back until the process ends, freezes, or `replaced` says that there is another
    /// program. Whoever still waits then learns why.
    pub(super) async fn serve(
        mut self,
        calls: &mut mpsc::Receiver<Call>,
        replaced: impl Fn() -> bool,
    ) -> anyhow::Result<&'static str> {
        let ended = self.converse(calls, replaced).await;
        let why = ended.as_ref().map_or_else(|error| format!("{error:#}"), |why| (*why).to_owned());
        for waiting in self.waiting.into_values() {
            let _ = waiting.reply.send(Err(EmbedError::Unavailable(why.clone())));
        }
        ended
    }

    async fn converse(
        &mut self,
        calls: &mut mpsc::Receiver<Call>,
        replaced: impl Fn() -> bool,
    ) -> anyhow::Result<&'static str> {
        let mut ticks = interval(TICK);
        loop {
            while let Some(message) = self.decoder.take()? {
                self.receive(message)?;
            }
            tokio::select! {
                Some(call) = calls.recv() => self.send(call)?,
                count = self.input.read(&mut self.buffer) => {
                    let count = count.context("its answers")?;
                    ensure!(count > 0, "it died");
                    self.decoder.extend(&self.buffer[..count]);
                }
                _ = ticks.tick() => {
                    self.look(Instant::now())?;
                    if self.waiting.is_empty() && replaced() {
                        return Ok("there is another program");
                    }
                }
            }
        }
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let count = self.input.read(&mut self.buffer).await?;
        ensure!(count > 0, "it died while it loaded its model");
        self.decoder.extend(&self.buffer[..count]);
        Ok(())
    }

    fn send(&mut self, call: Call) -> anyhow::Result<()> {
        let left = call.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || call.reply.is_closed() {
            let _ = call.reply.send(Err(EmbedError::Late));
            return Ok(());
        }
        self.next_id += 1;
        let (id, count) = (self.next_id, call.texts.len());
        let timeout_ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        let request = Request { id, kind: call.kind, texts: call.texts, timeout_ms };
        self.waiting.insert(id, Waiting { count, deadline: call.deadline, reply: call.reply });
        self.write(&ToEmbedder::Embed(request))
    }

    fn write(&self, message: &ToEmbedder) -> anyhow::Result<()> {
        self.output.try_send(frame::encode(message)?).map_err(|_| anyhow!("it does not read its requests"))
    }

    fn receive(&mut self, message: FromEmbedder) -> anyhow::Result<()> {
        match message {
            FromEmbedder::Pong(_) => self.pinged = None,
            FromEmbedder::Vectors { id, data } => {
                let dimensions = self.about.as_ref().map_or(0, |about| about.dimensions);
                let Some(waiting) = self.waiting.remove(&id) else { return Ok(()) };
                let vectors =
                    unpack(&data, waiting.count, dimensions).context("an answer of the wrong length")?;
                let _ = waiting.reply.send(Ok(vectors));
            }
            FromEmbedder::Refused { id, why, detail } => {
                let Some(waiting) = self.waiting.remove(&id) else { return Ok(()) };
                let error = match why {
                    Refusal::Expired => EmbedError::Late,
                    Refusal::Busy | Refusal::Invalid | Refusal::Failed => EmbedError::Refused(detail),
                };
                let _ = waiting.reply.send(Err(error));
            }
            FromEmbedder::Failed(why) => bail!(why),
            FromEmbedder::Ready(_) => bail!("it said twice that it is ready"),
        }
        Ok(())
    }

    /// Pings, and fails if the process is frozen or a request hangs in it.
    fn look(&mut self, now: Instant) -> anyhow::Result<()> {
        let hung = self.waiting.values().any(|waiting| now > waiting.deadline + HUNG);
        ensure!(!hung, "a request hung in it");
        match self.pinged {
            Some(pinged) => ensure!(now < pinged + self.frozen, "it was frozen"),
            None => {
                self.pinged = Some(now);
                self.write(&ToEmbedder::Ping(self.next_id))?;
            }
        }
        Ok(())
    }
}

/// A task of its own: a frozen process does not read, and that must not keep anybody from noticing.
async fn write(mut stdin: ChildStdin, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        if stdin.write_all(&frame).await.is_err() {
            return;
        }
    }
}
