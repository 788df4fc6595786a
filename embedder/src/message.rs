//! What a worker and its embedder say to each other over the embedder's stdin and stdout. Pure.
//!
//! The embedder speaks first: [`FromEmbedder::Ready`] or [`FromEmbedder::Failed`]. Then each [`Request`] gets one answer
//! with its id, in any order.

use serde::{Deserialize, Serialize};

/// A request has at most this many texts …
pub const MAX_TEXTS: usize = 64;
/// … of at most this many bytes each, so that a request and its answer fit into a frame. Models read the first few
/// hundred tokens, which are far shorter.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToEmbedder {
    Embed(Request),
    /// Answered at once, whatever the models do: shows that the process is not frozen.
    Ping(u64),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    pub kind: Kind,
    pub texts: Vec<String>,
    /// Nobody waits for the answer after this time. The embedder leaves out what it has not begun by then.
    pub timeout_ms: u32,
}

/// What a text is, which decides who waits for whom: queries have a model of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Query,
    Document,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromEmbedder {
    /// The models are loaded.
    Ready(About),
    /// The models cannot be loaded; the process ends.
    Failed(String),
    /// One vector per text, in the order of the texts: `f32` little-endian, unit length.
    Vectors {
        id: u64,
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
    Refused {
        id: u64,
        why: Refusal,
        detail: String,
    },
    Pong(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Too many texts, too long a text.
    Invalid,
    /// Too many requests wait already.
    Busy,
    /// The time of the request was over before its turn came.
    Expired,
    /// The model failed.
    Failed,
}

/// The loaded model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The name of the model's folder.
    pub name: String,
    /// SHA-256 over weights and tokenizer, in hexadecimal: vectors of models with the same hash can be compared.
    pub hash: String,
    pub dimensions: u32,
    /// Longer texts are cut.
    pub max_tokens: u32,
    /// `f32` or `bf16`.
    pub precision: String,
    /// Threads for documents, each with a model. Queries have one more.
    pub threads: u32,
}

/// Packs vectors for [`FromEmbedder::Vectors`].
pub fn pack(vectors: &[Vec<f32>]) -> Vec<u8> {
    vectors.iter().flatten().flat_map(|value| value.to_le_bytes()).collect()
}

/// Unpacks `count` vectors; `None` if `data` is not as long as they are.
pub fn unpack(data: &[u8], count: usize, dimensions: u32) -> Option<Vec<Vec<f32>>> {
    let size = dimensions as usize * size_of::<f32>();
    if size == 0 || data.len() != count * size {
        return None;
    }
    let number = |bytes: &[u8]| bytes.try_into().map_or(0.0, f32::from_le_bytes);
    Some(data.chunks_exact(size).map(|vector| vector.chunks_exact(4).map(number).collect()).collect())
}

/// The longest prefix of `text` with at most `limit` bytes that ends between two characters.
pub fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use engunity_agent::frame;

    use super::*;

    #[test]
    fn vectors_survive_packing() {
        let vectors = vec![vec![1.0, -0.5, f32::MIN_POSITIVE], vec![0.0, 2.0, 3.5]];
        assert_eq!(unpack(&pack(&vectors), 2, 3), Some(vectors));
        assert_eq!(unpack(&[0; 23], 2, 3), None);
        assert_eq!(unpack(&[], 0, 0), None);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("äöü", 3), "ä");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("漢", 1), "");
    }

    #[test]
    fn the_largest_request_and_the_largest_answer_fit_into_a_frame() {
        let texts = vec!["x".repeat(MAX_TEXT_BYTES); MAX_TEXTS];
        let request = Request { id: u64::MAX, kind: Kind::Document, texts, timeout_ms: u32::MAX };
        assert!(frame::encode(&ToEmbedder::Embed(request)).is_ok());
        let data = pack(&vec![vec![0.5; 1024]; MAX_TEXTS]);
        assert!(frame::encode(&FromEmbedder::Vectors { id: u64::MAX, data }).is_ok());
    }

    /// To the byte: a worker may be newer than the embedder that was built before it.
    #[test]
    fn frames_are_what_they_have_always_been() {
        let request = Request { id: 7, kind: Kind::Query, texts: vec!["hi".into()], timeout_ms: 500 };
        let golden: [(&[u8], Vec<u8>); 4] = [
            (
                b"\x00\x00\x00\x2f\x81\xa5embed\x84\xa2id\x07\xa4kind\xa5query\xa5texts\x91\xa2hi\xaatimeout_ms\xcd\x01\xf4",
                frame::encode(&ToEmbedder::Embed(request)).expect("a frame"),
            ),
            (b"\x00\x00\x00\x07\x81\xa4ping\x03", frame::encode(&ToEmbedder::Ping(3)).expect("a frame")),
            (
                b"\x00\x00\x00\x19\x81\xa7vectors\x82\xa2id\x07\xa4data\xc4\x04\x00\x00\x80\x3f",
                frame::encode(&FromEmbedder::Vectors { id: 7, data: pack(&[vec![1.0]]) }).expect("a frame"),
            ),
            (b"\x00\x00\x00\x07\x81\xa4pong\x03", frame::encode(&FromEmbedder::Pong(3)).expect("a frame")),
        ];
        for (bytes, frame) in golden {
            assert_eq!(frame, bytes, "{}", String::from_utf8_lossy(&frame));
        }
    }
}
