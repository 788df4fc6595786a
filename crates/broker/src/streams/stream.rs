//! The handles of a stream: a reader and a writer, which wait where the flow control says so.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicBool, Ordering},
};

use engunity_protocol::stream::{ResetReason, StreamId, StreamPeer};
use tokio::sync::Notify;

use super::{
    endpoint::Scheduler,
    state::{StreamError, StreamState},
};

/// The most bytes that one read returns.
const MAX_READ: usize = 64 * 1024;

/// What the endpoint and the handles of one stream share.
pub(super) struct Shared {
    pub id: StreamId,
    pub peer: StreamPeer,
    /// Whether it is in the scheduler's queue.
    pub scheduled: AtomicBool,
    state: Mutex<StreamState>,
    /// Something changed that a reader or writer may wait for.
    changed: Notify,
    scheduler: Weak<Scheduler>,
}

impl Shared {
    pub fn new(id: StreamId, peer: StreamPeer, state: StreamState, scheduler: &Arc<Scheduler>) -> Arc<Self> {
        Arc::new(Self {
            id,
            peer,
            scheduled: AtomicBool::new(false),
            state: Mutex::new(state),
            changed: Notify::new(),
            scheduler: Arc::downgrade(scheduler),
        })
    }

    /// Changes the state, wakes the handles, and has the frames sent that are due now.
    pub fn update<T>(self: &Arc<Self>, change: impl FnOnce(&mut StreamState) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.notify_waiters();
        self.schedule();
        result
    }

    pub fn state(&self) -> MutexGuard<'_, StreamState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn schedule(self: &Arc<Self>) {
        if let Some(scheduler) = self.scheduler.upgrade()
            && !self.scheduled.swap(true, Ordering::AcqRel)
        {
            scheduler.push(self.clone());
        }
    }

    /// Waits until `ready` returns something.
    async fn wait<T>(&self, mut ready: impl FnMut(&mut StreamState) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            let found = ready(&mut self.state());
            if let Some(found) = found {
                return found;
            }
            changed.await;
        }
    }

    fn cancel_unless(self: &Arc<Self>, complete: impl FnOnce(&StreamState) -> bool) {
        self.update(|state| {
            if !complete(state) {
                state.reset(StreamError::new(ResetReason::Cancelled, ""));
            }
        });
    }
}

/// Both directions of a stream.
pub struct Stream {
    pub reader: StreamReader,
    pub writer: StreamWriter,
}

impl Stream {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { reader: StreamReader(shared.clone()), writer: StreamWriter { shared, finished: false } }
    }

    pub fn id(&self) -> StreamId {
        self.reader.0.id
    }

    /// Waits until the peer has accepted the stream.
    pub async fn opened(&self) -> Result<(), StreamError> {
        let is_open = |state: &mut StreamState| match state.error() {
            Some(error) => Some(Err(error.clone())),
            None => (!state.is_opening()).then_some(Ok(())),
        };
        self.reader.0.wait(is_open).await
    }

    /// Ends this direction, discards what the peer still sends, and waits until both directions have ended.
    pub async fn close(&mut self) {
        self.writer.finish();
        while let Ok(Some(_)) = self.reader.read().await {}
        let _ = self.writer.acknowledged().await;
    }

    /// A handle that observes and ends the stream, beside those that use it.
    pub fn control(&self) -> StreamControl {
        StreamControl(self.reader.0.clone())
    }
}

/// Reads the peer's direction. Dropping it before the end resets the stream.
pub struct StreamReader(Arc<Shared>);

impl StreamReader {
    /// Waits for bytes; `None` at the end. Cancel safe.
    pub async fn read(&mut self) -> Result<Option<Vec<u8>>, StreamError> {
        let data = self
            .0
            .wait(|state| {
                let data = state.receive.read(MAX_READ);
                match state.error() {
                    _ if !data.is_empty() => Some(Ok(Some(data))),
                    _ if state.receive.is_drained() => Some(Ok(None)),
                    Some(error) => Some(Err(error.clone())),
                    None => None,
                }
            })
            .await?;
        // Freed buffer is credit for the peer.
        if data.is_some() && self.0.state().receive.wants_credit() {
            self.0.schedule();
        }
        Ok(data)
    }

    /// Reads to the end; an error if there are more than `max` bytes.
    pub async fn read_to_end(&mut self, max: usize) -> Result<Vec<u8>, StreamError> {
        let mut all = Vec::new();
        while let Some(data) = self.read().await? {
            all.extend(data);
            if all.len() > max {
                return Err(StreamError::new(ResetReason::Failed, format!("more than {max} bytes")));
            }
        }
        Ok(all)
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.0.cancel_unless(|state| state.receive.is_finished());
    }
}

/// Writes this end's direction. Dropping it without [`StreamWriter::finish`] resets the stream.
pub struct StreamWriter {
    shared: Arc<Shared>,
    finished: bool,
}

impl StreamWriter {
    /// Writes all of `data`; waits while the window is full. Cancelled, it may have written a part.
    pub async fn write_all(&mut self, mut data: &[u8]) -> Result<(), StreamError> {
        if self.finished {
            return Err(StreamError::new(ResetReason::ProtocolError, "written after the end"));
        }
        while !data.is_empty() {
            let written = self
                .shared
                .wait(|state| match state.error() {
                    Some(error) => Some(Err(error.clone())),
                    None => Some(state.send.write(data)).filter(|written| *written > 0).map(Ok),
                })
                .await?;
            data = &data[written..];
            self.shared.schedule();
        }
        Ok(())
    }

    /// Ends this direction; what was written still arrives. Nothing can be written afterwards.
    pub fn finish(&mut self) {
        self.finished = true;
        self.shared.update(|state| state.send.finish());
    }

    /// Waits until the peer has everything, the end included.
    async fn acknowledged(&self) -> Result<(), StreamError> {
        let is_acknowledged = |state: &mut StreamState| match state.error() {
            _ if state.send.is_acknowledged() => Some(Ok(())),
            Some(error) => Some(Err(error.clone())),
            None => None,
        };
        self.shared.wait(is_acknowledged).await
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        let finished = self.finished;
        self.shared.cancel_unless(|_| finished);
    }
}

/// Observes and ends a stream.
#[derive(Clone)]
pub struct StreamControl(Arc<Shared>);

impl StreamControl {
    /// Waits until the stream is reset; never returns for one that ends well.
    pub async fn failed(&self) -> StreamError {
        self.0.wait(|state| state.error().cloned()).await
    }

    /// Ends both directions at once and tells the peer.
    pub fn reset(&self, reason: ResetReason, detail: &str) {
        self.0.update(|state| state.reset(StreamError::new(reason, detail)));
    }

    /// The number of bytes written at this end.
    pub fn written(&self) -> u64 {
        self.0.state().send.written()
    }

    /// The bytes that this end keeps for the stream.
    pub fn buffered(&self) -> usize {
        let state = self.0.state();
        state.send.buffered() + state.receive.buffered()
    }
}
