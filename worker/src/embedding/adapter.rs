//! The index's view of the embedder: it asks from its own threads, and waits.

use std::{sync::Arc, time::Duration};

use engunity_embedder::message::Kind;
use engunity_hybrid_index::{self as index, ModelId};
use tokio::runtime::Handle;

use super::{Embedding, State};

/// For up to 64 documents on a busy machine.
const DOCUMENT_LIMIT: Duration = Duration::from_secs(60);
/// A search goes on without vectors rather than wait longer.
const QUERY_LIMIT: Duration = Duration::from_secs(1);

/// One model, for one kind of text. Calls block: not for asynchronous tasks.
pub struct ModelEmbedder {
    embedding: Arc<Embedding>,
    kind: Kind,
    limit: Duration,
    model: ModelId,
    dimensions: usize,
    runtime: Handle,
}

impl Embedding {
    /// The model for documents, where one is loaded now. Needs a tokio runtime.
    pub fn documents(self: &Arc<Self>) -> Option<ModelEmbedder> {
        self.embedder(Kind::Document, DOCUMENT_LIMIT)
    }

    /// The model for queries, where one is loaded now. Needs a tokio runtime.
    pub fn queries(self: &Arc<Self>) -> Option<ModelEmbedder> {
        self.embedder(Kind::Query, QUERY_LIMIT)
    }

    fn embedder(self: &Arc<Self>, kind: Kind, limit: Duration) -> Option<ModelEmbedder> {
        let State::Ready(running) = self.state() else { return None };
        Some(ModelEmbedder {
            embedding: self.clone(),
            kind,
            limit,
            model: ModelId { name: running.about.name.clone(), hash: running.about.hash.clone() },
            dimensions: running.about.dimensions as usize,
            runtime: Handle::current(),
        })
    }
}

impl index::Embedder for ModelEmbedder {
    fn model(&self) -> &ModelId {
        &self.model
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, index::EmbedError> {
        let failed = |error: String| index::EmbedError(error);
        let vectors = self.runtime.block_on(self.embedding.embed(self.kind, texts, self.limit));
        // Another model may run by now: its vectors must not be taken for this one's.
        match self.embedding.state() {
            State::Ready(running) if running.about.hash == self.model.hash => {
                vectors.map_err(|error| failed(error.to_string()))
            }
            state => Err(failed(state.to_string())),
        }
    }
}
