//! Live input of running programs: a request to the worker that runs the job, which answers how
//! much it has taken. Nothing is stored: keystrokes must be quick, and the sender keeps them until they are taken.

use std::{error::Error, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use engunity_broker::streams::StreamClient;
use engunity_protocol::{
    JobId, UserId, WorkerId,
    event::Encoding,
    job::{InputRequest, InputTaken, Job, JobState},
    schema::{INPUT_BYTES, INPUT_SOURCE},
    wire::{self, Control, InputPiece, InputReply, Running},
};
use engunity_store::{Store, StoreError};

/// The worker's service that takes input.
const SERVICE: &str = "input";
/// Bytes of an answer.
const MAX_ANSWER: usize = 1024;
/// Deadline for a worker's answer, which usually takes much less.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Why input was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The job does not exist, or belongs to another user.
    #[error("this job does not exist")]
    NoJob,
    #[error("its program has not started yet")]
    NotStarted,
    #[error("its program has ended")]
    Ended,
    /// The worker named in the job has no such run: it has just ended, or is starting elsewhere.
    #[error("its worker does not run it at the moment")]
    NotRunning,
    #[error("its program takes no input, or no more")]
    Closed,
    /// One field of the request is wrong.
    #[error("{field}: {message}")]
    Invalid { field: &'static str, message: String },
    #[error("its worker can't be reached now")]
    WorkerUnreachable { worker: WorkerId, source: Box<dyn Error + Send + Sync> },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl InputError {
    fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}

pub struct RunInput {
    store: Store,
    streams: StreamClient,
}

impl RunInput {
    pub fn new(store: Store, streams: StreamClient) -> Self {
        Self { store, streams }
    }

    /// Sends input to a user's job; returns how much of it was taken.
    pub async fn send(
        &self,
        user_id: UserId,
        job_id: JobId,
        request: InputRequest,
    ) -> Result<InputTaken, InputError> {
        let piece = piece(request)?;
        let job = self.store.job(user_id, job_id).await?;
        let (worker, run) = place(job.map(|head| head.job))?;
        let control = Control::Input { job_id, attempt: run.attempt, input: piece };
        match self.ask(&worker, &control).await? {
            InputReply::Taken { offset } => Ok(InputTaken { offset }),
            InputReply::Closed => Err(InputError::Closed),
            InputReply::Unknown => Err(InputError::NotRunning),
        }
    }

    async fn ask(&self, worker: &WorkerId, control: &Control) -> Result<InputReply, InputError> {
        let unreachable = |source| InputError::WorkerUnreachable { worker: worker.clone(), source };
        let body = wire::encode(control).map_err(|error| unreachable(error.into()))?;
        let answer = self.streams.request(worker, SERVICE, &body, MAX_ANSWER, ANSWER_TIMEOUT).await;
        let answer = answer.map_err(|error| unreachable(error.into()))?;
        wire::decode(&answer).map_err(|error| unreachable(error.into()))
    }
}

/// Which run of the job takes input, and where it is.
fn place(job: Option<Job>) -> Result<(WorkerId, Running), InputError> {
    let Some(job) = job else { return Err(InputError::NoJob) };
    match (job.state, job.worker_id) {
        (JobState::Running, Some(worker)) => Ok((worker, Running { job_id: job.id, attempt: job.attempt })),
        (state, _) if state.is_terminal() => Err(InputError::Ended),
        _ => Err(InputError::NotStarted),
    }
}

/// The checked message to the worker.
fn piece(request: InputRequest) -> Result<InputPiece, InputError> {
    let InputRequest { data, encoding, source, offset, end, terminal } = request;
    let data = match encoding {
        Encoding::Utf8 => data.into_bytes(),
        Encoding::Base64 => {
            STANDARD.decode(data).map_err(|_| InputError::invalid("data", "is not base64"))?
        }
    };
    if data.len() > INPUT_BYTES {
        return Err(InputError::invalid("data", format!("must be at most {INPUT_BYTES} bytes")));
    }
    if !INPUT_SOURCE.contains(&source.chars().count()) {
        return Err(InputError::invalid(
            "source",
            format!("must be at most {} characters", INPUT_SOURCE.end()),
        ));
    }
    if terminal.is_some_and(|size| !size.is_valid()) {
        return Err(InputError::invalid("terminal", "must have 1 to 1000 rows and columns"));
    }
    Ok(InputPiece { source, offset, data, end, terminal })
}

#[cfg(test)]
mod tests {
    use engunity_protocol::spec::TerminalSize;

    use super::*;

    #[test]
    fn input_is_checked_before_anyone_is_asked() {
        let refused = |request| match piece(request) {
            Err(InputError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        let much = InputRequest { data: "x".repeat(INPUT_BYTES + 1), ..InputRequest::default() };
        assert_eq!(refused(much), "data");
        let no_base64 =
            InputRequest { data: "?".into(), encoding: Encoding::Base64, ..InputRequest::default() };
        assert_eq!(refused(no_base64), "data");
        let long = InputRequest { source: "x".repeat(65), ..InputRequest::default() };
        assert_eq!(refused(long), "source");
        let flat = Some(TerminalSize { rows: 0, cols: 80 });
        assert_eq!(refused(InputRequest { terminal: flat, ..InputRequest::default() }), "terminal");
        let bytes =
            InputRequest { data: "AAEC".into(), encoding: Encoding::Base64, ..InputRequest::default() };
        assert_eq!(piece(bytes).unwrap().data, [0, 1, 2]);
    }
}
