//! Before the program starts: whether it fits, its sandbox, and its files in it.

use std::time::Duration;

use engunity_agent::message::Start;
use engunity_protocol::{spec::ExecuteSpec, verdict::Reason};
use tokio::time::timeout;

use super::{Broken, Ending, MIB, Run};
use crate::sandbox::{SandboxError, SandboxSpec, Session};

const OPEN_FILES: u64 = 4096;
const UNPACK_WITHIN: Duration = Duration::from_secs(120);

/// A project that can't be unpacked within its limits need not be tried.
pub fn does_not_fit(spec: &ExecuteSpec) -> Option<Ending> {
    let room = spec.limits.disk_mb.min(spec.limits.memory_mb);
    let needed = spec.snapshot.unpacked_bytes.div_ceil(MIB);
    let evidence =
        format!("the project's files take {needed} MiB, and a run has {room} MiB for them (disk and memory)");
    (needed > room).then(|| Ending::verdict(Reason::Disk, evidence))
}

/// Makes the sandbox and fetches the files at the same time, then brings them together.
pub async fn prepare(run: &Run, spec: &ExecuteSpec) -> Result<Session, Broken> {
    let environment = &run.environment;
    let wanted = sandbox_spec(run, spec)?;
    let Some(key) = &spec.snapshot.key else { return Ok(environment.sandbox.open(&wanted).await?) };
    let fetch = async { environment.snapshots.fetch(key).await.map_err(Broken::from) };
    let open = async { environment.sandbox.open(&wanted).await.map_err(Broken::from) };
    let (mut files, mut session) = tokio::try_join!(fetch, open)?;
    match timeout(UNPACK_WITHIN, session.unpack(&mut files)).await {
        Ok(unpacked) => unpacked.map(|_| session).map_err(Broken::from),
        Err(_) => Err(Broken::TooLate("unpacking the project")),
    }
}

fn sandbox_spec(run: &Run, spec: &ExecuteSpec) -> Result<SandboxSpec, SandboxError> {
    let environment = &run.environment;
    let runtime = environment.catalog.by_name(&spec.runtime);
    let runtime =
        runtime.ok_or_else(|| SandboxError::ImageMissing(format!("of the runtime {:?}", spec.runtime)))?;
    Ok(SandboxSpec {
        image: runtime.image(&environment.image_prefix),
        limits: spec.limits,
        job_id: run.running.job_id,
        attempt: run.running.attempt,
        project_id: run.project_id,
        worker_id: environment.identity.id.clone(),
    })
}

pub fn start(spec: &ExecuteSpec) -> Start {
    Start {
        argv: spec.command.argv(),
        env: spec.env.clone(),
        wall_ms: (spec.limits.wall_s * 1000.0) as u64,
        output_bytes: spec.limits.output_kb * 1024,
        open_files: OPEN_FILES,
        file_bytes: spec.limits.disk_mb * MIB,
        scratch: vec!["/workspace".into(), "/tmp".into()],
        ..Start::default()
    }
}
