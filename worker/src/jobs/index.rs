//! The index job: brings a project's index from one revision of its files to another, and puts it into object storage.
//! What can be found by words is published first; vectors follow, as far as the job's time goes. Another job goes on.
//!
//! Nothing is visible before the report of a complete upload is recorded, so that an attempt that dies leaves the former
//! index as it was. What it did on its own disk is of use to the next attempt there.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_artifacts::ObjectError;
use engunity_hybrid_index::{Applied, EmbedBudget, IndexError};
use engunity_protocol::{
    event::Progress,
    index::{IndexReport, IndexSpec},
    verdict::{Reason, Usage, Verdict},
    wire::{EventBody, Outcome},
};
use tokio::time::interval;

use crate::{
    execution::{Ending, Run, stop::StopReason},
    indexes::{ChangesFile, OpenError, OpenIndex, Progressing, UploadError, counts, upload},
};

/// How long one job embeds before others have their turn.
const EMBED_TIME: Duration = Duration::from_secs(30);
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// Why a job ended before its index was published.
#[derive(Debug)]
enum Failure {
    Stopped(StopReason),
    /// The index to begin with can't be used.
    Unusable(String),
    /// Tried again, here or elsewhere.
    Unable(String),
    Broken(String),
}

pub async fn run(run: &mut Run, spec: IndexSpec) -> Ending {
    let begun = Instant::now();
    let failure = match build(run, &spec).await {
        Ok(evidence) => {
            let usage = Usage { wall_ms: begun.elapsed().as_millis() as u64, ..Usage::default() };
            let verdict = Verdict::new(Reason::Ok, evidence);
            return Ending::Finished(Outcome { verdict, usage, artifacts: Vec::new() });
        }
        Err(failure) => failure,
    };
    match failure {
        Failure::Stopped(StopReason::Abandon) => Ending::Abandoned,
        Failure::Stopped(StopReason::HandBack) => Ending::HandedBack,
        Failure::Stopped(StopReason::Cancel) => {
            Ending::verdict(Reason::Cancelled, "cancelled while it was built")
        }
        Failure::Unusable(why) => {
            let manifest = spec.base.map(|base| base.manifest).unwrap_or_default();
            run.events.send(EventBody::IndexUnusable { manifest, why: why.clone() }).await;
            Ending::verdict(Reason::Internal, format!("the index is built anew by another job: {why}"))
        }
        Failure::Unable(because) => Ending::Unable(because),
        Failure::Broken(why) => Ending::verdict(Reason::Internal, why),
    }
}

/// Builds and publishes; answers what was done, in words.
async fn build(run: &mut Run, spec: &IndexSpec) -> Result<String, Failure> {
    let base = spec.base.as_ref().map(|base| base.manifest.as_str());
    let open = run.context.indexes.index(run.project_id, base).await?;
    let applied = match &spec.changes {
        Some(key) => apply(run, &open, key, spec.files).await?,
        None => Applied::default(),
    };
    let embedder = run.context.embedding.documents();
    // What can be found by words need not wait for vectors.
    if spec.base.is_none() || embedder.is_some() {
        publish(run, &open, spec, embedder.is_some()).await?;
    }
    let unfinished = match embedder {
        Some(embedder) => {
            let budget = EmbedBudget { until: Some(Instant::now() + EMBED_TIME), ..EmbedBudget::ALL };
            let index = open.clone();
            let embed = move |progress: &Arc<Progressing>| {
                let budget = stopping(budget, progress);
                let done = index.index.embed_pending(&embedder, budget, &mut |_| ())?;
                Ok(!done.is_complete())
            };
            work(run, embed, |_| "computing vectors".to_owned()).await?
        }
        None => false,
    };
    let index = open.clone();
    work(run, move |_| index.index.maintain(), |_| "merging segments".to_owned()).await?;
    publish(run, &open, spec, unfinished).await?;
    Ok(format!("{} files indexed, {} removed, {} unchanged", applied.put, applied.removed, applied.unchanged))
}

/// No vectors for a job that is already stopped.
fn stopping(budget: EmbedBudget, progress: &Progressing) -> EmbedBudget {
    if progress.is_stopped() { EmbedBudget { texts: 0, ..budget } } else { budget }
}

/// Takes the changes into the index.
async fn apply(run: &mut Run, open: &Arc<OpenIndex>, key: &str, files: u64) -> Result<Applied, Failure> {
    let context = run.context.clone();
    let changes = ChangesFile::fetch(&context.objects, key, open.scratch()).await.map_err(changes_failed)?;
    let index = open.clone();
    let apply = move |progress: &Arc<Progressing>| {
        let read = changes.read(progress.clone()).map_err(|error| damaged(&error))?;
        let applied = index.index.apply(read)?;
        progress.error().map_or(Ok(applied), |error| Err(damaged(&error)))
    };
    work(run, apply, move |progress| format!("indexing, {} of {files} files", progress.files())).await
}

fn damaged(error: &io::Error) -> IndexError {
    IndexError::Corrupt(format!("the changes can't be read: {error}"))
}

/// A missing object is no passing trouble: the job was made for an index that another one has replaced.
fn changes_failed(error: ObjectError) -> Failure {
    match error {
        ObjectError::NotFound(key) => {
            Failure::Broken(format!("the changes are not in object storage any more ({key})"))
        }
        other => Failure::Unable(other.to_string()),
    }
}

/// Runs what blocks on a thread of its own, reports its progress, and has it end early when the job must stop.
async fn work<T: Send + 'static>(
    run: &mut Run,
    work: impl FnOnce(&Arc<Progressing>) -> Result<T, IndexError> + Send + 'static,
    describe: impl Fn(&Progressing) -> String,
) -> Result<T, Failure> {
    let progress = Arc::new(Progressing::default());
    let shared = progress.clone();
    let mut working = tokio::task::spawn_blocking(move || work(&shared));
    let (mut stop, mut ticks, mut said) = (run.stop.clone(), interval(PROGRESS_INTERVAL), String::new());
    ticks.tick().await;
    loop {
        tokio::select! {
            done = &mut working => return match (done, run.stop.now()) {
                (_, Some(why)) => Err(Failure::Stopped(why)),
                (Ok(done), None) => done.map_err(Failure::from),
                (Err(panic), None) => Err(Failure::Broken(format!("the index failed: {panic}"))),
            },
            why = stop.wait(), if !progress.is_stopped() => {
                tracing::debug!(job_id = %run.running.job_id, ?why, "an index job stops");
                progress.stop();
            }
            _ = ticks.tick() => {
                let message = describe(&progress);
                if message != said {
                    said.clone_from(&message);
                    run.events.send(EventBody::Progress(Progress { message, fraction: None, remark: false })).await;
                }
            }
        }
    }
}

/// Uploads the index as it is, and reports it.
async fn publish(
    run: &mut Run,
    open: &Arc<OpenIndex>,
    spec: &IndexSpec,
    unfinished: bool,
) -> Result<(), Failure> {
    let uploading = upload(&run.context.objects, run.project_id, open);
    let mut stop = run.stop.clone();
    let bundle = tokio::select! {
        bundle = uploading => bundle?,
        why = stop.wait() => return Err(Failure::Stopped(why)),
    };
    let report = IndexReport { revision: spec.revision, bundle, counts: counts(open), unfinished };
    run.events.send(EventBody::Indexed(report)).await;
    Ok(())
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Corrupt(_) | IndexError::Foreign(_) => Self::Unusable(error.to_string()),
            IndexError::Io { .. } | IndexError::Locked { .. } | IndexError::Embed(_) => {
                Self::Unable(error.to_string())
            }
            IndexError::Query(_) | IndexError::Lexical(_) | IndexError::ReadOnly => {
                Self::Broken(error.to_string())
            }
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Gone | OpenError::Unusable(_) => Self::Unusable(error.to_string()),
            OpenError::Unavailable(_) | OpenError::Disk(_) => Self::Unable(error.to_string()),
        }
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Index(error) => error.into(),
            other => Self::Unable(other.to_string()),
        }
    }
}
