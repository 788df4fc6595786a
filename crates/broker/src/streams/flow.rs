//! Flow control of one direction of a stream. Pure.
//!
//! The sender keeps every byte until the receiver has it, at most [`WINDOW`] bytes, and sends only what the receiver gave
//! credit for. The receiver keeps every byte until it is read, and gives credit for at most [`WINDOW`] unread bytes. So
//! both buffers are bounded, a slow reader stops its own sender only, and a lost frame can be sent again.

use std::collections::VecDeque;

/// The most bytes that each side of a direction keeps.
pub const WINDOW: usize = 256 * 1024;
/// The credit that each side has before the first credit frame.
pub const INITIAL_CREDIT: u64 = 64 * 1024;
/// Credit is sent when the reader has freed this much.
const CREDIT_STEP: u64 = WINDOW as u64 / 4;
/// An emptied buffer above this size gives its memory back.
const KEPT_CAPACITY: usize = 16 * 1024;
/// Bytes that were in flight for this many ticks without progress are sent again.
const STALLED_TICKS: u32 = 2;

/// The peer exceeded its credit or contradicted itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProtocolViolation(&'static str);

/// A piece of a direction, on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub offset: u64,
    pub data: Vec<u8>,
    pub end: bool,
}

/// The sending half of a direction.
#[derive(Debug)]
pub struct SendBuffer {
    /// Written and not acknowledged; the first byte has the offset `base`.
    ring: VecDeque<u8>,
    base: u64,
    /// Bytes before this offset were sent.
    sent: u64,
    limit: u64,
    finished: bool,
    end_sent: bool,
    end_acknowledged: bool,
    progress: Progress,
}

/// What the previous tick saw.
#[derive(Debug, Default)]
struct Progress {
    base: u64,
    stalled_ticks: u32,
}

impl Default for SendBuffer {
    fn default() -> Self {
        Self {
            ring: VecDeque::new(),
            base: 0,
            sent: 0,
            limit: INITIAL_CREDIT,
            finished: false,
            end_sent: false,
            end_acknowledged: false,
            progress: Progress::default(),
        }
    }
}

impl SendBuffer {
    /// Takes the part of `data` that fits; returns its length.
    pub fn write(&mut self, data: &[u8]) -> usize {
        let length = data.len().min(self.capacity());
        self.ring.extend(&data[..length]);
        length
    }

    pub fn capacity(&self) -> usize {
        WINDOW - self.ring.len()
    }

    /// Ends the direction after what was written.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    pub fn is_acknowledged(&self) -> bool {
        self.end_acknowledged
    }

    pub fn buffered(&self) -> usize {
        self.ring.len()
    }

    /// The next segment that the credit allows, of at most `max` bytes.
    pub fn next_segment(&mut self, max: usize) -> Option<Segment> {
        let allowed = self.written().min(self.limit).saturating_sub(self.sent);
        let length = allowed.min(max as u64) as usize;
        let offset = self.sent;
        let end = self.finished && !self.end_sent && offset + length as u64 == self.written();
        if length == 0 && !end {
            return None;
        }
        let start = (offset - self.base) as usize;
        let data = copy(&self.ring, start, length);
        self.sent += length as u64;
        self.end_sent |= end;
        Some(Segment { offset, data, end })
    }

    /// The receiver has everything before `received` and accepts bytes before `limit`.
    pub fn acknowledge(&mut self, received: u64, limit: u64, resend: bool) -> Result<(), ProtocolViolation> {
        if received > self.written() + u64::from(self.finished) {
            return Err(ProtocolViolation("acknowledged bytes that were not sent"));
        }
        self.limit = self.limit.max(limit);
        if received < self.base {
            return Ok(()); // overtaken by a later one
        }
        self.end_acknowledged |= received > self.written();
        let received = received.min(self.written());
        self.ring.drain(..(received - self.base) as usize);
        release_memory(&mut self.ring);
        self.base = received;
        self.sent = self.sent.max(received);
        if resend {
            self.rewind();
        }
        Ok(())
    }

    /// Sends everything again that was not acknowledged.
    pub fn rewind(&mut self) {
        self.sent = self.base;
        self.end_sent = self.end_acknowledged;
    }

    /// Sends again what was in flight for too long.
    pub fn tick(&mut self) {
        let in_flight = self.sent > self.base || (self.end_sent && !self.end_acknowledged);
        let stalled = in_flight && self.base == self.progress.base;
        self.progress.stalled_ticks = if stalled { self.progress.stalled_ticks + 1 } else { 0 };
        self.progress.base = self.base;
        if self.progress.stalled_ticks > STALLED_TICKS {
            self.progress.stalled_ticks = 0;
            self.rewind();
        }
    }

    /// The offset of the next byte that is written.
    pub fn written(&self) -> u64 {
        self.base + self.ring.len() as u64
    }
}

/// What a segment did to a [`ReceiveBuffer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// There is more to read.
    New,
    /// It was known already.
    Repeat,
    /// Bytes before it are missing; it was dropped.
    Gap,
}

/// The receiving half of a direction.
#[derive(Debug)]
pub struct ReceiveBuffer {
    unread: VecDeque<u8>,
    received: u64,
    limit: u64,
    finished: bool,
}

impl Default for ReceiveBuffer {
    fn default() -> Self {
        Self { unread: VecDeque::new(), received: 0, limit: INITIAL_CREDIT, finished: false }
    }
}

impl ReceiveBuffer {
    pub fn receive(&mut self, segment: &Segment) -> Result<Received, ProtocolViolation> {
        let segment_end = segment.offset.saturating_add(segment.data.len() as u64);
        if segment_end > self.limit {
            return Err(ProtocolViolation("sent more than the credit allows"));
        }
        if (self.finished && segment_end > self.received) || (segment.end && segment_end < self.received) {
            return Err(ProtocolViolation("contradicted the end of the stream"));
        }
        if segment.offset > self.received {
            return Ok(Received::Gap);
        }
        let ends_now = segment.end && !self.finished;
        if segment_end < self.received || (segment_end == self.received && !ends_now) {
            return Ok(Received::Repeat);
        }
        let known = (self.received - segment.offset) as usize;
        self.unread.extend(segment.data.get(known..).unwrap_or_default());
        self.received = self.received.max(segment_end);
        self.finished |= segment.end;
        Ok(Received::New)
    }

    /// Takes up to `max` bytes; empty if there is nothing to read yet or any more.
    pub fn read(&mut self, max: usize) -> Vec<u8> {
        let length = self.unread.len().min(max);
        let data = copy(&self.unread, 0, length);
        self.unread.drain(..length);
        release_memory(&mut self.unread);
        data
    }

    /// Whether the reader has freed enough for a credit frame.
    pub fn wants_credit(&self) -> bool {
        !self.finished && self.new_limit() >= self.limit + CREDIT_STEP
    }

    /// The acknowledged offset and the limit, for a credit frame.
    pub fn grant(&mut self) -> (u64, u64) {
        self.limit = self.limit.max(self.new_limit());
        (self.acknowledged(), self.limit)
    }

    /// The offset before which everything arrived; the end counts as one.
    pub fn acknowledged(&self) -> u64 {
        self.received + u64::from(self.finished)
    }

    /// Whether everything arrived, read or not.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether everything was read.
    pub fn is_drained(&self) -> bool {
        self.finished && self.unread.is_empty()
    }

    pub fn buffered(&self) -> usize {
        self.unread.len()
    }

    fn new_limit(&self) -> u64 {
        self.received - self.unread.len() as u64 + WINDOW as u64
    }
}

/// Copies whole slices, which is much quicker than one byte at a time.
fn copy(buffer: &VecDeque<u8>, start: usize, length: usize) -> Vec<u8> {
    let (front, back) = buffer.as_slices();
    let middle = front.len().clamp(start, start + length);
    let mut data = Vec::with_capacity(length);
    data.extend_from_slice(front.get(start..middle).unwrap_or_default());
    let offset = |at: usize| at.saturating_sub(front.len());
    data.extend_from_slice(&back[offset(middle)..offset(start + length)]);
    data
}

fn release_memory(buffer: &mut VecDeque<u8>) {
    if buffer.is_empty() && buffer.capacity() > KEPT_CAPACITY {
        *buffer = VecDeque::new();
    }
}
