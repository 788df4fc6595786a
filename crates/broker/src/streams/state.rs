//! The state of one stream at one end: both directions and the life cycle. Pure: frames, ticks and the user's calls go in,
//! frames come out.

use std::time::{Duration, Instant};

use engunity_protocol::stream::{FrameBody, ResetReason};

use super::flow::{ProtocolViolation, ReceiveBuffer, Received, Segment, SendBuffer};

/// Each end sends credit this often, as a sign of life.
pub const TICK: Duration = Duration::from_secs(1);
/// A peer that is silent for so long is lost.
pub const PEER_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes in one frame.
pub const MAX_FRAME: usize = 32 * 1024;
const MAX_DETAIL: usize = 500;

/// Why a stream ended before both directions did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stream was reset ({reason:?}) {detail}")]
pub struct StreamError {
    pub reason: ResetReason,
    pub detail: String,
}

impl StreamError {
    pub fn new(reason: ResetReason, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        detail.truncate(detail.floor_char_boundary(MAX_DETAIL));
        Self { reason, detail }
    }
}

/// What the opening side repeats until the peer answers.
#[derive(Debug)]
pub struct Opening {
    pub service: String,
    pub params: Vec<u8>,
    pub deadline: Instant,
}

#[derive(Debug)]
pub struct StreamState {
    opening: Option<Opening>,
    pub send: SendBuffer,
    pub receive: ReceiveBuffer,
    error: Option<StreamError>,
    last_heard: Instant,
    due: Due,
    /// The offset of a gap that was reported: one report is enough until the next tick.
    reported_gap: Option<u64>,
}

/// Frames that must be sent.
#[derive(Debug, Default)]
struct Due {
    open: bool,
    credit: bool,
    resend: bool,
    reset: bool,
}

impl StreamState {
    /// A stream that this side opens.
    pub fn open(opening: Opening, now: Instant) -> Self {
        let due = Due { open: true, ..Due::default() };
        Self { opening: Some(opening), due, ..Self::accept(now) }
    }

    /// A stream that the peer opened; its first credit tells the peer that it is open.
    pub fn accept(now: Instant) -> Self {
        Self {
            opening: None,
            send: SendBuffer::default(),
            receive: ReceiveBuffer::default(),
            error: None,
            last_heard: now,
            due: Due { credit: true, ..Due::default() },
            reported_gap: None,
        }
    }

    pub fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    pub fn error(&self) -> Option<&StreamError> {
        self.error.as_ref()
    }

    /// Whether there is nothing more to send or to receive: the stream can be forgotten.
    pub fn is_over(&self) -> bool {
        let complete = self.send.is_acknowledged() && self.receive.is_finished() && !self.due.credit;
        complete || (self.error.is_some() && !self.due.reset)
    }

    /// The answer to whoever still asks after the stream is over.
    pub fn last_frame(&mut self) -> FrameBody {
        match &self.error {
            Some(error) => FrameBody::Reset { reason: error.reason, detail: error.detail.clone() },
            None => self.credit(),
        }
    }

    /// Ends both directions and tells the peer.
    pub fn reset(&mut self, error: StreamError) {
        if self.error.is_none() {
            self.error = Some(error);
            self.due = Due { reset: true, ..Due::default() };
        }
    }

    pub fn on_frame(&mut self, frame: FrameBody, now: Instant) {
        if self.error.is_some() {
            return;
        }
        self.last_heard = now;
        let outcome = match frame {
            FrameBody::Open { data, end, .. } => {
                self.due.credit = true;
                self.on_segment(Segment { offset: 0, data, end })
            }
            FrameBody::Data { offset, data, end } => {
                self.opened();
                self.on_segment(Segment { offset, data, end })
            }
            FrameBody::Credit { received, limit, resend } => {
                self.opened();
                self.send.acknowledge(received, limit, resend)
            }
            FrameBody::Reset { reason, detail } => {
                self.error = Some(StreamError::new(reason, detail));
                self.due = Due::default();
                Ok(())
            }
        };
        if let Err(violation) = outcome {
            self.reset(StreamError::new(ResetReason::ProtocolError, violation.to_string()));
        }
    }

    /// The next frame to send.
    pub fn next_frame(&mut self) -> Option<FrameBody> {
        if self.due.reset {
            self.due.reset = false;
            return Some(self.last_frame());
        }
        if self.error.is_some() {
            return None;
        }
        if self.opening.is_some() {
            return std::mem::take(&mut self.due.open).then(|| self.open_frame()).flatten();
        }
        if self.due.credit || self.receive.wants_credit() {
            return Some(self.credit());
        }
        let Segment { offset, data, end } = self.send.next_segment(MAX_FRAME)?;
        Some(FrameBody::Data { offset, data, end })
    }

    /// Called each [`TICK`].
    pub fn tick(&mut self, now: Instant) {
        if self.error.is_some() {
            return;
        }
        if self.opening.as_ref().is_some_and(|opening| opening.deadline <= now) {
            return self.reset(StreamError::new(ResetReason::OpenTimeout, ""));
        }
        if now.saturating_duration_since(self.last_heard) >= PEER_TIMEOUT {
            return self.reset(StreamError::new(ResetReason::PeerLost, ""));
        }
        self.due.open = true;
        self.due.credit = true;
        self.reported_gap = None;
        self.send.tick();
    }

    /// The deadline for opening, while it is not open.
    pub fn open_deadline(&self) -> Option<Instant> {
        self.opening.as_ref().map(|opening| opening.deadline)
    }

    /// The link was lost: what was in flight, in both directions, is lost too.
    pub fn on_reconnect(&mut self) {
        self.send.rewind();
        self.due.open = true;
        self.due.credit = true;
        self.due.resend = true;
    }

    fn opened(&mut self) {
        if self.opening.take().is_some() {
            // The peer has the first bytes of `Open` and says so in its credit.
            self.due.credit = true;
        }
    }

    fn on_segment(&mut self, segment: Segment) -> Result<(), ProtocolViolation> {
        match self.receive.receive(&segment)? {
            Received::New => self.due.credit |= segment.end,
            Received::Repeat => self.due.credit = true,
            Received::Gap => {
                let missing = self.receive.acknowledged();
                if self.reported_gap.replace(missing) != Some(missing) {
                    self.due.credit = true;
                    self.due.resend = true;
                }
            }
        }
        Ok(())
    }

    fn open_frame(&mut self) -> Option<FrameBody> {
        self.send.rewind();
        let Segment { data, end, .. } =
            self.send.next_segment(MAX_FRAME).unwrap_or(Segment { offset: 0, data: Vec::new(), end: false });
        let opening = self.opening.as_ref()?;
        Some(FrameBody::Open { service: opening.service.clone(), params: opening.params.clone(), data, end })
    }

    fn credit(&mut self) -> FrameBody {
        self.due.credit = false;
        let (received, limit) = self.receive.grant();
        FrameBody::Credit { received, limit, resend: std::mem::take(&mut self.due.resend) }
    }
}
