//! Batches the output of a run: the first byte at once, then one batch per 20 ms, at most 64 KiB per event and 8 MiB per
//! second. The rate is limited because every byte is stored and all runs share the database. A program that writes faster
//! waits. Pure.

use std::time::{Duration, Instant};

use engunity_protocol::{event::Stream, wire::EventBody};

pub const BATCH_WINDOW: Duration = Duration::from_millis(20);
const MAX_EVENT_BYTES: usize = 64 * 1024;
/// The order between both streams is kept up to this many switches within a batch.
const MAX_SWITCHES: usize = 32;
const BYTES_PER_SECOND: f64 = 8.0 * 1024.0 * 1024.0;
/// A batch of this size is full: it takes no more and is due at once. Each batch costs the broker and the database a write.
const FULL_BYTES: usize = 4 * MAX_EVENT_BYTES;

#[derive(Debug, Default)]
pub struct OutputBatcher {
    pieces: Vec<(Stream, Vec<u8>)>,
    bytes: usize,
    written: [u64; 2],
    flushed: Option<Instant>,
    /// The rate limit allows no batch before this time.
    paced_until: Option<Instant>,
}

impl OutputBatcher {
    /// Whether more may be pushed before the next batch is taken.
    pub fn has_capacity(&self) -> bool {
        self.bytes < FULL_BYTES
    }

    pub fn push(&mut self, stream: Stream, data: &[u8]) {
        self.bytes += data.len();
        let full = self.pieces.len() >= MAX_SWITCHES;
        let last = self
            .pieces
            .iter_mut()
            .rev()
            .find(|(of, _)| !full || *of == stream)
            .filter(|(of, _)| *of == stream);
        match last {
            Some((_, piece)) => piece.extend_from_slice(data),
            None => self.pieces.push((stream, data.to_vec())),
        }
    }

    /// When the batch must be sent; `None` if it is empty.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let immediately = !self.has_capacity() || self.flushed.is_none();
        let wanted = match self.flushed {
            _ if self.pieces.is_empty() => return None,
            Some(flushed) if !immediately => flushed + BATCH_WINDOW,
            _ => now,
        };
        Some(self.paced_until.map_or(wanted, |until| until.max(wanted)))
    }

    /// Takes the batch as events.
    pub fn take(&mut self, now: Instant) -> Vec<EventBody> {
        self.flushed = Some(now);
        let cost = Duration::from_secs_f64(self.bytes as f64 / BYTES_PER_SECOND);
        self.paced_until = Some(self.paced_until.map_or(now, |until| until.max(now)) + cost);
        self.bytes = 0;
        let pieces = std::mem::take(&mut self.pieces);
        pieces
            .iter()
            .flat_map(|(stream, data)| data.chunks(MAX_EVENT_BYTES).map(|piece| (*stream, piece)))
            .map(|(stream, piece)| self.event(stream, piece))
            .collect()
    }

    fn event(&mut self, stream: Stream, data: &[u8]) -> EventBody {
        let written = &mut self.written[matches!(stream, Stream::Stderr) as usize];
        let offset = *written;
        *written += data.len() as u64;
        EventBody::Output { stream, offset, data: data.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(events: &[EventBody], wanted: Stream) -> Vec<u8> {
        let mut all = Vec::new();
        for event in events {
            let EventBody::Output { stream, offset, data } = event else { panic!("not output") };
            assert!(data.len() <= MAX_EVENT_BYTES);
            if *stream == wanted {
                assert_eq!(*offset, all.len() as u64, "no gap, no overlap");
                all.extend_from_slice(data);
            }
        }
        all
    }

    fn size(event: &EventBody) -> usize {
        if let EventBody::Output { data, .. } = event { data.len() } else { 0 }
    }

    #[test]
    fn the_first_byte_is_due_at_once_and_the_rest_in_windows() {
        let (mut output, now) = (OutputBatcher::default(), Instant::now());
        assert_eq!(output.due(now), None);
        output.push(Stream::Stdout, b"a");
        assert_eq!(output.due(now), Some(now));
        output.take(now);
        output.push(Stream::Stdout, b"b");
        assert_eq!(output.due(now), Some(now + BATCH_WINDOW));
        output.push(Stream::Stdout, &[b'x'; FULL_BYTES]);
        let later = now + Duration::from_millis(1);
        assert_eq!(output.due(later), Some(later), "a full batch does not wait");
    }

    #[test]
    fn a_flood_is_limited_to_its_rate() {
        let (mut output, began) = (OutputBatcher::default(), Instant::now());
        let (mut now, mut sent) = (began, 0);
        while now < began + Duration::from_secs(1) {
            while output.has_capacity() {
                output.push(Stream::Stdout, &[b'x'; 5000]);
            }
            now = output.due(now).expect("there is output").max(now);
            sent += output.take(now).iter().map(size).sum::<usize>();
        }
        assert!((7..=9).contains(&(sent >> 20)), "{sent} bytes in a second");
    }

    #[test]
    fn streams_keep_their_order_up_to_the_limit_of_switches() {
        let mut output = OutputBatcher::default();
        for _ in 0..1000 {
            output.push(Stream::Stdout, b"o");
            output.push(Stream::Stderr, b"e");
        }
        let events = output.take(Instant::now());
        assert_eq!(events.len(), MAX_SWITCHES);
        assert_eq!(text(&events, Stream::Stderr), vec![b'e'; 1000]);
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_moved(pieces in proptest::collection::vec((any::<bool>(), 0usize..100_000, any::<bool>()), 0..30)) {
            let mut output = OutputBatcher::default();
            let (mut expected, mut events) = ([Vec::new(), Vec::new()], Vec::new());
            for (index, (error, length, flush)) in pieces.into_iter().enumerate() {
                let stream = if error { Stream::Stderr } else { Stream::Stdout };
                let data = vec![index as u8; length];
                output.push(stream, &data);
                expected[error as usize].extend(data);
                if flush {
                    events.extend(output.take(Instant::now()));
                }
            }
            events.extend(output.take(Instant::now()));
            prop_assert_eq!(&text(&events, Stream::Stdout), &expected[0]);
            prop_assert_eq!(&text(&events, Stream::Stderr), &expected[1]);
        }
    }
}
