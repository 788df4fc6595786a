//! The second step of a run: forward the output of the program, and kill the program when the run must stop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_agent::message::{self, Exit};
use engunity_protocol::{event::Stream, spec::ExecuteSpec};
use tokio::time::{sleep, sleep_until, timeout};

use super::{
    Run, RunError,
    stop::StopSignal,
    typed::{Typed, TypedInput},
};
use crate::{
    report::output_batch::OutputBatcher,
    sandbox::{AgentConnection, Event, SandboxError, SandboxHandle},
};

/// A kill that the agent has not confirmed by then is done through the container engine.
const AGENT_KILL_TIMEOUT: Duration = Duration::from_millis(100);
/// How long the agent may take to report after the deadline of the program.
const REPORT_GRACE: Duration = Duration::from_secs(10);

/// Forwards output until the program ends. Kills the program when the stop signal is raised.
pub async fn supervise(
    run: &mut Run,
    agent: &mut AgentConnection,
    spec: &ExecuteSpec,
) -> Result<Exit, RunError> {
    let mut supervisor = Supervisor {
        output: OutputBatcher::default(),
        stop: run.stop.clone(),
        input: run.input.clone(),
        stopped: false,
        deadline: Instant::now() + Duration::from_secs_f64(spec.limits.wall_s) + REPORT_GRACE,
    };
    let ended = supervisor.until_exit(run, agent).await;
    let rest = supervisor.output.take(Instant::now());
    for event in rest {
        run.events.send(event).await;
    }
    match ended {
        // The engine destroyed the sandbox, so the agent cannot report.
        Err(RunError::Sandbox(SandboxError::Gone)) if supervisor.stopped => Ok(killed()),
        other => other,
    }
}

struct Supervisor {
    output: OutputBatcher,
    stop: StopSignal,
    input: TypedInput,
    stopped: bool,
    deadline: Instant,
}

impl Supervisor {
    async fn until_exit(&mut self, run: &mut Run, agent: &mut AgentConnection) -> Result<Exit, RunError> {
        loop {
            let now = Instant::now();
            let due = self.output.due(now);
            if due.is_some_and(|due| due <= now) {
                self.flush(run, agent).await;
                continue;
            }
            // The agent cannot report while output is blocked, so it always gets a part of the grace period.
            let report_deadline = self.deadline.max(now + REPORT_GRACE / 2);
            let takes_input = agent.takes_input();
            tokio::select! {
                event = agent.next(), if self.output.has_capacity() => match event? {
                    Event::Output(stream, data) => self.output.push(stream_of(stream), &data),
                    Event::InputRead => {}
                    Event::Exited(exit) => return Ok(exit),
                },
                typed = self.input.next(), if takes_input => pass_on(agent, typed)?,
                () = sleep_until(due.unwrap_or(report_deadline).into()) => {
                    if due.is_none() && now >= self.deadline {
                        return Err(RunError::TimedOut("the agent's report"));
                    }
                }
                _ = self.stop.wait(), if !self.stopped => self.kill(agent).await,
            }
        }
    }

    /// Sends the output. A stop signal kills the program at once, even while sending waits for the broker.
    async fn flush(&mut self, run: &mut Run, agent: &mut AgentConnection) {
        let events = self.output.take(Instant::now());
        let mut sending = std::pin::pin!(async {
            for event in events {
                run.events.send(event).await;
            }
        });
        loop {
            tokio::select! {
                () = &mut sending => return,
                _ = self.stop.wait(), if !self.stopped => self.kill(agent).await,
            }
        }
    }

    async fn kill(&mut self, agent: &mut AgentConnection) {
        self.stopped = true;
        tokio::spawn(destroy_after_timeout(agent.handle()));
        // If the agent does not read, the task above destroys the sandbox.
        let _ = timeout(AGENT_KILL_TIMEOUT, agent.kill()).await;
    }
}

/// Gives the program what was typed.
fn pass_on(agent: &mut AgentConnection, typed: Typed) -> Result<(), SandboxError> {
    if let Some(size) = typed.terminal {
        agent.resize(message::TerminalSize { rows: size.rows, cols: size.cols })?;
    }
    agent.send_input(&typed.data, typed.end)
}

async fn destroy_after_timeout(handle: Arc<dyn SandboxHandle>) {
    sleep(AGENT_KILL_TIMEOUT).await;
    handle.destroy().await;
}

fn killed() -> Exit {
    Exit { signal: Some(9), stopped: Some(message::Stopped::Killed), ..Exit::default() }
}

fn stream_of(stream: message::Stream) -> Stream {
    match stream {
        message::Stream::Stdout => Stream::Stdout,
        message::Stream::Stderr => Stream::Stderr,
    }
}
