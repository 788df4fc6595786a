//! Text to vectors, behind one small trait. The model itself lives elsewhere; the twin here is for tests.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// Which model made a vector. Vectors of different models never meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelId {
    /// For people: `all-MiniLM-L6-v2`.
    pub name: String,
    /// The hash of the weights and of whatever else decides the vector.
    pub hash: String,
}

/// A model that turns text into vectors of one length. Calls may come from several threads; an implementation that owns
/// a thread hands them over and waits.
pub trait Embedder: Send + Sync {
    fn model(&self) -> &ModelId;

    /// The length of every vector.
    fn dimensions(&self) -> usize;

    /// One vector for each text, in order. They need not be normalised. The caller sends a bounded number of texts
    /// (at most 64); an implementation cuts a text that is too long for its model.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why there are no vectors.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the model gave no vectors: {0}")]
pub struct EmbedError(pub String);

/// How much [`crate::ProjectIndex::embed_pending`] may do in one call. What is done is kept: a later call goes on.
#[derive(Debug, Clone, Copy)]
pub struct EmbedBudget {
    /// Texts to embed at most.
    pub texts: usize,
    /// The call returns soon after this moment.
    pub until: Option<std::time::Instant>,
}

impl EmbedBudget {
    pub const ALL: Self = Self { texts: usize::MAX, until: None };
}

/// How far the vectors are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedProgress {
    /// Texts that have a vector.
    pub done: usize,
    /// Texts that should have one.
    pub total: usize,
}

impl EmbedProgress {
    pub fn is_complete(&self) -> bool {
        self.done >= self.total
    }
}

/// A deterministic stand-in for a model: words and their beginnings are hashed into the vector's places. Texts with the
/// same words are near each other. For tests only.
pub struct HashingEmbedder {
    model: ModelId,
    dimensions: usize,
}

impl HashingEmbedder {
    pub fn new(dimensions: usize) -> Self {
        let model = ModelId { name: "hashing-twin".into(), hash: format!("v1-{dimensions}") };
        Self { model, dimensions: dimensions.max(1) }
    }

    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; self.dimensions];
        let lower = text.to_lowercase();
        for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let stem: String = word.chars().take(5).collect();
            for (part, weight) in [(word, 1.0), (stem.as_str(), 0.5)] {
                let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
                part.hash(&mut hasher);
                let hash = hasher.finish();
                let sign = if hash >> 63 == 0 { weight } else { -weight };
                vector[(hash % self.dimensions as u64) as usize] += sign;
            }
        }
        vector
    }
}

impl Default for HashingEmbedder {
    fn default() -> Self {
        Self::new(256)
    }
}

impl Embedder for HashingEmbedder {
    fn model(&self) -> &ModelId {
        &self.model
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

/// The standard library's hasher may change between its versions; vectors are stored.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twin_is_deterministic_and_puts_like_texts_together() {
        let twin = HashingEmbedder::default();
        let vectors =
            twin.embed(&["parse a url", "parse the url", "paint it black", "parse a url"]).expect("vectors");
        let dot = |a: usize, b: usize| vectors[a].iter().zip(&vectors[b]).map(|(x, y)| x * y).sum::<f32>();
        assert_eq!(vectors[0], vectors[3]);
        assert!(dot(0, 1) > dot(0, 2));
    }
}
