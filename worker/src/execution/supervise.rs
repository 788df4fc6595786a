//! While the program runs: its output goes on, and it ends when it is told to.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_agent::message::{self, Exit};
use engunity_protocol::{event::Stream, spec::ExecuteSpec};
use tokio::time::{sleep, sleep_until, timeout};

use super::{Broken, Run};
use crate::{
    intake::runs::StopSignal,
    report::output_batch::Coalescer,
    sandbox::{Enclosure, Event, SandboxError, Session},
};

/// A kill that the agent has not confirmed by then is done from outside.
const AGENT_KILLS_WITHIN: Duration = Duration::from_millis(100);
/// After the deadline the agent has so long to report before the sandbox is taken from it.
const GRACE: Duration = Duration::from_secs(10);

/// Passes the output on until the program has ended, and ends it when told to.
pub async fn watch(run: &mut Run, session: &mut Session, spec: &ExecuteSpec) -> Result<Exit, Broken> {
    let mut watch = Watch {
        output: Coalescer::default(),
        stop: run.stop.clone(),
        stopped: false,
        deadline: Instant::now() + Duration::from_secs_f64(spec.limits.wall_s) + GRACE,
    };
    let ended = watch.until_exit(run, session).await;
    let rest = watch.output.take(Instant::now());
    for event in rest {
        run.events.send(event).await;
    }
    match ended {
        // Killed from outside, the agent can't tell any more.
        Err(Broken::Sandbox(SandboxError::Gone)) if watch.stopped => Ok(killed(run)),
        other => other,
    }
}

struct Watch {
    output: Coalescer,
    stop: StopSignal,
    stopped: bool,
    deadline: Instant,
}

impl Watch {
    async fn until_exit(&mut self, run: &mut Run, session: &mut Session) -> Result<Exit, Broken> {
        loop {
            let now = Instant::now();
            let due = self.output.due(now);
            if due.is_some_and(|due| due <= now) {
                self.flush(run, session).await;
                continue;
            }
            // While output was stuck the agent could not report: it always gets a moment to.
            let too_late = self.deadline.max(now + GRACE / 2);
            tokio::select! {
                event = session.next(), if self.output.has_room() => match event? {
                    Event::Output(stream, data) => self.output.push(stream_of(stream), &data),
                    Event::Exited(exit) => return Ok(exit),
                },
                () = sleep_until(due.unwrap_or(too_late).into()) => {
                    if due.is_none() && now >= self.deadline {
                        return Err(Broken::TooLate("the agent's report"));
                    }
                }
                _ = self.stop.wait(), if !self.stopped => self.kill(session).await,
            }
        }
    }

    /// Hands the output on; a program is killed at once even while that waits for the broker.
    async fn flush(&mut self, run: &mut Run, session: &mut Session) {
        let events = self.output.take(Instant::now());
        let mut sending = std::pin::pin!(async {
            for event in events {
                run.events.send(event).await;
            }
        });
        loop {
            tokio::select! {
                () = &mut sending => return,
                _ = self.stop.wait(), if !self.stopped => self.kill(session).await,
            }
        }
    }

    async fn kill(&mut self, session: &mut Session) {
        self.stopped = true;
        tokio::spawn(make_sure(session.enclosure()));
        // An agent that can't be reached is killed from outside a moment later.
        let _ = timeout(AGENT_KILLS_WITHIN, session.kill()).await;
    }
}

async fn make_sure(enclosure: Arc<dyn Enclosure>) {
    sleep(AGENT_KILLS_WITHIN).await;
    enclosure.destroy().await;
}

fn killed(_run: &Run) -> Exit {
    Exit { signal: Some(9), stopped: Some(message::Stopped::Killed), ..Exit::default() }
}

fn stream_of(stream: message::Stream) -> Stream {
    match stream {
        message::Stream::Stdout => Stream::Stdout,
        message::Stream::Stderr => Stream::Stderr,
    }
}
