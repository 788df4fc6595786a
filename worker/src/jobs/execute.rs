//! Runs a program of a project in a sandbox: files in, output out as it comes, a verdict from evidence, artifacts kept.

use engunity_protocol::{
    spec::ExecuteSpec,
    wire::{EventBody, Outcome},
};

use crate::{
    execution::{Broken, Ending, Run, finish, prepare, supervise},
    intake::runs::Stop,
    sandbox::SandboxError,
};

pub async fn run(run: &mut Run, spec: ExecuteSpec) -> Ending {
    if let Some(ending) = prepare::does_not_fit(&spec) {
        return ending;
    }
    match attempt(run, &spec).await {
        Ok(outcome) => Ending::Finished(outcome),
        Err(Broken::Sandbox(SandboxError::Gone)) if !run.environment.sandbox.answers().await => {
            Ending::Unable("the container engine went away in the middle of the run".to_owned())
        }
        Err(broken) => finish::ending(broken, &spec),
    }
}

async fn attempt(run: &mut Run, spec: &ExecuteSpec) -> Result<Outcome, Broken> {
    let mut stop = run.stop.clone();
    let mut session = tokio::select! {
        session = prepare::prepare(run, spec) => session?,
        why = stop.wait() => return Err(Broken::Stopped(why)),
    };
    session.start(prepare::start(spec), spec.stdin.clone()).await?;
    run.events.send(EventBody::Started).await;
    let exit = supervise::watch(run, &mut session, spec).await?;
    if let Some(why @ (Stop::Abandon | Stop::HandBack)) = run.stop.now() {
        return Err(Broken::Stopped(why));
    }
    finish::conclude(run, &mut session, spec, &exit).await
}

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
