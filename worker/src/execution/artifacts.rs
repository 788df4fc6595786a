//! Streams artifacts from the sandbox to object storage and hashes them on the way. They never touch the disk of this
//! host.

use std::io;

use bytes::Bytes;
use engunity_agent::message::Collect;
use engunity_artifacts::{ObjectStore, keys};
use engunity_protocol::{job::Artifact, path::ProjectPath, wire::Running};
use futures::stream;

use crate::sandbox::{AgentConnection, ArtifactFile, SandboxError};

const MAX_FILES: u64 = 1000;
const MAX_BYTES: u64 = 512 * 1024 * 1024;
const MAX_OMITTED: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the artifacts could not be stored: {0}")]
    Store(#[from] engunity_artifacts::ObjectError),
}

/// The stored artifacts, and a message for each file that was left out.
#[derive(Debug, Default)]
pub struct Collected {
    pub artifacts: Vec<Artifact>,
    pub omitted: Vec<String>,
}

/// Stores the files that match `globs`. If storing fails, reads and drops the rest so that the caller can retry.
pub async fn collect(
    agent: &mut AgentConnection,
    objects: &ObjectStore,
    run: Running,
    globs: &[String],
) -> Result<Collected, CollectError> {
    let request = Collect { globs: globs.to_vec(), max_files: MAX_FILES, max_bytes: MAX_BYTES };
    agent.collect(request)?;
    let (mut collected, mut bytes) = (Collected::default(), 0);
    while let Some(file) = agent.next_file().await? {
        bytes += file.size;
        if collected.artifacts.len() as u64 >= MAX_FILES || bytes > MAX_BYTES {
            return Err(SandboxError::protocol("the agent sent more files than requested").into());
        }
        match ProjectPath::parse(&file.path) {
            Ok(path) => match store(agent, objects, run, &path, &file).await {
                Ok(artifact) => collected.artifacts.push(artifact),
                Err(CollectError::Store(error)) => {
                    discard_rest(agent).await?;
                    return Err(error.into());
                }
                Err(error) => return Err(error),
            },
            Err(problem) => {
                collected.omitted.push(format!("{:?}: {problem}", file.path));
                discard(agent, file.size).await?;
            }
        }
    }
    collected.omitted.extend(agent.skipped().iter().map(|file| format!("{}: {}", file.path, file.why)));
    collected.omitted.truncate(MAX_OMITTED);
    Ok(collected)
}

async fn store(
    agent: &mut AgentConnection,
    objects: &ObjectStore,
    run: Running,
    path: &ProjectPath,
    file: &ArtifactFile,
) -> Result<Artifact, CollectError> {
    let mut reader = ArtifactReader::new(agent, file.size);
    let source = stream::try_unfold(&mut reader, |reader| async move {
        let data = reader.next().await?;
        Ok((!data.is_empty()).then_some((data, reader)))
    });
    let stored = objects.put_stream(&keys::artifact(run.job_id, run.attempt, path), source).await;
    let ArtifactReader { agent, hasher, left, sandbox_error } = reader;
    if let Some(error) = sandbox_error {
        return Err(error.into());
    }
    match stored {
        Ok(size) => {
            let hash = hasher.finalize().to_hex().to_string();
            Ok(Artifact { path: path.to_string(), size, hash, executable: file.executable })
        }
        Err(error) => {
            discard(agent, left).await?;
            Err(error.into())
        }
    }
}

/// Reads one file out of the sandbox and hashes it.
struct ArtifactReader<'a> {
    agent: &'a mut AgentConnection,
    hasher: blake3::Hasher,
    left: u64,
    /// Kept apart because object storage reports only that its source failed.
    sandbox_error: Option<SandboxError>,
}

impl<'a> ArtifactReader<'a> {
    fn new(agent: &'a mut AgentConnection, size: u64) -> Self {
        Self { agent, hasher: blake3::Hasher::new(), left: size, sandbox_error: None }
    }

    /// Returns the next piece; empty at the end.
    async fn next(&mut self) -> io::Result<Bytes> {
        if self.left == 0 {
            return Ok(Bytes::new());
        }
        match self.agent.file_data(self.left).await {
            Ok(data) => {
                self.hasher.update(&data);
                self.left -= data.len() as u64;
                Ok(data)
            }
            Err(error) => {
                let source_error = io::Error::other(error.to_string());
                self.sandbox_error = Some(error);
                Err(source_error)
            }
        }
    }
}

async fn discard_rest(agent: &mut AgentConnection) -> Result<(), SandboxError> {
    while let Some(file) = agent.next_file().await? {
        discard(agent, file.size).await?;
    }
    Ok(())
}

async fn discard(agent: &mut AgentConnection, mut left: u64) -> Result<(), SandboxError> {
    while left > 0 {
        left -= agent.file_data(left).await?.len() as u64;
    }
    Ok(())
}
