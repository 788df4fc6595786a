//! Answers searches with the indexes of this worker. A question names the index that stands and brings what has changed
//! since; the answer is as of that moment, whoever built the index.

use std::{
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use engunity_broker::streams::Stream;
use engunity_hybrid_index::{
    Answer, Case, Embedder, Hit, IndexError, Mode, Overlay, OverlayFile, Query, QueryError, QueryVector, Why,
};
use engunity_protocol::{
    index::ContentChange,
    search::{
        Coverage, FoundHit, ScoreShare, SearchCase, SearchFound, SearchMode, SearchQuery, SearchQuestion,
        SearchReply, SearchSymbol, SearchWhy,
    },
    wire,
};
use tokio::{sync::Semaphore, time::timeout};

use super::Service;
use crate::{
    context::WorkerContext,
    indexes::{OpenError, OpenIndex},
};

/// A question has at most an overlay and buffers.
const MAX_QUESTION: usize = 32 << 20;
/// The answer's way back is part of the coordinator's time.
const RETURN_TIME: Duration = Duration::from_millis(300);
const NO_MODEL: &str = "no search by meaning: the worker has no model for it";
const NO_VECTORS: &str = "no search by meaning: this project has no vectors yet";

pub struct Search {
    context: Arc<WorkerContext>,
    /// Searches at the same time; the others wait.
    running: Arc<Semaphore>,
}

impl Search {
    pub fn new(context: Arc<WorkerContext>) -> Self {
        let threads = available_parallelism().map_or(2, usize::from);
        Self { context, running: Arc::new(Semaphore::new(2 * threads)) }
    }

    async fn answer(&self, question: SearchQuestion) -> anyhow::Result<SearchReply> {
        let deadline = Instant::now() + Duration::from_millis(question.within_ms).saturating_sub(RETURN_TIME);
        let SearchQuestion { project_id, index, overlay, query, .. } = question;
        let indexes = &self.context.indexes;
        let open = match &index {
            Some(bundle) => indexes.index(project_id, Some(&bundle.manifest)).await,
            None => indexes.empty().await,
        };
        let open = match open {
            Ok(open) => open,
            Err(OpenError::Gone) => return Ok(SearchReply::Gone),
            Err(OpenError::Unusable(why)) => return Ok(SearchReply::Unusable { why }),
            Err(other) => return Err(other.into()),
        };
        let running = self.running.clone().acquire_owned().await?;
        let embedder = self.context.embedding.queries();
        let found = tokio::task::spawn_blocking(move || {
            // Until the thread is free, not only until the caller has gone.
            let _running = running;
            search(
                &open,
                embedder.as_ref().map(|embedder| embedder as &dyn Embedder),
                query,
                overlay,
                deadline,
            )
        });
        found.await?
    }
}

#[async_trait]
impl Service for Search {
    async fn serve(&self, _params: Vec<u8>, stream: &mut Stream) -> anyhow::Result<()> {
        let question: SearchQuestion = wire::decode(&stream.reader.read_to_end(MAX_QUESTION).await?)?;
        let within = Duration::from_millis(question.within_ms);
        let reply = timeout(within, self.answer(question)).await??;
        stream.writer.write_all(&wire::encode(&reply)?).await?;
        Ok(())
    }
}

/// Blocks.
fn search(
    open: &OpenIndex,
    embedder: Option<&dyn Embedder>,
    asked: SearchQuery,
    overlay: Vec<ContentChange>,
    deadline: Instant,
) -> anyhow::Result<SearchReply> {
    let overlay = Overlay { files: overlay.into_iter().map(overlay_file).collect() };
    let mut query = query(asked);
    let mut note = None;
    if query.wants_vector() {
        match vector(open, embedder, &query.text) {
            Ok(vector) => query.vector = Some(vector),
            Err(why) => note = Some(why),
        }
    }
    // Without vectors there is nothing near or far: the answer says so and holds nothing.
    if query.mode == Mode::Semantic && query.vector.is_none() {
        query.mode = Mode::Lexical;
        return match open.index.search(&query, &overlay, deadline) {
            Ok(answer) => {
                let answer = Answer { hits: Vec::new(), exact: false, more: false, ..answer };
                Ok(found(answer, embedder.is_some(), note))
            }
            Err(error) => refused(error),
        };
    }
    match open.index.search(&query, &overlay, deadline) {
        Ok(answer) => Ok(found(answer, embedder.is_some(), note)),
        Err(error) => refused(error),
    }
}

/// The query as a vector of the model that the index has its vectors from.
fn vector(open: &OpenIndex, embedder: Option<&dyn Embedder>, text: &str) -> Result<QueryVector, String> {
    let embedder = embedder.ok_or(NO_MODEL)?;
    let state = open.index.state();
    if state.embedding.done == 0 {
        return Err(NO_VECTORS.to_owned());
    }
    if state.model.as_ref() != Some(embedder.model()) {
        return Err(NO_MODEL.to_owned());
    }
    let mut vectors = embedder.embed(&[text]).map_err(|error| error.to_string())?;
    let values = vectors.pop().ok_or(NO_MODEL)?;
    Ok(QueryVector { model: embedder.model().clone(), values })
}

fn query(asked: SearchQuery) -> Query {
    let SearchQuery { text, mode, case, language, glob, limit, explain } = asked;
    Query {
        mode: match mode {
            SearchMode::Hybrid => Mode::Hybrid,
            SearchMode::Lexical => Mode::Lexical,
            SearchMode::Semantic => Mode::Semantic,
            SearchMode::Symbol => Mode::Symbol,
            SearchMode::Regex => Mode::Regex,
            SearchMode::Text => Mode::Text,
            SearchMode::Path => Mode::Path,
        },
        case: match case {
            SearchCase::Smart => Case::Smart,
            SearchCase::Sensitive => Case::Sensitive,
            SearchCase::Insensitive => Case::Insensitive,
        },
        languages: language.into_iter().collect(),
        paths: glob.into_iter().collect(),
        limit: limit as usize,
        explain,
        ..Query::new(text, Mode::default())
    }
}

fn overlay_file(change: ContentChange) -> OverlayFile {
    match change {
        ContentChange::Put { path, language, content, .. } => {
            OverlayFile { path, language, text: Some(String::from_utf8_lossy(&content).into_owned()) }
        }
        ContentChange::TooLarge { path, .. } | ContentChange::Remove { path } => {
            OverlayFile { path, language: None, text: None }
        }
    }
}

fn found(answer: Answer, has_model: bool, note: Option<String>) -> SearchReply {
    let Answer { hits, coverage, exact, more, route: _ } = answer;
    SearchReply::Found(SearchFound {
        hits: hits.into_iter().map(hit).collect(),
        exact,
        truncated: more,
        coverage: Coverage {
            files: coverage.files as u64,
            indexed: coverage.indexed as u64,
            chunks: coverage.chunks as u64,
            embedded: coverage.embedded as u64,
            skipped: coverage.skipped as u64,
        },
        has_model,
        notes: note.into_iter().collect(),
    })
}

fn hit(hit: Hit) -> FoundHit {
    let Hit { path, language, symbol, start_line, end_line, snippet, highlights, score, why } = hit;
    let symbol = symbol.map(|symbol| SearchSymbol {
        name: symbol.name,
        kind: symbol.kind,
        scope: Some(symbol.scope).filter(|scope| !scope.is_empty()),
    });
    let why = why.map(|Why { found_by, shares }| SearchWhy {
        found_by,
        shares: shares
            .into_iter()
            .map(|(feature, share)| ScoreShare { feature, share: share.into() })
            .collect(),
    });
    FoundHit { path, language, symbol, start_line, end_line, snippet, highlights, score: score.into(), why }
}

/// What is wrong with the query or the stored index; anything else is this worker's own trouble, and another one is asked.
fn refused(error: IndexError) -> anyhow::Result<SearchReply> {
    let field = match &error {
        IndexError::Query(QueryError::Glob { .. }) => "path",
        IndexError::Query(QueryError::Limit) => "limit",
        IndexError::Query(QueryError::NoVector) => "mode",
        IndexError::Query(_) => "q",
        IndexError::Corrupt(_) => return Ok(SearchReply::Unusable { why: error.to_string() }),
        _ => return Err(error.into()),
    };
    Ok(SearchReply::Refused { field: field.to_owned(), message: error.to_string() })
}
