//! Follows a run to its end and shows its output, across disconnects and attempts.

use std::io::{self, Write};

use engunity_protocol::{
    JobId,
    event::{JobEvent, Output, Progress, StateChange, Stream},
    job::{Job, JobState},
};
use indicatif::ProgressBar;

use super::keyboard::{Keyboard, Mode};
use crate::{
    app::App,
    client::events::Events,
    error::{CliError, Result},
    output::{plain, replay::Replay},
};

/// Maximum output kept for `--json`; the server's limit is lower.
const MAX_KEPT: usize = 64 << 20;

/// Where a program's output goes.
pub enum Sink {
    /// Our own stdout and stderr, byte for byte.
    Terminal,
    /// Collected for the JSON answer.
    Captured(Captured),
}

#[derive(Default)]
pub struct Captured {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Follows a job until it has ended.
pub async fn follow(app: &App, job: JobId, sink: &mut Sink) -> Result<Job> {
    Watch::new(app, job).until_end(sink).await
}

/// One run that is being watched.
pub struct Watch<'a> {
    app: &'a App,
    job: JobId,
    events: Events,
    replay: Replay,
    spinner: ProgressBar,
    keyboard: Keyboard,
    /// Why the last attempt did not finish it.
    because: Option<String>,
}

impl<'a> Watch<'a> {
    pub fn new(app: &'a App, job: JobId) -> Self {
        let spinner = app.out.spinner("queued");
        let events = Events::new(&app.client, job);
        let keyboard = Keyboard::new(Mode::Closed, &app.client, job);
        Self { app, job, events, replay: Replay::default(), spinner, keyboard, because: None }
    }

    /// Forwards typed input while the program runs.
    pub fn with_input(self, mode: Mode) -> Self {
        Self { keyboard: Keyboard::new(mode, &self.app.client, self.job), ..self }
    }

    pub fn job(&self) -> JobId {
        self.job
    }

    /// Watches until the job has ended. May be dropped and called again.
    pub async fn until_end(&mut self, sink: &mut Sink) -> Result<Job> {
        loop {
            if let Some(job) = self.step(sink).await? {
                return Ok(job);
            }
        }
    }

    /// Handles the next event; returns the job when it has ended.
    async fn step(&mut self, sink: &mut Sink) -> Result<Option<Job>> {
        match self.events.next().await? {
            Some(JobEvent::Output(output)) => self.output(&output, sink)?,
            Some(JobEvent::State(change)) => self.state(change, sink)?,
            Some(JobEvent::Progress(progress)) => self.progress(&progress),
            Some(JobEvent::Result(job)) => {
                self.spinner.finish_and_clear();
                return Ok(Some(job));
            }
            None => return Err(CliError::new("the event stream ended without a result")),
        }
        Ok(None)
    }

    fn output(&mut self, output: &Output, sink: &mut Sink) -> Result<()> {
        self.begins(output.attempt, sink);
        let fresh = self.replay.take(output)?;
        if fresh.lost > 0 {
            self.app.out.warn(format!("{} bytes of {} were lost", fresh.lost, fresh.stream.as_str()));
        }
        self.spinner.finish_and_clear();
        sink.write(fresh.stream, &fresh.bytes)
    }

    fn state(&mut self, change: StateChange, sink: &mut Sink) -> Result<()> {
        self.begins(change.attempt, sink);
        if change.state == JobState::Running {
            self.spinner.set_message("running");
            return self.keyboard.start();
        }
        self.because = change.because.map(|because| plain(&because));
        let because = self.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
        self.spinner.set_message(format!("{}{because}", change.state));
        Ok(())
    }

    fn progress(&self, progress: &Progress) {
        let message = plain(&progress.message);
        if progress.remark {
            self.spinner.suspend(|| self.app.out.warn(message));
        } else {
            self.spinner.set_message(message);
        }
    }

    /// A new attempt starts its output again; a warning says so if the last one had written any.
    fn begins(&mut self, attempt: i32, sink: &mut Sink) {
        let written = self.replay.has_shown();
        if self.replay.begins(attempt) && written {
            self.spinner.finish_and_clear();
            let because = self.because.as_deref().unwrap_or("the last attempt did not finish");
            self.app.out.warn(format!("{because}; attempt {attempt} starts from the beginning"));
            sink.restart();
        }
    }

    /// Prints a message above the spinner.
    pub fn say(&self, message: &str) {
        self.spinner.suspend(|| self.app.out.note(message));
    }
}

impl Sink {
    pub fn for_json(json: bool) -> Self {
        if json { Self::Captured(Captured::default()) } else { Self::Terminal }
    }

    fn write(&mut self, stream: Stream, bytes: &[u8]) -> Result<()> {
        match (self, stream) {
            (Self::Terminal, Stream::Stdout) => show(&mut io::stdout().lock(), bytes),
            (Self::Terminal, Stream::Stderr) => show(&mut io::stderr().lock(), bytes),
            (Self::Captured(kept), Stream::Stdout) => keep(&mut kept.stdout, bytes),
            (Self::Captured(kept), Stream::Stderr) => keep(&mut kept.stderr, bytes),
        }
    }

    /// Discards the output of an attempt that did not finish.
    fn restart(&mut self) {
        if let Self::Captured(kept) = self {
            *kept = Captured::default();
        }
    }
}

fn show(to: &mut impl Write, bytes: &[u8]) -> Result<()> {
    to.write_all(bytes)?;
    Ok(to.flush()?)
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    let room = MAX_KEPT.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    Ok(())
}
