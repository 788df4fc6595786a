//! Live input of running programs: a request to the worker that runs the job, which answers how
//! much it has taken. Nothing is stored: keystrokes must be quick, and the sender keeps them until they are taken.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use engunity_broker::{Queue, RpcClient};
use engunity_protocol::{
    JobId, UserId, WorkerId,
    event::Encoding,
    job::{InputRequest, InputTaken, Job, JobState},
    problem::ErrorCode,
    schema::{INPUT_BYTES, INPUT_SOURCE},
    wire::{self, Control, InputPiece, InputReply, Running},
};
use engunity_store::{Store, StoreError};

/// Deadline for a worker's answer, which usually takes much less.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Why input was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: ErrorCode,
    pub detail: String,
}

pub struct RunInput {
    store: Store,
    rpc: RpcClient,
}

impl RunInput {
    pub fn new(store: Store, rpc: RpcClient) -> Self {
        Self { store, rpc }
    }

    /// Sends input to a user's job; returns how much of it was taken.
    pub async fn send(
        &self,
        user_id: UserId,
        job_id: JobId,
        request: InputRequest,
    ) -> Result<InputTaken, Refusal> {
        let piece = piece(request)?;
        let job = self.store.job(user_id, job_id).await.map_err(unreadable)?;
        let (worker, run) = place(job.map(|head| head.job))?;
        let control = Control::Input { job_id, attempt: run.attempt, input: piece };
        match self.ask(&worker, &control).await? {
            InputReply::Taken { offset } => Ok(InputTaken { offset }),
            InputReply::Closed => refuse(ErrorCode::InputClosed, "its program takes no input, or no more"),
            InputReply::Unknown => refuse(ErrorCode::NotRunning, "its worker does not run it at the moment"),
        }
    }

    async fn ask(&self, worker: &WorkerId, control: &Control) -> Result<InputReply, Refusal> {
        let unavailable = |error: &dyn std::fmt::Display| {
            tracing::debug!(%worker, %error, "live input was not answered");
            Refusal { code: ErrorCode::Unavailable, detail: "its worker can't be reached now".into() }
        };
        let body = wire::encode(control).map_err(|error| unavailable(&error))?;
        let answer = self.rpc.call(&Queue::Control(worker.clone()), &body, ANSWER_TIMEOUT).await;
        wire::decode(&answer.map_err(|error| unavailable(&error))?).map_err(|error| unavailable(&error))
    }
}

/// Which run of the job takes input, and where it is.
fn place(job: Option<Job>) -> Result<(WorkerId, Running), Refusal> {
    let Some(job) = job else { return refuse(ErrorCode::NotFound, "this job does not exist") };
    match (job.state, job.worker_id) {
        (JobState::Running, Some(worker)) => Ok((worker, Running { job_id: job.id, attempt: job.attempt })),
        (state, _) if state.is_terminal() => refuse(ErrorCode::JobFinished, "its program has ended"),
        _ => refuse(ErrorCode::NotRunning, "its program has not started yet"),
    }
}

/// The checked message to the worker.
fn piece(request: InputRequest) -> Result<InputPiece, Refusal> {
    let InputRequest { data, encoding, source, offset, end, terminal } = request;
    let invalid = |detail: &str| Refusal { code: ErrorCode::InvalidInput, detail: detail.to_owned() };
    let data = match encoding {
        Encoding::Utf8 => data.into_bytes(),
        Encoding::Base64 => STANDARD.decode(data).map_err(|_| invalid("data: is not base64"))?,
    };
    if data.len() > INPUT_BYTES {
        return Err(invalid(&format!("data: must be at most {INPUT_BYTES} bytes")));
    }
    if !INPUT_SOURCE.contains(&source.chars().count()) {
        return Err(invalid(&format!("source: must be at most {} characters", INPUT_SOURCE.end())));
    }
    if terminal.is_some_and(|size| !size.is_valid()) {
        return Err(invalid("terminal: must have 1 to 1000 rows and columns"));
    }
    Ok(InputPiece { source, offset, data, end, terminal })
}

fn unreadable(error: StoreError) -> Refusal {
    tracing::warn!(%error, "a job could not be read");
    Refusal { code: ErrorCode::Unavailable, detail: "the database can't be reached".into() }
}

fn refuse<T>(code: ErrorCode, detail: &str) -> Result<T, Refusal> {
    Err(Refusal { code, detail: detail.to_owned() })
}

#[cfg(test)]
mod tests {
    use engunity_protocol::spec::TerminalSize;

    use super::*;

    #[test]
    fn input_is_checked_before_anyone_is_asked() {
        let code = |request| piece(request).unwrap_err().code;
        let much = InputRequest { data: "x".repeat(INPUT_BYTES + 1), ..InputRequest::default() };
        assert_eq!(code(much), ErrorCode::InvalidInput);
        let no_base64 =
            InputRequest { data: "?".into(), encoding: Encoding::Base64, ..InputRequest::default() };
        assert_eq!(code(no_base64), ErrorCode::InvalidInput);
        let long = InputRequest { source: "x".repeat(65), ..InputRequest::default() };
        assert_eq!(code(long), ErrorCode::InvalidInput);
        let flat = Some(TerminalSize { rows: 0, cols: 80 });
        assert_eq!(code(InputRequest { terminal: flat, ..InputRequest::default() }), ErrorCode::InvalidInput);
        let bytes =
            InputRequest { data: "AAEC".into(), encoding: Encoding::Base64, ..InputRequest::default() };
        assert_eq!(piece(bytes).unwrap().data, [0, 1, 2]);
    }
}
