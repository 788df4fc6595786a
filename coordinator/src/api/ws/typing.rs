//! Typing into runs over a session socket: one task for each run, so that the order of what is typed is kept and the
//! socket never waits for a worker.

use std::{collections::HashMap, sync::Arc};

use engunity_protocol::{JobId, UserId, job::InputRequest, problem::ErrorCode, session::ServerMessage};
use tokio::sync::mpsc;

use crate::{http::error::ApiError, jobs::input::RunInput, session::message::to_json};

/// Messages of one run that may wait for its worker.
const WAITING: usize = 64;
/// Runs that one socket types into.
const RUNS: usize = 16;

/// The runs that one socket types into.
pub struct Typing {
    input: Arc<RunInput>,
    user_id: UserId,
    out: mpsc::Sender<String>,
    runs: HashMap<JobId, mpsc::Sender<InputRequest>>,
}

impl Typing {
    pub fn new(input: Arc<RunInput>, user_id: UserId, out: mpsc::Sender<String>) -> Self {
        Self { input, user_id, out, runs: HashMap::new() }
    }

    /// Queues input; the answer goes to the socket. Returns a refusal where the queue is full.
    pub fn push(&mut self, job_id: JobId, request: InputRequest) -> Option<ServerMessage> {
        self.runs.retain(|_, run| !run.is_closed());
        let source = request.source.clone();
        let is_known = self.runs.contains_key(&job_id);
        if !is_known && self.runs.len() >= RUNS {
            // Idle tasks end with their way in: what they have in line is still sent.
            self.runs.clear();
        }
        let run = self
            .runs
            .entry(job_id)
            .or_insert_with(|| start(self.input.clone(), self.user_id, job_id, self.out.clone()));
        let full = run.try_send(request).is_err();
        full.then(|| {
            refused(job_id, source, ErrorCode::RateLimited, "too much is on its way to the program".into())
        })
    }
}

fn start(
    input: Arc<RunInput>,
    user_id: UserId,
    job_id: JobId,
    out: mpsc::Sender<String>,
) -> mpsc::Sender<InputRequest> {
    let (sender, mut requests) = mpsc::channel::<InputRequest>(WAITING);
    tokio::spawn(async move {
        while let Some(request) = requests.recv().await {
            let source = request.source.clone();
            let answer = match input.send(user_id, job_id, request).await {
                Ok(taken) => ServerMessage::RunInputTaken { job_id, source, offset: taken.offset },
                Err(error) => {
                    let problem = ApiError::from(error).problem;
                    refused(job_id, source, problem.code, problem.detail)
                }
            };
            if out.send(to_json(&answer)).await.is_err() {
                return;
            }
        }
    });
    sender
}

fn refused(job_id: JobId, source: String, code: ErrorCode, detail: String) -> ServerMessage {
    ServerMessage::RunInputRefused { job_id, source, code, detail }
}
