//! Index jobs: for every project that has changed, and on request. A job carries only what has changed since the index
//! that stands, as one object in storage. A project has at most one unfinished index job, so that changes which come while
//! it waits or runs become the next one.

use std::io::{self, Write};

use bytes::Bytes;
use engunity_artifacts::{ObjectError, ObjectStore, keys};
use engunity_protocol::{
    JobId, ProjectId, UserId,
    index::{ContentChange, IndexSpec, MAX_FILE_BYTES},
    job::{Job, JobClass, JobSpec},
    wire,
};
use engunity_store::{Accepted, ChangedFile, DueIndex, FileNow, NewJob, Store, StoreError};
use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use crate::files::content::hash;
use crate::jobs::Jobs;

/// A project is left alone for so many seconds after its first change: more may follow.
const QUIET_SECONDS: f64 = 1.0;
/// Projects of one round, and how many are packed at the same time.
const ROUND: i64 = 32;
const PARALLEL: usize = 2;
/// Texts that are read at once.
const PIECE_BYTES: i64 = 2 << 20;
const PIECE_FILES: usize = 500;
/// Compressed pieces that wait to be sent.
const AHEAD: usize = 4;
const ZSTD_LEVEL: i32 = 1;
/// Content with a NUL this close to its beginning is binary: no more of it is sent.
const BINARY_PREFIX: usize = 8192;

/// Why an index job was not made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("this project does not exist")]
    NoProject,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// A cheap handle.
#[derive(Clone)]
pub struct IndexBuilds {
    store: Store,
    objects: ObjectStore,
    jobs: Jobs,
}

impl IndexBuilds {
    pub fn new(store: Store, objects: ObjectStore, jobs: Jobs) -> Self {
        Self { store, objects, jobs }
    }

    /// Makes jobs for all projects that have changed and have none.
    pub async fn submit_due(&self) -> Result<(), StoreError> {
        let due = self.store.take_due_indexes(QUIET_SECONDS, ROUND).await?;
        let submitting = due.into_iter().map(|DueIndex { owner, project }| async move {
            if let Err(error) = self.submit(owner, project, JobClass::Bulk).await {
                tracing::warn!(%error, %project, "an index job could not be made; trying again later");
            }
        });
        stream::iter(submitting).buffer_unordered(PARALLEL).collect::<()>().await;
        Ok(())
    }

    /// The job that builds the index of a project: the unfinished one, or a new one.
    pub async fn submit(
        &self,
        owner: UserId,
        project: ProjectId,
        class: JobClass,
    ) -> Result<Job, BuildError> {
        let status = self.store.index_status(owner, project).await?.ok_or(BuildError::NoProject)?;
        if let Some(id) = status.job_id
            && let Some(job) = self.jobs.find(owner, id).await?
        {
            return Ok(job);
        }
        let spec = self.spec(owner, project).await?;
        let changes = spec.changes.clone();
        let job = NewJob {
            id: JobId::new(),
            user_id: owner,
            project_id: project,
            class,
            title: Some(title(&spec)),
            runtime: None,
            spec: JobSpec::Index(spec),
            idempotency: None,
            // Nobody asks for these jobs one by one: a project has one at a time.
            limits: None,
        };
        match self.jobs.submit(vec![job]).await?.pop() {
            Some(Accepted::New(job)) => Ok(job),
            // Another coordinator was faster, with the same changes.
            Some(Accepted::Same(job)) => {
                if let Some(key) = changes {
                    self.objects.delete(&key).await?;
                }
                Ok(job)
            }
            _ => Err(BuildError::NoProject),
        }
    }

    async fn spec(&self, owner: UserId, project: ProjectId) -> Result<IndexSpec, BuildError> {
        let base = self.store.index_base(owner, project).await?.ok_or(BuildError::NoProject)?;
        let files = self.store.changed_files(project, base.bundle.is_none()).await?;
        let count = files.len() as u64;
        let changes = if files.is_empty() {
            None
        } else {
            let key = keys::index_changes(project, base.revision, uuid::Uuid::new_v4());
            self.objects.put_stream(&key, self.pack(owner, files)).await?;
            Some(key)
        };
        Ok(IndexSpec { base: base.bundle, revision: base.revision, changes, files: count })
    }

    /// The changes, packed while they are read.
    fn pack(
        &self,
        owner: UserId,
        files: Vec<ChangedFile>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let (out, mut packed) = mpsc::channel(AHEAD);
        let packer = Packer { store: self.store.clone(), objects: self.objects.clone(), owner, out };
        tokio::spawn(async move {
            if let Err(error) = packer.run(&files).await {
                let _ = packer.out.send(Err(error)).await;
            }
        });
        stream::poll_fn(move |context| packed.poll_recv(context))
    }
}

fn title(spec: &IndexSpec) -> String {
    match (spec.files, &spec.base) {
        (1, Some(_)) => "index 1 changed file".to_owned(),
        (count, Some(_)) => format!("index {count} changed files"),
        (count, None) => format!("index {count} files"),
    }
}

struct Packer {
    store: Store,
    objects: ObjectStore,
    owner: UserId,
    out: mpsc::Sender<io::Result<Bytes>>,
}

impl Packer {
    async fn run(&self, files: &[ChangedFile]) -> io::Result<()> {
        let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
        for piece in pieces(files) {
            let changes = self.read(piece).await?;
            encoder = tokio::task::spawn_blocking(move || write(encoder, &changes)).await??;
            self.send(std::mem::take(encoder.get_mut())).await?;
        }
        self.send(encoder.finish()?).await
    }

    async fn send(&self, packed: Vec<u8>) -> io::Result<()> {
        if packed.is_empty() {
            return Ok(());
        }
        self.out.send(Ok(packed.into())).await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }

    async fn read(&self, files: &[ChangedFile]) -> io::Result<Vec<ContentChange>> {
        let inline: Vec<&FileNow> =
            files.iter().filter_map(|file| file.now.as_ref()).filter(|now| is_read_here(now)).collect();
        let texts = self.store.changed_texts(&inline).await.map_err(io::Error::other)?;
        let mut texts = texts.into_iter();
        let mut changes = Vec::with_capacity(files.len());
        for ChangedFile { path, now } in files {
            changes.push(match now {
                Some(now) if is_read_here(now) => {
                    put(path, now, texts.next().flatten().map(String::into_bytes))
                }
                Some(now) if !now.link => self.object(path, now).await?,
                _ => ContentChange::Remove { path: path.clone() },
            });
        }
        Ok(changes)
    }

    /// What is no text in the database. Of what can't be indexed only the beginning.
    async fn object(&self, path: &str, now: &FileNow) -> io::Result<ContentChange> {
        if now.size > MAX_FILE_BYTES as i64 {
            let (path, hash) = (path.to_owned(), now.hash.clone());
            return Ok(ContentChange::TooLarge { path, hash, bytes: now.size as u64 });
        }
        let key = keys::blob(self.owner, &now.hash);
        let content = async {
            let mut object = self.objects.get_stream(&key).await?;
            let mut content = Vec::new();
            while let Some(piece) = object.body.next().await {
                content
                    .extend_from_slice(&piece.map_err(|error| ObjectError::Unavailable(error.to_string()))?);
                if content.iter().take(BINARY_PREFIX).any(|byte| *byte == 0) {
                    content.truncate(BINARY_PREFIX);
                    break;
                }
            }
            Ok(content)
        };
        match content.await {
            Ok(content) => Ok(put(path, now, Some(content))),
            // Changed meanwhile: the next job has it.
            Err(ObjectError::NotFound(_)) => Ok(ContentChange::Remove { path: path.to_owned() }),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

/// Whether the content is a text in the database that is indexed. The content of a symbolic link is only its target.
fn is_read_here(now: &FileNow) -> bool {
    now.inline && !now.link
}

fn put(path: &str, now: &FileNow, content: Option<Vec<u8>>) -> ContentChange {
    match content {
        Some(content) => ContentChange::Put {
            path: path.to_owned(),
            language: now.language.clone(),
            // Of what was read: it may be newer than the list.
            hash: if now.inline { hash(&content) } else { now.hash.clone() },
            content,
        },
        // Deleted meanwhile: the next job has it.
        None => ContentChange::Remove { path: path.to_owned() },
    }
}

fn write(
    mut encoder: zstd::Encoder<'static, Vec<u8>>,
    changes: &[ContentChange],
) -> io::Result<zstd::Encoder<'static, Vec<u8>>> {
    for change in changes {
        encoder.write_all(&wire::encode(change).map_err(io::Error::other)?)?;
    }
    Ok(encoder)
}

/// Cuts the list into pieces that are read at once.
fn pieces(files: &[ChangedFile]) -> impl Iterator<Item = &[ChangedFile]> {
    let mut rest = files;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |file: &&ChangedFile| {
            let before = bytes;
            bytes += file.now.as_ref().map_or(0, |now| now.size.min(MAX_FILE_BYTES as i64));
            before < PIECE_BYTES
        };
        let count = rest.iter().take(PIECE_FILES).take_while(fits).count();
        let (piece, left) = rest.split_at(count);
        rest = left;
        (count > 0).then_some(piece)
    })
}
