//! Large bodies travel compressed and say so in their `content-encoding`: what programs write is mostly text, and the
//! broker writes every lasting message to disk. Pure.

use std::borrow::Cow;

use lapin::BasicProperties;

/// Below this, compressing costs more than it saves.
const WORTH_BYTES: usize = 8 * 1024;
/// What a body may unpack to; the largest that is sent, a batch of events, has about half a mebibyte.
const MOST_BYTES: usize = 64 * 1024 * 1024;
const ENCODING: &str = "zstd";
/// The fastest that still takes plain text to a quarter.
const LEVEL: i32 = 1;

/// What is sent for `body`.
pub fn pack(body: &[u8], properties: BasicProperties) -> (Cow<'_, [u8]>, BasicProperties) {
    if body.len() < WORTH_BYTES {
        return (Cow::Borrowed(body), properties);
    }
    match zstd::bulk::compress(body, LEVEL) {
        Ok(packed) if packed.len() < body.len() => {
            (Cow::Owned(packed), properties.with_content_encoding(ENCODING.into()))
        }
        _ => (Cow::Borrowed(body), properties),
    }
}

/// What was sent, from what came. A body that does not unpack is given as it is: its reader will refuse it.
pub fn unpack(body: Vec<u8>, properties: &BasicProperties) -> Vec<u8> {
    let encoding = properties.content_encoding().as_ref().map(|encoding| encoding.as_str());
    if encoding != Some(ENCODING) {
        return body;
    }
    zstd::bulk::decompress(&body, bound(&body)).unwrap_or_else(|error| {
        tracing::error!(%error, bytes = body.len(), "a message could not be unpacked");
        body
    })
}

/// A buffer of the size that `packed` declares, but of at most [`MOST_BYTES`].
fn bound(packed: &[u8]) -> usize {
    let says = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    says.map_or(MOST_BYTES, |size| size.min(MOST_BYTES as u64) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn roundtrip(body: &[u8]) -> (usize, Vec<u8>) {
        let (packed, properties) = pack(body, BasicProperties::default());
        (packed.len(), unpack(packed.to_vec(), &properties))
    }

    #[test]
    fn text_shrinks_and_comes_back() {
        let text = "test tests::it_adds … ok\n".repeat(10_000);
        let (sent, back) = roundtrip(text.as_bytes());
        assert!(sent < text.len() / 10, "{sent}");
        assert_eq!(back, text.as_bytes());
    }

    #[test]
    fn a_small_body_goes_as_it_is() {
        let (packed, properties) = pack(&[b'a'; WORTH_BYTES - 1], BasicProperties::default());
        assert!(matches!(packed, Cow::Borrowed(_)));
        assert!(properties.content_encoding().is_none());
    }

    #[test]
    fn a_body_that_lies_about_itself_takes_no_more_memory_than_a_body_may() {
        let bomb = zstd::bulk::compress(&vec![0; MOST_BYTES + 1], LEVEL).unwrap();
        let properties = BasicProperties::default().with_content_encoding(ENCODING.into());
        assert_eq!(unpack(bomb.clone(), &properties), bomb, "refused, and given as it came");
        assert_eq!(unpack(b"garbage".to_vec(), &properties), b"garbage");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_comes_back(body in proptest::collection::vec(any::<u8>(), 0..3 * WORTH_BYTES)) {
            prop_assert_eq!(roundtrip(&body).1, body);
        }
    }
}
