//! An endpoint of streams: one connection, one queue, one task that receives and one that sends. Receiving never waits for
//! a reader, because credit bounds what may arrive; sending takes one frame of each stream in turn.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use engunity_protocol::{
    stream::{FrameBody, ResetReason, StreamFrame, StreamId, StreamMessage, StreamPeer},
    wire,
};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    Accept,
    state::{MAX_FRAME, Opening, StreamError, StreamState, TICK},
    stream::{Shared, Stream},
};
use crate::{Connection, Consumer, Delivery, Publisher, Queue, Route, ack_batch, worker_users::SenderCheck};

/// The most streams of one endpoint. Each may hold two windows of bytes.
const MAX_STREAMS: usize = 2048;
/// The most streams that are remembered after their end, to answer a peer that missed it.
const MAX_ENDED: usize = 4096;
/// Frames of the same peer are sent together up to this size.
const MESSAGE_BYTES: usize = 64 * 1024;
/// A larger message is not from this software.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
const FRAME_OVERHEAD_BYTES: usize = 64;
const PREFETCH: u16 = 256;
/// For one unconfirmed publish.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);
const QUEUE_DECLARED_WITHIN: Duration = Duration::from_millis(250);
/// For sending the resets of a shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
/// Parameters and first bytes of a stream travel in one frame.
pub const MAX_PARAMS: usize = 16 * 1024;

pub(super) struct Endpoint {
    own_name: StreamPeer,
    connection: Connection,
    streams: Mutex<Streams>,
    scheduler: Arc<Scheduler>,
    accept: Option<Arc<dyn Accept>>,
    /// For what comes from workers.
    sender_check: SenderCheck,
}

#[derive(Default)]
struct Streams {
    open: HashMap<StreamId, Arc<Shared>>,
    ended: Ended,
    closing: bool,
}

impl Streams {
    /// Why no stream may be added now.
    fn refusal(&self) -> Option<ResetReason> {
        match () {
            () if self.closing => Some(ResetReason::Shutdown),
            () if self.open.len() >= MAX_STREAMS => Some(ResetReason::TooManyStreams),
            () => None,
        }
    }
}

/// The first bytes of a stream, which travel with its opening.
pub(super) struct First<'a> {
    pub data: &'a [u8],
    /// Nothing follows them.
    pub end: bool,
}

impl Endpoint {
    pub fn new(
        connection: Connection,
        own_name: StreamPeer,
        accept: Option<Arc<dyn Accept>>,
        sender_check: SenderCheck,
    ) -> Arc<Self> {
        let (streams, scheduler) = (Mutex::default(), Arc::default());
        Arc::new(Self { own_name, connection, streams, scheduler, accept, sender_check })
    }

    /// Starts the tasks; they end when the returned set is dropped.
    pub fn start(self: &Arc<Self>) -> JoinSet<()> {
        let queue = match &self.own_name {
            StreamPeer::Coordinator(id) => Queue::CoordinatorStreams(id.clone()),
            StreamPeer::Worker(id) => Queue::WorkerStreams(id.clone()),
        };
        let consumer = self.connection.consume(queue, PREFETCH);
        let publisher = self.connection.publisher(1, SEND_TIMEOUT);
        let mut tasks = JoinSet::new();
        tasks.spawn(self.clone().receive_forever(consumer));
        tasks.spawn(self.clone().send_forever(publisher));
        tasks.spawn(self.clone().tick_forever());
        tasks.spawn(self.clone().watch_connection());
        tasks
    }

    /// Opens a stream, with the part of `first` that fits into a window as its first bytes.
    pub fn open(&self, peer: StreamPeer, opening: Opening, first: &First<'_>) -> Stream {
        let mut state = StreamState::open(opening, Instant::now());
        if state.send.write(first.data) == first.data.len() && first.end {
            state.send.finish();
        }
        let shared = self.shared(StreamId::random(), peer, state);
        let refused = {
            let mut streams = self.streams();
            let refused = streams.refusal();
            if refused.is_none() {
                streams.open.insert(shared.id, shared.clone());
            }
            refused
        };
        shared.update(|state| refused.map(|reason| state.reset(StreamError::new(reason, ""))));
        Stream::new(shared)
    }

    /// Resets all streams, and sends the resets if the broker is there.
    pub async fn close(&self) {
        self.reset_all();
        let sent = async {
            while !self.scheduler.is_idle() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = timeout(SHUTDOWN_TIMEOUT, sent).await;
    }

    pub fn reset_all(&self) {
        self.streams().closing = true;
        self.update_all(|state| state.reset(StreamError::new(ResetReason::Shutdown, "")));
    }

    async fn receive_forever(self: Arc<Self>, mut consumer: Consumer) {
        loop {
            let batch = consumer.next_batch(usize::from(PREFETCH)).await;
            if batch.is_empty() {
                return;
            }
            for delivery in &batch {
                self.receive(delivery);
            }
            // On a link that is about to be lost it may hang; what was not acknowledged comes again and changes nothing.
            let _ = timeout(SEND_TIMEOUT, ack_batch(&batch)).await;
        }
    }

    fn receive(self: &Arc<Self>, delivery: &Delivery) {
        let (body, sender) = (&delivery.body, delivery.sender.as_deref());
        if body.len() > MAX_MESSAGE_BYTES {
            return tracing::warn!(bytes = body.len(), "a stream message is too large");
        }
        match wire::decode::<StreamMessage>(body) {
            Ok(message) if !self.is_genuine(sender, &message.from) => {
                tracing::warn!(sender, claimed = ?message.from, "a stream message is not from the worker that it names");
            }
            Ok(message) => {
                for frame in message.frames {
                    self.on_frame(&message.from, frame);
                }
            }
            Err(error) => tracing::warn!(%error, "a stream message could not be decoded"),
        }
    }

    /// Workers receive from coordinators only: no other user may write to their queues.
    fn is_genuine(&self, sender: Option<&str>, from: &StreamPeer) -> bool {
        match (from, &self.own_name) {
            (StreamPeer::Worker(worker), StreamPeer::Coordinator(_)) => {
                self.sender_check.accepts(sender, worker)
            }
            (StreamPeer::Coordinator(_), StreamPeer::Worker(_)) => true,
            _ => false,
        }
    }

    fn on_frame(self: &Arc<Self>, from: &StreamPeer, StreamFrame { stream: id, body }: StreamFrame) {
        let known = self.streams().open.get(&id).cloned();
        match known {
            // Another peer's frame is not an answer; it may not even learn that the stream exists.
            Some(shared) if shared.peer != *from => {}
            Some(shared) => shared.update(|state| state.on_frame(body, Instant::now())),
            None => self.on_unknown(from, id, body),
        }
    }

    fn on_unknown(self: &Arc<Self>, from: &StreamPeer, id: StreamId, body: FrameBody) {
        if matches!(body, FrameBody::Reset { .. }) {
            return;
        }
        if let Some(answer) = self.streams().ended.answer(id) {
            return self.answer(from, id, answer);
        }
        let refused = match body {
            FrameBody::Open { .. } => self.accept(from, id, body).err(),
            _ => Some(ResetReason::UnknownStream),
        };
        if let Some(reason) = refused {
            self.answer(from, id, FrameBody::Reset { reason, detail: String::new() });
        }
    }

    fn accept(self: &Arc<Self>, from: &StreamPeer, id: StreamId, body: FrameBody) -> Result<(), ResetReason> {
        let FrameBody::Open { service, params, .. } = &body else { return Err(ResetReason::ProtocolError) };
        let accept = self.accept.clone().ok_or(ResetReason::UnknownService)?;
        let (service, params) = (service.clone(), params.clone());
        let now = Instant::now();
        let shared = self.shared(id, from.clone(), StreamState::accept(now));
        {
            let mut streams = self.streams();
            if let Some(reason) = streams.refusal() {
                return Err(reason);
            }
            streams.open.insert(id, shared.clone());
        }
        shared.update(|state| state.on_frame(body, now));
        accept.accept(&service, params, Stream::new(shared));
        Ok(())
    }

    fn shared(&self, id: StreamId, peer: StreamPeer, state: StreamState) -> Arc<Shared> {
        Shared::new(id, peer, state, &self.scheduler)
    }

    fn answer(&self, to: &StreamPeer, stream: StreamId, body: FrameBody) {
        self.scheduler.push_answer(to.clone(), StreamFrame { stream, body });
    }

    async fn send_forever(self: Arc<Self>, publisher: Publisher) {
        let mut up = self.connection.connected();
        loop {
            let (to, frames) = self.scheduler.next_frames().await;
            // Frames stay where they are while there is no link.
            if up.wait_for(|up| *up).await.is_err() {
                return;
            }
            self.forget_ended();
            let mut link = self.connection.connected();
            tokio::select! {
                () = self.send(&publisher, &to, frames) => {}
                // A write to a lost link may hang; what it carried is sent again.
                _ = link.wait_for(|up| !*up) => {}
            }
        }
    }

    async fn send(&self, publisher: &Publisher, to: &StreamPeer, frames: Vec<StreamFrame>) {
        let message = StreamMessage { from: self.own_name.clone(), frames };
        match wire::encode(&message) {
            Ok(body) => drop(publisher.notify(route(to), &body).await),
            Err(error) => tracing::error!(%error, "a stream message could not be encoded"),
        }
    }

    fn forget_ended(&self) {
        let over = std::mem::take(&mut *lock(&self.scheduler.over));
        let mut streams = self.streams();
        for shared in over {
            if streams.open.remove(&shared.id).is_some() {
                let answer = shared.state().last_frame();
                streams.ended.insert(shared.id, answer);
            }
        }
    }

    async fn tick_forever(self: Arc<Self>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.update_all(|state| state.tick(Instant::now()));
            self.forget_ended();
        }
    }

    async fn watch_connection(self: Arc<Self>) {
        let mut up = self.connection.connected();
        // Counts changes: a link that is back before anyone looked was lost all the same.
        while up.changed().await.is_ok() {
            if !*up.borrow_and_update() {
                continue;
            }
            self.update_all(StreamState::on_reconnect);
            // The queue is declared again at about the same time: a peer that was quicker sent into the void.
            sleep(QUEUE_DECLARED_WITHIN).await;
            self.update_all(StreamState::on_reconnect);
        }
    }

    fn update_all(&self, change: impl Fn(&mut StreamState)) {
        let all: Vec<_> = self.streams().open.values().cloned().collect();
        for shared in all {
            shared.update(&change);
        }
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        lock(&self.streams)
    }
}

fn route(to: &StreamPeer) -> Route {
    match to {
        StreamPeer::Coordinator(id) => Route::coordinator_streams(id),
        StreamPeer::Worker(id) => Route::worker_streams(id),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Streams that may have something to send, in turn.
#[derive(Default)]
pub(super) struct Scheduler {
    queue: Mutex<VecDeque<Arc<Shared>>>,
    answers: Mutex<VecDeque<(StreamPeer, StreamFrame)>>,
    over: Mutex<Vec<Arc<Shared>>>,
    wake: Notify,
}

impl Scheduler {
    pub fn push(&self, shared: Arc<Shared>) {
        lock(&self.queue).push_back(shared);
        self.wake.notify_one();
    }

    /// Queues a frame of a stream that is not open; drops it where too many wait, because the peer asks again.
    fn push_answer(&self, to: StreamPeer, frame: StreamFrame) {
        let mut answers = lock(&self.answers);
        if answers.len() < MAX_ENDED {
            answers.push_back((to, frame));
        }
        self.wake.notify_one();
    }

    fn is_idle(&self) -> bool {
        lock(&self.queue).is_empty() && lock(&self.answers).is_empty()
    }

    /// Waits for frames; returns those of one peer, up to the size of a message.
    async fn next_frames(&self) -> (StreamPeer, Vec<StreamFrame>) {
        loop {
            let wake = self.wake.notified();
            if let Some(frames) = self.take_answer().or_else(|| self.take_frames()) {
                return frames;
            }
            wake.await;
        }
    }

    fn take_answer(&self) -> Option<(StreamPeer, Vec<StreamFrame>)> {
        let (to, frame) = lock(&self.answers).pop_front()?;
        Some((to, vec![frame]))
    }

    fn take_frames(&self) -> Option<(StreamPeer, Vec<StreamFrame>)> {
        let (mut to, mut frames, mut bytes) = (None, Vec::new(), 0);
        while bytes < MESSAGE_BYTES {
            let Some(shared) = self.pop(to.as_ref()) else { break };
            if let Some(body) = self.frame_of(&shared) {
                bytes += size(&body);
                to = Some(shared.peer.clone());
                frames.push(StreamFrame { stream: shared.id, body });
            }
        }
        to.map(|to| (to, frames))
    }

    /// The next stream, if it has the same peer.
    fn pop(&self, peer: Option<&StreamPeer>) -> Option<Arc<Shared>> {
        let mut queue = lock(&self.queue);
        let next = queue.front()?;
        if peer.is_some_and(|peer| *peer != next.peer) {
            return None;
        }
        queue.pop_front()
    }

    /// Takes one frame of the stream and puts it at the end of the queue if it may have more.
    fn frame_of(&self, shared: &Arc<Shared>) -> Option<FrameBody> {
        // Cleared first: what changes from here on schedules the stream again.
        shared.scheduled.store(false, Ordering::Release);
        let (frame, is_over) = {
            let mut state = shared.state();
            (state.next_frame(), state.is_over())
        };
        if is_over {
            lock(&self.over).push(shared.clone());
        } else if frame.is_some() && !shared.scheduled.swap(true, Ordering::AcqRel) {
            self.push(shared.clone());
        }
        frame
    }
}

fn size(body: &FrameBody) -> usize {
    FRAME_OVERHEAD_BYTES
        + match body {
            FrameBody::Open { params, data, .. } => params.len() + data.len(),
            FrameBody::Data { data, .. } => data.len(),
            FrameBody::Credit { .. } | FrameBody::Reset { .. } => 0,
        }
}

/// What to answer for streams that have ended, the newest [`MAX_ENDED`] of them.
#[derive(Default)]
struct Ended {
    answers: HashMap<StreamId, FrameBody>,
    order: VecDeque<StreamId>,
}

impl Ended {
    fn insert(&mut self, id: StreamId, answer: FrameBody) {
        if self.answers.insert(id, answer).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > MAX_ENDED
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }

    fn answer(&self, id: StreamId) -> Option<FrameBody> {
        self.answers.get(&id).cloned()
    }
}

const _: () = assert!(MAX_PARAMS + 2 * MAX_FRAME < MESSAGE_BYTES * 2);
