//! The kinds of jobs: one file each, and one line here.

mod execute;
mod noop;

use engunity_protocol::spec::JobSpec;

use crate::execution::{Ending, Run};

/// Does what `spec` says.
pub async fn run(run: &mut Run, spec: JobSpec) -> Ending {
    match spec {
        JobSpec::Execute(spec) => execute::run(run, spec).await,
        JobSpec::Noop => noop::run(),
    }
}
