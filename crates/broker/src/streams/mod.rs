//! Streams: unrecorded bytes in both directions between a coordinator and a worker, for what must be quick and is not
//! kept (terminals, previews, search answers). What must be kept goes through the recorder instead.
//!
//! ```text
//! coordinator                          broker                              worker
//! StreamClient ── endpoint ──► stream.worker.<id>  (exclusive queue) ──► endpoint ── StreamServer ── service
//!              ◄──────────── stream.coordinator.<id> ◄── exchange `streams` ◄──
//! ```
//!
//! * **Bounded.** Each direction holds at most one window of unread and one of unacknowledged bytes ([`WINDOW`]). A slow
//!   reader stops its own sender; it never delays another stream.
//! * **Nothing is lost or repeated** while both processes live: offsets tell what is missing after the loss of a
//!   connection, and the sender still has it.
//! * **Every stream ends**: it is not opened by its deadline, it is reset with a reason, or its peer is silent for
//!   [`PEER_TIMEOUT`].
//!
//! [`flow`] and [`state`] are pure; `endpoint` and `stream` have the effects.

mod endpoint;
pub mod flow;
pub mod state;
mod stream;

#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_protocol::{
    CoordinatorId, WorkerId,
    stream::{ResetReason, StreamPeer},
};
use tokio::{task::JoinSet, time::timeout};

pub use self::{
    endpoint::MAX_PARAMS,
    flow::WINDOW,
    state::{PEER_TIMEOUT, StreamError, TICK},
    stream::{Stream, StreamControl, StreamReader, StreamWriter},
};
use self::{
    endpoint::{Endpoint, First},
    state::Opening,
};
use crate::{Connection, worker_users::SenderCheck};

/// Takes the streams that coordinators open. Must not block; a stream that is dropped is reset.
pub trait Accept: Send + Sync + 'static {
    fn accept(&self, service: &str, params: Vec<u8>, stream: Stream);
}

/// A coordinator's end: opens streams to workers. Clone it freely.
#[derive(Clone)]
pub struct StreamClient(Arc<Running>);

/// A worker's end: accepts streams while it lives.
pub struct StreamServer(Running);

struct Running {
    endpoint: Arc<Endpoint>,
    _tasks: JoinSet<()>,
}

impl Running {
    fn start(
        connection: Connection,
        own_name: StreamPeer,
        accept: Option<Arc<dyn Accept>>,
        sender_check: SenderCheck,
    ) -> Self {
        let endpoint = Endpoint::new(connection, own_name, accept, sender_check);
        let tasks = endpoint.start();
        Self { endpoint, _tasks: tasks }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.endpoint.reset_all();
    }
}

impl StreamClient {
    /// Starts on `connection`, which should serve nothing else: its broker may slow down who sends much. What a worker
    /// sends in another one's name is dropped, if `sender_check` says so.
    pub fn start(connection: Connection, id: CoordinatorId, sender_check: SenderCheck) -> Self {
        Self(Arc::new(Running::start(connection, StreamPeer::Coordinator(id), None, sender_check)))
    }

    /// Opens a stream to a service of a worker; fails after `within`. `params` has at most [`MAX_PARAMS`] bytes.
    pub async fn open(
        &self,
        worker: &WorkerId,
        service: &str,
        params: &[u8],
        within: Duration,
    ) -> Result<Stream, StreamError> {
        let first = First { data: &[], end: false };
        let stream = self.begin(worker, service, params, within, &first)?;
        match timeout(within, stream.opened()).await {
            Ok(opened) => opened.map(|()| stream),
            Err(_) => Err(StreamError::new(ResetReason::OpenTimeout, "")),
        }
    }

    /// Asks a service of a worker and waits for its answer of at most `max_answer` bytes, all within `within`. The
    /// question is delivered at most once; when the time is up the service is cancelled.
    pub async fn request(
        &self,
        worker: &WorkerId,
        service: &str,
        question: &[u8],
        max_answer: usize,
        within: Duration,
    ) -> Result<Vec<u8>, StreamError> {
        self.ask(worker, service, question, max_answer, within, within).await
    }

    /// The same, but gives up after `open_within` already where the worker has not accepted the question.
    pub async fn ask(
        &self,
        worker: &WorkerId,
        service: &str,
        question: &[u8],
        max_answer: usize,
        open_within: Duration,
        within: Duration,
    ) -> Result<Vec<u8>, StreamError> {
        let exchange = async {
            // A short question travels with the opening: the answer takes one round trip.
            let first =
                First { data: question.get(..WINDOW).unwrap_or(question), end: question.len() <= WINDOW };
            let stream = self.begin(worker, service, &[], open_within, &first)?;
            let Stream { mut reader, mut writer } = stream;
            writer.write_all(&question[first.data.len()..]).await?;
            writer.finish();
            reader.read_to_end(max_answer).await
        };
        match timeout(within, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(StreamError::new(ResetReason::OpenTimeout, "no answer in time")),
        }
    }

    /// Resets all streams, and refuses new ones.
    pub async fn close(&self) {
        self.0.endpoint.close().await;
    }

    fn begin(
        &self,
        worker: &WorkerId,
        service: &str,
        params: &[u8],
        within: Duration,
        first: &First<'_>,
    ) -> Result<Stream, StreamError> {
        if params.len() > MAX_PARAMS {
            return Err(StreamError::new(ResetReason::ProtocolError, "the parameters are too long"));
        }
        let (service, params) = (service.to_owned(), params.to_vec());
        let opening = Opening { service, params, deadline: Instant::now() + within };
        Ok(self.0.endpoint.open(StreamPeer::Worker(worker.clone()), opening, first))
    }
}

impl StreamServer {
    /// Starts on `connection`, which should serve nothing else.
    pub fn start(connection: Connection, id: WorkerId, accept: impl Accept) -> Self {
        Self(Running::start(connection, StreamPeer::Worker(id), Some(Arc::new(accept)), SenderCheck::Off))
    }

    /// Resets all streams, and refuses new ones.
    pub async fn close(&self) {
        self.0.endpoint.close().await;
    }
}
