//! The execute job: runs a program of a project in a sandbox, streams its output, derives a verdict from evidence and
//! stores its artifacts. The steps are in `execution/`.

use std::time::Duration;

use engunity_protocol::{
    spec::ExecuteSpec,
    wire::{EventBody, Outcome},
};

use tokio::time::timeout;

use crate::{
    execution::{Ending, Run, RunError, finish, prepare, stop::StopReason, supervise},
    sandbox::{AgentConnection, SandboxError},
};

/// For fetching and unpacking the project and starting the program. Then another worker gets its turn.
const START_TIMEOUT: Duration = Duration::from_secs(180);

pub async fn run(run: &mut Run, spec: ExecuteSpec) -> Ending {
    if let Some(ending) = prepare::check_disk_limit(&spec) {
        return ending;
    }
    match attempt(run, &spec).await {
        Ok(outcome) => Ending::Finished(outcome),
        Err(RunError::Sandbox(SandboxError::Gone)) if !run.context.sandbox.is_responding().await => {
            Ending::Unable("the container engine stopped responding during the run".to_owned())
        }
        Err(error) => {
            if let RunError::Sandbox(SandboxError::ImageMissing(_)) = error {
                run.context.status.withdraw_runtime(&spec.runtime);
            }
            finish::error_ending(error, &spec)
        }
    }
}

/// From nothing to a program that runs.
async fn start(run: &Run, spec: &ExecuteSpec) -> Result<AgentConnection, RunError> {
    let mut agent = prepare::prepare(run, spec).await?;
    agent.start(prepare::start(spec), spec.stdin.clone(), spec.live_input).await?;
    Ok(agent)
}

async fn attempt(run: &mut Run, spec: &ExecuteSpec) -> Result<Outcome, RunError> {
    let mut stop = run.stop.clone();
    let mut agent = tokio::select! {
        agent = timeout(START_TIMEOUT, start(run, spec)) => agent.map_err(|_| RunError::SlowStart)??,
        why = stop.wait() => return Err(RunError::Stopped(why)),
    };
    run.events.send(EventBody::Started).await;
    let exit = supervise::supervise(run, &mut agent, spec).await?;
    if let Some(why @ (StopReason::Abandon | StopReason::HandBack)) = run.stop.now() {
        return Err(RunError::Stopped(why));
    }
    finish::finish(run, &mut agent, spec, &exit).await
}

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
