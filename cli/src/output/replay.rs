//! From output events to the program's bytes: each byte once, in order, whatever is sent again. Pure.

use base64::{Engine, prelude::BASE64_STANDARD};
use engunity_protocol::event::{Encoding, Output, Stream};

use crate::error::{CliError, Result};

/// How far each stream of the current attempt has been shown.
#[derive(Debug, Default)]
pub struct Replay {
    attempt: i32,
    stdout: u64,
    stderr: u64,
}

/// The new output of an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Fresh {
    pub stream: Stream,
    /// Empty when all of it had been shown.
    pub bytes: Vec<u8>,
    /// Bytes between what was shown and this, which never came.
    pub lost: u64,
}

impl Replay {
    /// Notes the attempt that runs; true if it replaces an earlier one, so that output starts again.
    pub fn begins(&mut self, attempt: i32) -> bool {
        let again = self.attempt > 0 && attempt > self.attempt;
        if attempt > self.attempt {
            *self = Self { attempt, ..Self::default() };
        }
        again
    }

    /// Whether the current attempt has shown anything.
    pub fn has_shown(&self) -> bool {
        self.stdout + self.stderr > 0
    }

    /// The bytes of `output` that have not been shown yet.
    pub fn take(&mut self, output: &Output) -> Result<Fresh> {
        let mut bytes = decode(output)?;
        let shown = match output.stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let end = output.offset + bytes.len() as u64;
        let known = shown.saturating_sub(output.offset).min(bytes.len() as u64);
        bytes.drain(..known as usize);
        let lost = output.offset.saturating_sub(*shown);
        *shown = end.max(*shown);
        Ok(Fresh { stream: output.stream, bytes, lost })
    }
}

fn decode(output: &Output) -> Result<Vec<u8>> {
    match output.encoding {
        Encoding::Utf8 => Ok(output.data.as_bytes().to_vec()),
        Encoding::Base64 => BASE64_STANDARD
            .decode(&output.data)
            .map_err(|_| CliError::new("the server sent output that can't be decoded")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(offset: u64, data: &str) -> Output {
        Output { stream: Stream::Stdout, offset, data: data.to_owned(), encoding: Encoding::Utf8, attempt: 1 }
    }

    #[test]
    fn bytes_are_shown_once() {
        let mut replay = Replay::default();
        let mut shown = Vec::new();
        for event in [output(0, "abc"), output(0, "abc"), output(1, "bcde"), output(5, "f"), output(2, "c")] {
            let fresh = replay.take(&event).unwrap();
            assert_eq!(fresh.lost, 0);
            shown.extend(fresh.bytes);
        }
        assert_eq!(shown, b"abcdef");
    }

    #[test]
    fn a_gap_is_noticed() {
        let fresh = Replay::default().take(&output(4, "x")).unwrap();
        assert_eq!((fresh.lost, fresh.bytes), (4, b"x".to_vec()));
    }

    #[test]
    fn a_new_attempt_begins_again() {
        let mut replay = Replay::default();
        assert!(!replay.begins(1));
        replay.take(&output(0, "abc")).unwrap();
        assert!(!replay.begins(1) && replay.has_shown());
        assert!(replay.begins(2) && !replay.has_shown());
        assert_eq!(replay.take(&output(0, "a")).unwrap().bytes, b"a");
    }

    #[test]
    fn bytes_that_are_no_text_are_exact() {
        let event = Output {
            data: BASE64_STANDARD.encode([0xff, 0, 0xfe]),
            encoding: Encoding::Base64,
            ..output(0, "")
        };
        assert_eq!(Replay::default().take(&event).unwrap().bytes, [0xff, 0, 0xfe]);
        assert!(Replay::default().take(&Output { data: "!".into(), ..event }).is_err());
    }
}
