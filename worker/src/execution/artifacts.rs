//! What a run leaves behind: from the sandbox straight to object storage, hashed on the way, never onto this host's disk.

use std::io;

use bytes::Bytes;
use engunity_agent::message::Collect;
use engunity_artifacts::{ObjectStore, keys};
use engunity_protocol::{job::Artifact, path::ProjectPath, wire::Running};
use futures::stream;

use crate::sandbox::{ArtifactFile, SandboxError, Session};

const MAX_FILES: u64 = 1000;
const MAX_BYTES: u64 = 512 * 1024 * 1024;
const MAX_NOTES: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the artifacts could not be stored: {0}")]
    Store(#[from] engunity_artifacts::ObjectError),
}

/// What was kept, and in words what was not.
#[derive(Debug, Default)]
pub struct Kept {
    pub artifacts: Vec<Artifact>,
    pub left_out: Vec<String>,
}

/// Keeps what matches `globs`. Where storing fails, the rest is read and dropped, so that it may be asked for again.
pub async fn collect(
    session: &mut Session,
    objects: &ObjectStore,
    run: Running,
    globs: &[String],
) -> Result<Kept, CollectError> {
    let request = Collect { globs: globs.to_vec(), max_files: MAX_FILES, max_bytes: MAX_BYTES };
    session.collect(request).await?;
    let (mut kept, mut bytes) = (Kept::default(), 0);
    while let Some(file) = session.next_file().await? {
        bytes += file.size;
        if kept.artifacts.len() as u64 >= MAX_FILES || bytes > MAX_BYTES {
            return Err(SandboxError::nonsense("more files than it was asked for").into());
        }
        match ProjectPath::parse(&file.path) {
            Ok(path) => match store(session, objects, run, &path, &file).await {
                Ok(artifact) => kept.artifacts.push(artifact),
                Err(CollectError::Store(error)) => {
                    drop_rest(session).await?;
                    return Err(error.into());
                }
                Err(error) => return Err(error),
            },
            Err(problem) => {
                kept.left_out.push(format!("{:?}: {problem}", file.path));
                discard(session, file.size).await?;
            }
        }
    }
    kept.left_out.extend(session.skipped().iter().map(|file| format!("{}: {}", file.path, file.why)));
    kept.left_out.truncate(MAX_NOTES);
    Ok(kept)
}

async fn store(
    session: &mut Session,
    objects: &ObjectStore,
    run: Running,
    path: &ProjectPath,
    file: &ArtifactFile,
) -> Result<Artifact, CollectError> {
    let mut reading = Reading { session, hasher: blake3::Hasher::new(), left: file.size, broken: None };
    let source = stream::try_unfold(&mut reading, |reading| async move {
        let data = reading.next().await?;
        Ok((!data.is_empty()).then_some((data, reading)))
    });
    let stored = objects.put_stream(&keys::artifact(run.job_id, run.attempt, path), source).await;
    let Reading { session, hasher, left, broken } = reading;
    if let Some(error) = broken {
        return Err(error.into());
    }
    match stored {
        Ok(size) => {
            Ok(Artifact { path: path.to_string(), size, hash: hasher.finalize().to_hex().to_string() })
        }
        Err(error) => {
            discard(session, left).await?;
            Err(error.into())
        }
    }
}

/// A file on its way out of the sandbox.
struct Reading<'a> {
    session: &'a mut Session,
    hasher: blake3::Hasher,
    left: u64,
    /// What went wrong with the sandbox, which is not object storage's fault.
    broken: Option<SandboxError>,
}

impl Reading<'_> {
    /// The next piece; empty at the end.
    async fn next(&mut self) -> io::Result<Bytes> {
        if self.left == 0 {
            return Ok(Bytes::new());
        }
        match self.session.file_data(self.left).await {
            Ok(data) => {
                self.hasher.update(&data);
                self.left -= data.len() as u64;
                Ok(data)
            }
            Err(error) => {
                let told = io::Error::other(error.to_string());
                self.broken = Some(error);
                Err(told)
            }
        }
    }
}

async fn drop_rest(session: &mut Session) -> Result<(), SandboxError> {
    while let Some(file) = session.next_file().await? {
        discard(session, file.size).await?;
    }
    Ok(())
}

async fn discard(session: &mut Session, mut left: u64) -> Result<(), SandboxError> {
    while left > 0 {
        left -= session.file_data(left).await?.len() as u64;
    }
    Ok(())
}
