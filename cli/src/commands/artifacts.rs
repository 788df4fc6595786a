//! `engunity artifacts`: list and download a run's artifacts.

use std::path::Path;

use engunity_protocol::{JobId, job::Artifact, path::ProjectPath, problem::ErrorCode};
use serde_json::json;

use crate::{
    app::App,
    args::{self, ArtifactsAction},
    commands::jobs,
    download_dir::DownloadDir,
    error::{CliError, Result},
    output::{
        plain,
        table::table,
        units::{bytes, count},
    },
};

pub async fn run(app: &App, args: args::Artifacts) -> Result<u8> {
    app.need_login()?;
    match args.action {
        ArtifactsAction::Ls { job } => list(app, job).await,
        ArtifactsAction::Get { job, paths, out } => get(app, job, &paths, &out).await,
    }
}

async fn list(app: &App, job: Option<JobId>) -> Result<u8> {
    let job = jobs::resolve(app, job).await?;
    let artifacts = app.client.artifacts(job.id).await?;
    app.out.result(&artifacts, || {
        let rows: Vec<_> = artifacts.iter().map(|a| [bytes(a.size), plain(&a.path)]).collect();
        table(["SIZE", "PATH"], &rows)
    })?;
    if artifacts.is_empty() {
        app.out.note("the run has no artifacts; keep files with: engunity run --artifact '<glob>' -- …");
    }
    Ok(0)
}

async fn get(app: &App, job: JobId, paths: &[String], out: &Path) -> Result<u8> {
    let mut artifacts = app.client.artifacts(job).await?;
    if let Some(missing) = paths.iter().find(|path| !artifacts.iter().any(|artifact| artifact.path == **path))
    {
        return Err(CliError::new(format!("job {job} has no artifact {missing:?}"))
            .hint(format!("engunity artifacts ls {job}")));
    }
    artifacts.retain(|artifact| paths.is_empty() || paths.contains(&artifact.path));
    let size = fetch(app, job, &artifacts, out).await?;
    let answer = json!({"job": job, "out": out, "artifacts": artifacts, "bytes": size});
    app.out.result(&answer, || fetched(&artifacts, size, out))?;
    Ok(0)
}

pub fn fetched(artifacts: &[Artifact], size: u64, out: &Path) -> String {
    format!(
        "downloaded {} ({}) into {}",
        count(artifacts.len() as u64, "artifact"),
        bytes(size),
        out.display()
    )
}

/// Downloads `artifacts` into `out` and checks each against its hash.
pub async fn fetch(app: &App, job: JobId, artifacts: &[Artifact], out: &Path) -> Result<u64> {
    if artifacts.is_empty() {
        return Ok(0);
    }
    let target = DownloadDir::create(out)?;
    let total = artifacts.iter().map(|artifact| artifact.size).sum();
    let bar = app.out.bytes_bar(total, "downloading");
    for artifact in artifacts {
        fetch_one(app, job, artifact, &target).await?;
        bar.inc(artifact.size);
    }
    bar.finish_and_clear();
    Ok(total)
}

async fn fetch_one(app: &App, job: JobId, artifact: &Artifact, target: &DownloadDir) -> Result<()> {
    // A program in a sandbox chose the path, so it is validated here again.
    let path = ProjectPath::parse(&artifact.path)
        .map_err(|error| CliError::new(format!("refused the artifact {}: {error}", plain(&artifact.path))))?;
    let response = app
        .client
        .artifact(job, path.as_str())
        .await
        .map_err(|f| f.when(ErrorCode::NotFound, "engunity artifacts ls"))?;
    let file = target.file(&path, artifact.executable)?;
    file.receive(app.client.body(response), Some(&artifact.hash)).await.map(drop)
}
