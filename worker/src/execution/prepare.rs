//! The first step of a run: check the limits, create the sandbox, unpack the files into it.

use std::time::Duration;

use engunity_agent::message::{Start, TerminalSize};
use engunity_protocol::{spec::ExecuteSpec, verdict::Reason};
use tokio::time::timeout;

use super::{Ending, MIB, Run, RunError};
use crate::sandbox::{AgentConnection, SandboxError, SandboxSpec};

const OPEN_FILES: u64 = 4096;
const UNPACK_TIMEOUT: Duration = Duration::from_secs(120);

/// Returns the ending of a run whose project cannot be unpacked within its limits.
pub fn check_disk_limit(spec: &ExecuteSpec) -> Option<Ending> {
    let available = spec.limits.disk_mb.min(spec.limits.memory_mb);
    let needed = spec.snapshot.unpacked_bytes.div_ceil(MIB);
    let evidence = format!(
        "the project's files take {needed} MiB, and a run has {available} MiB for them (disk and memory)"
    );
    (needed > available).then(|| Ending::verdict(Reason::Disk, evidence))
}

/// Creates the sandbox and fetches the files concurrently, then unpacks the files in the sandbox.
pub async fn prepare(run: &Run, spec: &ExecuteSpec) -> Result<AgentConnection, RunError> {
    let context = &run.context;
    let sandbox_spec = sandbox_spec(run, spec)?;
    let Some(key) = &spec.snapshot.key else { return Ok(context.sandbox.open(&sandbox_spec).await?) };
    let fetch = async { context.snapshots.fetch(key).await.map_err(RunError::from) };
    let open = async { context.sandbox.open(&sandbox_spec).await.map_err(RunError::from) };
    let (mut files, mut agent) = tokio::try_join!(fetch, open)?;
    match timeout(UNPACK_TIMEOUT, agent.unpack(&mut files)).await {
        Ok(unpacked) => unpacked.map(|_| agent).map_err(RunError::from),
        Err(_) => Err(RunError::SlowStart),
    }
}

fn sandbox_spec(run: &Run, spec: &ExecuteSpec) -> Result<SandboxSpec, SandboxError> {
    let context = &run.context;
    let runtime = context.catalog.by_name(&spec.runtime);
    let runtime =
        runtime.ok_or_else(|| SandboxError::ImageMissing(format!("of the runtime {:?}", spec.runtime)))?;
    Ok(SandboxSpec {
        image: runtime.image(&context.image_prefix),
        limits: spec.limits,
        job_id: run.running.job_id,
        attempt: run.running.attempt,
        project_id: run.project_id,
        worker_id: context.identity.id.clone(),
    })
}

/// The start message for the agent.
pub fn start(spec: &ExecuteSpec) -> Start {
    Start {
        argv: spec.command.argv(),
        env: spec.env.clone(),
        tty: spec.tty.map(|size| TerminalSize { rows: size.rows, cols: size.cols }),
        wall_ms: (spec.limits.wall_s * 1000.0) as u64,
        output_bytes: spec.limits.output_kb * 1024,
        open_files: OPEN_FILES,
        file_bytes: u64::MAX,
        scratch: ["/workspace", "/tmp", "/dev/shm"].map(str::to_owned).into(),
        ..Start::default()
    }
}
