//! Reads server-sent events of a job, one by one or accumulated by a [`Watcher`].

use anyhow::{Context, Result, bail, ensure};
use engunity_protocol::event::{Encoding, JobEvent, Stream};
use serde_json::json;

/// An open stream.
pub struct Events {
    response: reqwest::Response,
    buffer: Vec<u8>,
}

/// A numbered event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: i64,
    pub event: JobEvent,
}

impl Events {
    pub(crate) async fn open(request: reqwest::RequestBuilder) -> Result<Self> {
        let response = request.send().await?;
        ensure!(response.status().is_success(), "{} {}", response.status(), response.text().await?);
        Ok(Self { response, buffer: Vec::new() })
    }

    /// Reads to the end of the stream.
    pub async fn rest(&mut self) -> Result<()> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// The next event; `None` at the regular end of the stream, an error if it breaks.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(std::str::from_utf8(&block)?)? {
                    return Ok(Some(event));
                }
            } else {
                let Some(bytes) = self.response.chunk().await? else { return Ok(None) };
                self.buffer.extend_from_slice(&bytes);
            }
        }
    }
}

/// One block of lines; `None` for a comment (keep-alive).
fn parse(block: &str) -> Result<Option<Event>> {
    let field = |name: &str| -> Vec<&str> {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect()
    };
    let (name, data) = (field("event"), field("data"));
    if name.is_empty() || data.is_empty() {
        return Ok(None);
    }
    let id = field("id").first().context("an event without id")?.parse()?;
    let data: serde_json::Value = serde_json::from_str(&data.join("\n"))?;
    let event = serde_json::from_value(json!({"event": name[0], "data": data})).context(block.to_owned())?;
    Ok(Some(Event { id, event }))
}

/// Accumulates the events of a job. Fails on a gap or a repeat.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Watcher {
    /// Number of the newest event seen.
    pub last: i64,
    pub attempt: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub states: Vec<String>,
    pub result: Option<engunity_protocol::job::Job>,
}

impl Watcher {
    /// Adds the next event.
    pub fn take(&mut self, event: Event) -> Result<()> {
        ensure!(event.id > self.last, "event {} came after {}", event.id, self.last);
        ensure!(self.result.is_none(), "event {} came after the result", event.id);
        self.last = event.id;
        match event.event {
            JobEvent::State(change) => {
                self.start_attempt(change.attempt);
                self.states.push(change.state.to_string());
            }
            JobEvent::Output(output) => {
                self.start_attempt(output.attempt);
                let bytes = match output.encoding {
                    Encoding::Utf8 => output.data.into_bytes(),
                    Encoding::Base64 => decode(&output.data)?,
                };
                let seen = match output.stream {
                    Stream::Stdout => &mut self.stdout,
                    Stream::Stderr => &mut self.stderr,
                };
                ensure!(
                    output.offset == seen.len() as u64,
                    "offset {} after {} bytes",
                    output.offset,
                    seen.len()
                );
                seen.extend(bytes);
            }
            JobEvent::Progress(_) => {}
            JobEvent::Result(job) => self.result = Some(job),
        }
        Ok(())
    }

    /// Reads the stream until it ends or breaks. Returns whether the result arrived.
    pub async fn follow(&mut self, events: &mut Events) -> Result<bool> {
        while let Ok(Some(event)) = events.next().await {
            self.take(event)?;
        }
        Ok(self.result.is_some())
    }

    /// A new attempt's output starts at 0.
    fn start_attempt(&mut self, attempt: i32) {
        if attempt > self.attempt {
            self.attempt = attempt;
            self.stdout.clear();
            self.stderr.clear();
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    match STANDARD.decode(text) {
        Ok(bytes) => Ok(bytes),
        Err(error) => bail!("not base64: {error}"),
    }
}
