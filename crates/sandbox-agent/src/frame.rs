//! Framing: a big-endian `u32` length, then one MessagePack value with named fields. Pure. [`MAX_FRAME`] bounds the
//! memory, whatever the other side sends.

use bytes::{Buf, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

/// The longest body of a frame. Data is sent in pieces of [`crate::message::PIECE`], far below it.
pub const MAX_FRAME: usize = 1024 * 1024;
const HEADER: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of {0} bytes is longer than {MAX_FRAME}")]
    TooLong(usize),
    #[error("could not encode a frame: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    #[error("could not decode a frame: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

/// Returns `message` as one frame, header included.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEADER];
    rmp_serde::encode::write_named(&mut frame, message)?;
    let length = frame.len() - HEADER;
    if length > MAX_FRAME {
        return Err(FrameError::TooLong(length));
    }
    frame[..HEADER].copy_from_slice(&(length as u32).to_be_bytes());
    Ok(frame)
}

/// Collects bytes as they come and returns messages as they are complete.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
}

impl Decoder {
    /// Adds what was read. Take all messages out before adding more: that bounds the memory.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether not a byte of a message is waiting.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes the next complete message; `None` until there is one. After an error the stream can't be read further.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let Some(header) = self.buffer.first_chunk::<HEADER>() else { return Ok(None) };
        let length = u32::from_be_bytes(*header) as usize;
        if length > MAX_FRAME {
            return Err(FrameError::TooLong(length));
        }
        if self.buffer.len() < HEADER + length {
            return Ok(None);
        }
        self.buffer.advance(HEADER);
        Ok(Some(rmp_serde::from_slice(&self.buffer.split_to(length))?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{FromAgent, PIECE, Stream, ToAgent};

    fn messages() -> impl Strategy<Value = Vec<ToAgent>> {
        let bytes = proptest::collection::vec(any::<u8>(), 0..2000);
        let message = prop_oneof![
            bytes.clone().prop_map(ToAgent::Files),
            bytes.prop_map(ToAgent::Stdin),
            Just(ToAgent::FilesEnd),
            Just(ToAgent::Kill),
        ];
        proptest::collection::vec(message, 0..20)
    }

    proptest! {
        #[test]
        fn any_cut_of_the_stream_gives_the_same_messages(sent in messages(), step in 1usize..700) {
            let stream: Vec<u8> = sent.iter().flat_map(|message| encode(message).unwrap()).collect();
            let mut decoder = Decoder::default();
            let mut received = Vec::new();
            for piece in stream.chunks(step) {
                decoder.extend(piece);
                while let Some(message) = decoder.take::<ToAgent>().unwrap() {
                    received.push(message);
                }
            }
            prop_assert_eq!(received, sent);
        }

        #[test]
        fn garbage_is_an_error_or_not_enough_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
            let mut decoder = Decoder::default();
            decoder.extend(&bytes);
            while let Ok(Some(_)) = decoder.take::<FromAgent>() {}
        }
    }

    #[test]
    fn a_frame_too_long_is_refused_before_it_is_read() {
        let mut decoder = Decoder::default();
        decoder.extend(&u32::MAX.to_be_bytes());
        assert!(matches!(decoder.take::<ToAgent>(), Err(FrameError::TooLong(_))));
        assert!(matches!(encode(&ToAgent::Stdin(vec![0; MAX_FRAME + 1])), Err(FrameError::TooLong(_))));
    }

    #[test]
    fn a_piece_of_output_costs_a_few_bytes_more_than_its_data() {
        let frame = encode(&FromAgent::Output { stream: Stream::Stdout, data: vec![7; PIECE] }).unwrap();
        assert!(frame.len() < PIECE + 64, "{}", frame.len());
    }

    /// The frames of version 1, to the byte: an old agent in an image must understand a new worker.
    #[test]
    fn frames_are_what_they_have_always_been() {
        let golden: [(&[u8], ToAgent); 3] = [
            (b"\x00\x00\x00\x05\xa4kill", ToAgent::Kill),
            (b"\x00\x00\x00\x0b\x81\xa5stdin\xc4\x02hi", ToAgent::Stdin(b"hi".to_vec())),
            (b"\x00\x00\x00\x0a\xa9files_end", ToAgent::FilesEnd),
        ];
        for (bytes, message) in golden {
            assert_eq!(encode(&message).unwrap(), bytes);
        }
    }
}
