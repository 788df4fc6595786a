//! Vectors for texts. The model runs in a program of its own, `engunity-embedder`, which is started here, watched and
//! started again. A worker without it goes on: [`Embedding::state`] says what is missing, and it is looked for again
//! every few seconds.

mod adapter;
mod connection;
mod process;
mod state;
#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_embedder::message::{self, Kind, MAX_TEXT_BYTES, MAX_TEXTS};
use futures::future::try_join_all;
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout_at,
};

pub use self::{
    adapter::ModelEmbedder,
    process::Settings,
    state::{Running, State},
};

/// Requests of documents on their way at the same time: enough to keep every thread of the embedder busy.
const DOCUMENT_REQUESTS: usize = 8;
/// Requests of queries on their way at the same time.
const QUERY_REQUESTS: usize = 32;

/// Why there are no vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// There is no embedder now. Later there may be one.
    #[error("no embedding model: {0}")]
    Unavailable(String),
    #[error("the embedding model gave no answer in time")]
    Late,
    /// The embedder refused or failed at this request.
    #[error("the embedding model refused: {0}")]
    Refused(String),
}

/// The embedder of this worker.
pub struct Embedding {
    calls: mpsc::Sender<Call>,
    state: watch::Receiver<State>,
    documents: Semaphore,
    queries: Semaphore,
    supervisor: JoinHandle<()>,
}

/// One request on its way.
struct Call {
    kind: Kind,
    texts: Vec<String>,
    deadline: Instant,
    reply: oneshot::Sender<Result<Vec<Vec<f32>>, EmbedError>>,
}

impl Embedding {
    /// Starts to look for the program and to run it. Needs a tokio runtime.
    pub fn start(settings: Settings) -> Self {
        let (calls, waiting) = mpsc::channel(DOCUMENT_REQUESTS + QUERY_REQUESTS);
        let (report, state) = watch::channel(State::Off);
        let supervisor = tokio::spawn(process::supervise(settings, waiting, report));
        Self {
            calls,
            state,
            documents: Semaphore::new(DOCUMENT_REQUESTS),
            queries: Semaphore::new(QUERY_REQUESTS),
            supervisor,
        }
    }

    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Follows the state.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// One vector of unit length per text, in order, within `limit`. Any number of texts; long ones are cut.
    pub async fn embed(
        &self,
        kind: Kind,
        texts: &[&str],
        limit: Duration,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let deadline = Instant::now() + limit;
        let parts = deal(texts, self.running()?.about.threads as usize);
        let vectors =
            try_join_all(parts.iter().map(|part| self.request(kind, texts, part, deadline))).await?;
        let mut ordered = vec![Vec::new(); texts.len()];
        for (index, vector) in parts.concat().into_iter().zip(vectors.concat()) {
            ordered[index] = vector;
        }
        Ok(ordered)
    }

    fn running(&self) -> Result<Arc<Running>, EmbedError> {
        match &*self.state.borrow() {
            State::Ready(running) => Ok(running.clone()),
            state => Err(EmbedError::Unavailable(state.to_string())),
        }
    }

    async fn request(
        &self,
        kind: Kind,
        texts: &[&str],
        part: &[usize],
        deadline: Instant,
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let room = match kind {
            Kind::Query => &self.queries,
            Kind::Document => &self.documents,
        };
        let answered = async {
            let _permit = room.acquire().await.map_err(|_| EmbedError::Late)?;
            let texts =
                part.iter().map(|&index| message::cut(texts[index], MAX_TEXT_BYTES).to_owned()).collect();
            let (reply, answer) = oneshot::channel();
            let gone = || EmbedError::Unavailable("it is shutting down".into());
            self.calls.send(Call { kind, texts, deadline, reply }).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        };
        timeout_at(deadline.into(), answered).await.unwrap_or(Err(EmbedError::Late))
    }
}

impl Drop for Embedding {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

/// Deals texts out into requests: one per thread or more, each with texts of like length, so that little is padded.
fn deal(texts: &[&str], threads: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&index| texts[index].len().min(MAX_TEXT_BYTES));
    let total: usize = texts.iter().map(|text| weight(text)).sum();
    let share = total.div_ceil(threads.max(1));
    let (mut parts, mut filled): (Vec<Vec<usize>>, usize) = (Vec::new(), share);
    for index in order {
        match parts.last_mut() {
            Some(part) if filled < share && part.len() < MAX_TEXTS => part.push(index),
            _ => {
                parts.push(vec![index]);
                filled = 0;
            }
        }
        filled += weight(texts[index]);
    }
    parts
}

/// About what a text costs: models read no more than some hundred words.
fn weight(text: &str) -> usize {
    text.len().clamp(16, 1024)
}
