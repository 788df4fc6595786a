//! Property tests of the pure core: two ends with a network in between that loses, repeats and reorders frames.

use std::time::{Duration, Instant};

use engunity_protocol::stream::{FrameBody, ResetReason};
use proptest::prelude::*;

use super::{
    flow::{INITIAL_CREDIT, ReceiveBuffer, Segment, SendBuffer, WINDOW},
    state::{Opening, PEER_TIMEOUT, StreamState, TICK},
};

/// What happens next between the two ends.
#[derive(Debug, Clone)]
enum Step {
    Write(bool, usize),
    Read(bool, usize),
    /// One end sends up to so many frames.
    Send(bool, usize),
    /// The n-th frame under way arrives, and stays under way if it is to arrive again.
    Deliver {
        index: usize,
        again: bool,
    },
    Lose(usize),
    Cut,
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (any::<bool>(), 1usize..100_000).prop_map(|(a, n)| Step::Write(a, n)),
        4 => (any::<bool>(), 1usize..100_000).prop_map(|(a, n)| Step::Read(a, n)),
        4 => (any::<bool>(), 1usize..8).prop_map(|(a, n)| Step::Send(a, n)),
        8 => (any::<usize>(), prop::bool::weighted(0.1)).prop_map(|(index, again)| Step::Deliver { index, again }),
        1 => any::<usize>().prop_map(Step::Lose),
        1 => Just(Step::Cut),
        1 => Just(Step::Tick),
    ];
    prop::collection::vec(step, 0..200)
}

/// Two ends, the frames between them, and what each direction must carry.
struct Network {
    ends: [StreamState; 2],
    /// Receiver and frame.
    under_way: Vec<(usize, FrameBody)>,
    written: [Vec<u8>; 2],
    read: [Vec<u8>; 2],
    accepted: bool,
    now: Instant,
}

impl Network {
    fn new() -> Self {
        let now = Instant::now();
        let far = now + Duration::from_secs(1_000_000);
        let opening = Opening { service: "echo".into(), params: Vec::new(), deadline: far };
        Self {
            ends: [StreamState::open(opening, now), StreamState::accept(now)],
            under_way: Vec::new(),
            written: Default::default(),
            read: Default::default(),
            accepted: false,
            now,
        }
    }

    fn write(&mut self, end: usize, length: usize) {
        let start = self.written[end].len();
        let data: Vec<u8> = (start..start + length).map(|n| (n * 31 / 7) as u8).collect();
        let taken = self.ends[end].send.write(&data);
        self.written[end].extend(&data[..taken]);
    }

    fn read(&mut self, end: usize, length: usize) {
        let data = self.ends[end].receive.read(length);
        self.read[end].extend(data);
        assert!(self.written[1 - end].starts_with(&self.read[end]), "no gap, no repeat, no change");
    }

    fn send(&mut self, end: usize, frames: usize) {
        if end == 1 && !self.accepted {
            return;
        }
        for _ in 0..frames {
            let Some(frame) = self.ends[end].next_frame() else { return };
            self.under_way.push((1 - end, frame));
        }
    }

    fn deliver(&mut self, index: usize, again: bool) {
        if self.under_way.is_empty() {
            return;
        }
        let index = index % self.under_way.len();
        let (end, frame) = if again { self.under_way[index].clone() } else { self.under_way.remove(index) };
        self.accepted |= end == 1 && matches!(frame, FrameBody::Open { .. });
        if end == 0 || self.accepted {
            self.ends[end].on_frame(frame, self.now);
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Write(a, length) => self.write(usize::from(a), length),
            Step::Read(a, length) => self.read(usize::from(a), length),
            Step::Send(a, frames) => self.send(usize::from(a), frames),
            Step::Deliver { index, again } => self.deliver(index, again),
            Step::Lose(index) if !self.under_way.is_empty() => {
                let index = index % self.under_way.len();
                drop(self.under_way.remove(index));
            }
            Step::Lose(_) => {}
            Step::Cut => {
                self.under_way.clear();
                self.ends[0].on_reconnect();
            }
            Step::Tick => self.tick(),
        }
        for end in &self.ends {
            assert!(end.error().is_none(), "{:?}", end.error());
            assert!(end.send.buffered() <= WINDOW && end.receive.buffered() <= WINDOW);
        }
    }

    /// Time stands still, so that losses alone do not end a stream.
    fn tick(&mut self) {
        self.ends.iter_mut().for_each(|end| end.tick(self.now));
    }

    /// Lets everything arrive, in order and with what reading and ticks add.
    fn settle(&mut self) {
        for end in &mut self.ends {
            end.send.finish();
        }
        for _ in 0..2000 {
            (0..2).for_each(|end| self.send(end, usize::MAX));
            let idle = self.under_way.is_empty();
            while !self.under_way.is_empty() {
                self.deliver(0, false);
            }
            (0..2).for_each(|end| self.read(end, usize::MAX));
            if self.ends.iter().all(StreamState::is_over) {
                return;
            }
            if idle {
                self.tick();
            }
        }
        panic!("the streams do not end: {:?}", self.ends);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_arrives_once_and_in_order(steps in steps()) {
        let mut network = Network::new();
        for step in steps {
            network.apply(step);
        }
        network.settle();
        prop_assert!(network.read[0] == network.written[1] && network.read[1] == network.written[0]);
        prop_assert!(network.ends.iter().all(|end| end.receive.is_drained()));
    }

    #[test]
    fn a_sender_never_exceeds_the_credit(reads in prop::collection::vec(0usize..200_000, 1..20)) {
        let (mut sender, mut receiver) = (SendBuffer::default(), ReceiveBuffer::default());
        for read in reads {
            sender.write(&[7; 2 * WINDOW]);
            while let Some(segment) = sender.next_segment(32 * 1024) {
                prop_assert!(receiver.receive(&segment).is_ok());
            }
            prop_assert!(receiver.buffered() <= WINDOW && sender.buffered() <= WINDOW);
            receiver.read(read);
            if receiver.wants_credit() {
                let (received, limit) = receiver.grant();
                sender.acknowledge(received, limit, false).unwrap();
            }
        }
    }
}

#[test]
fn a_peer_that_breaks_the_rules_is_refused() {
    let segment = |offset, length: usize, end| Segment { offset, data: vec![0; length], end };
    let too_much = INITIAL_CREDIT as usize + 1;
    assert!(ReceiveBuffer::default().receive(&segment(0, too_much, false)).is_err());
    let mut ended = ReceiveBuffer::default();
    ended.receive(&segment(0, 10, true)).unwrap();
    assert!(ended.receive(&segment(10, 1, false)).is_err(), "bytes after the end");
    assert!(ended.receive(&segment(0, 5, true)).is_err(), "another end");
    assert!(SendBuffer::default().acknowledge(1, 0, false).is_err(), "more than was sent");
    let mut state = StreamState::accept(Instant::now());
    state.on_frame(FrameBody::Data { offset: u64::MAX, data: vec![0; 9], end: true }, Instant::now());
    assert_eq!(state.error().unwrap().reason, ResetReason::ProtocolError);
}

#[test]
fn a_silent_peer_ends_the_stream() {
    let now = Instant::now();
    let mut state = StreamState::accept(now);
    state.tick(now + PEER_TIMEOUT - Duration::from_millis(1));
    assert!(state.error().is_none());
    state.tick(now + PEER_TIMEOUT);
    assert_eq!(state.error().unwrap().reason, ResetReason::PeerLost);
    assert!(matches!(state.next_frame(), Some(FrameBody::Reset { .. })));
    assert!(state.is_over() && state.next_frame().is_none());
}

#[test]
fn a_stream_that_is_not_answered_is_not_opened() {
    let now = Instant::now();
    let opening = Opening { service: "s".into(), params: Vec::new(), deadline: now + Duration::from_secs(2) };
    let mut state = StreamState::open(opening, now);
    state.send.write(b"hello");
    for _ in 0..2 {
        let frame = state.next_frame().unwrap();
        assert!(matches!(frame, FrameBody::Open { data, .. } if data == b"hello"), "again, from the start");
        assert!(state.next_frame().is_none(), "nothing else before it is open");
        state.tick(now + TICK);
    }
    state.tick(now + 2 * TICK);
    assert_eq!(state.error().unwrap().reason, ResetReason::OpenTimeout);
}

#[test]
fn a_gap_is_reported_once() {
    let now = Instant::now();
    let mut state = StreamState::accept(now);
    while state.next_frame().is_some() {}
    for offset in [5, 6, 7] {
        state.on_frame(FrameBody::Data { offset, data: vec![0], end: false }, now);
    }
    assert!(matches!(state.next_frame(), Some(FrameBody::Credit { received: 0, resend: true, .. })));
    assert_eq!(state.next_frame(), None);
}
