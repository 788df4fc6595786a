//! The job kinds: one file each, and one line in [`run`].

mod execute;
mod noop;

use engunity_protocol::job::JobSpec;

use crate::execution::{Ending, Run};

/// Runs the job that `spec` describes.
pub async fn run(run: &mut Run, spec: JobSpec) -> Ending {
    match spec {
        JobSpec::Execute(spec) => execute::run(run, spec).await,
        JobSpec::Noop => noop::run(),
    }
}
