//! The execute job: runs a program of a project in a sandbox, streams its output, derives a verdict from evidence and
//! stores its artifacts. The steps are in `execution/`.

use engunity_protocol::{
    spec::ExecuteSpec,
    wire::{EventBody, Outcome},
};

use crate::{
    execution::{Ending, Run, RunError, finish, prepare, stop::StopReason, supervise},
    sandbox::SandboxError,
};

pub async fn run(run: &mut Run, spec: ExecuteSpec) -> Ending {
    if let Some(ending) = prepare::check_disk_limit(&spec) {
        return ending;
    }
    match attempt(run, &spec).await {
        Ok(outcome) => Ending::Finished(outcome),
        Err(RunError::Sandbox(SandboxError::Gone)) if !run.context.sandbox.is_responding().await => {
            Ending::Unable("the container engine stopped responding during the run".to_owned())
        }
        Err(error) => finish::error_ending(error, &spec),
    }
}

async fn attempt(run: &mut Run, spec: &ExecuteSpec) -> Result<Outcome, RunError> {
    let mut stop = run.stop.clone();
    let mut agent = tokio::select! {
        agent = prepare::prepare(run, spec) => agent?,
        why = stop.wait() => return Err(RunError::Stopped(why)),
    };
    agent.start(prepare::start(spec), spec.stdin.clone(), spec.live_input).await?;
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
