//! Answers searches: gathers what a worker needs to know of a project, asks one, and gives its hits the ids of files.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engunity_broker::streams::StreamClient;
use engunity_protocol::{
    FileId, ProjectId, UserId,
    index::ContentChange,
    job::JobClass,
    search::{
        Coverage, DEFAULT_HITS, FoundHit, MAX_BUFFER_BYTES, MAX_BUFFERS, MAX_CONTEXT, MAX_GLOB_BYTES,
        MAX_HITS, MAX_QUERY_BYTES, SearchAnswer, SearchBuffer, SearchCase, SearchFound, SearchHit,
        SearchMode, SearchQuery, SearchQuestion, SearchReply, SearchRequest,
    },
};
use engunity_store::{OverlayLimits, PublishedIndex, SearchView, Store};
use futures::{StreamExt, stream};
use moka::sync::Cache;

use super::builds::IndexBuilds;
use super::workers::SearchWorkers;
use super::{SearchError, merge};
use crate::files::content::hash;

/// The longest that a search takes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// What a question carries of files that have changed since the index.
const OVERLAY: OverlayLimits = OverlayLimits { files: 400, bytes: 4 << 20 };
/// Projects that one search over all of a user's projects looks at, and how many at a time.
const MAX_PROJECTS: i64 = 200;
const PARALLEL: usize = 8;
/// How often a search asks for the index that is missing.
const BUILD_AGAIN_AFTER: Duration = Duration::from_secs(30);
const REMEMBERED: u64 = 10_000;
/// Files whose texts are in memory at a time, for lines around hits.
const FILES_AT_ONCE: usize = 32;

pub struct Search {
    store: Store,
    builds: IndexBuilds,
    workers: SearchWorkers,
    /// The number of files at a revision.
    counts: Cache<(ProjectId, i64), u64>,
    asked_for: Cache<ProjectId, ()>,
}

/// What is asked, whatever the project.
#[derive(Clone)]
pub struct Asked {
    pub query: SearchQuery,
    pub context: u32,
    pub buffers: Vec<SearchBuffer>,
}

/// Checks a request; every field that is wrong is named.
pub fn checked(request: SearchRequest) -> Result<Asked, Vec<(&'static str, String)>> {
    let mut wrong = Vec::new();
    let SearchRequest { q, mode, case, lang, path, limit, explain, context, buffers } = request;
    let (limit, context) = (limit.unwrap_or(DEFAULT_HITS), context.unwrap_or(0));
    let mut check = |field, ok: bool, message: String| {
        if !ok {
            wrong.push((field, message));
        }
    };
    check("q", !q.trim().is_empty(), "must not be empty".into());
    check("q", q.len() <= MAX_QUERY_BYTES, format!("must have at most {MAX_QUERY_BYTES} bytes"));
    check("q", !q.contains('\0'), "must not contain a NUL character".into());
    let glob = path.as_deref().unwrap_or("*");
    check(
        "path",
        (1..=MAX_GLOB_BYTES).contains(&glob.len()),
        format!("must have 1 to {MAX_GLOB_BYTES} bytes"),
    );
    check("path", !glob.contains('\0'), "must not contain a NUL character".into());
    check(
        "lang",
        lang.as_deref().is_none_or(|lang| lang.len() <= 50),
        "must have at most 50 characters".into(),
    );
    check("limit", (1..=MAX_HITS).contains(&limit), format!("must be a number from 1 to {MAX_HITS}"));
    check("context", context <= MAX_CONTEXT, format!("must be a number from 0 to {MAX_CONTEXT}"));
    check("buffers", buffers.len() <= MAX_BUFFERS, format!("must be at most {MAX_BUFFERS}"));
    let bytes: usize = buffers.iter().map(|buffer| buffer.text.len()).sum();
    check(
        "buffers",
        bytes <= MAX_BUFFER_BYTES,
        format!("must have at most {MAX_BUFFER_BYTES} bytes together"),
    );
    let distinct: HashSet<&str> = buffers.iter().map(|buffer| buffer.path.as_str()).collect();
    check("buffers", distinct.len() == buffers.len(), "must have each path once".into());
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let exact = mode == SearchMode::Regex;
    let case = case.unwrap_or(if exact { SearchCase::Sensitive } else { SearchCase::Smart });
    let query = SearchQuery {
        text: q,
        mode,
        case,
        language: lang.filter(|lang| !lang.is_empty()),
        glob: path,
        limit,
        explain,
    };
    Ok(Asked { query, context, buffers })
}

impl Search {
    pub fn new(store: Store, streams: StreamClient, builds: IndexBuilds) -> Self {
        let asked_for = Cache::builder().max_capacity(REMEMBERED).time_to_live(BUILD_AGAIN_AFTER).build();
        let workers = SearchWorkers::new(store.clone(), streams);
        Self { store, builds, workers, counts: Cache::new(REMEMBERED), asked_for }
    }

    /// Searches a project of this user.
    pub async fn project(
        &self,
        owner: UserId,
        project: ProjectId,
        asked: Asked,
    ) -> Result<SearchAnswer, SearchError> {
        let begun = Instant::now();
        let mut answer = self.search(owner, project, &asked, begun + ANSWER_TIMEOUT).await?;
        answer.took_ms = milliseconds(begun);
        Ok(answer)
    }

    /// Searches all projects of this user.
    pub async fn all(self: &Arc<Self>, owner: UserId, asked: Asked) -> Result<SearchAnswer, SearchError> {
        let begun = Instant::now();
        let projects =
            self.store.first_projects(&[(owner, MAX_PROJECTS + 1)]).await?.pop().unwrap_or_default();
        let left_out = projects.len() as i64 > MAX_PROJECTS;
        let projects = projects.into_iter().take(MAX_PROJECTS as usize).map(|project| project.id);
        let limit = asked.query.limit as usize;
        let mut answering = stream::iter(projects.map(|project| {
            let (search, asked) = (self.clone(), asked.clone());
            async move { search.search(owner, project, &asked, begun + ANSWER_TIMEOUT).await }
        }))
        .buffered(PARALLEL);
        let mut answers = Vec::new();
        while let Some(answer) = answering.next().await {
            answers.push(answer);
            merge::trim(&mut answers, limit);
        }
        let mut answer = merge::merge(answers, limit)?;
        if left_out {
            answer.exact = false;
            answer.notes.push(format!("only the newest {MAX_PROJECTS} projects were searched"));
        }
        answer.took_ms = milliseconds(begun);
        Ok(answer)
    }

    async fn search(
        &self,
        owner: UserId,
        project: ProjectId,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<SearchAnswer, SearchError> {
        let mut view = self.view(owner, project).await?;
        let mut found = self.ask(project, &view, asked, deadline).await?;
        if found.is_none() {
            // Another index was published meanwhile, or the one that stood was of no use.
            view = self.view(owner, project).await?;
            found = self.ask(project, &view, asked, deadline).await?;
        }
        let found = found.ok_or(SearchError::NoWorker)?;
        // A model may have come after the index was built.
        // What is not in the index has no vectors: only an answer from the index alone tells.
        let is_of_index = asked.buffers.is_empty() && view.overlay.files.is_empty();
        let lacks_vectors = is_of_index && found.has_model && found.coverage.embedded < found.coverage.chunks;
        if view.index.is_none() || lacks_vectors {
            self.ask_for_index(owner, project);
        }
        self.answer(owner, project, &view, asked, found).await
    }

    async fn view(&self, owner: UserId, project: ProjectId) -> Result<SearchView, SearchError> {
        self.store.search_view(owner, project, OVERLAY).await?.ok_or(SearchError::NoProject)
    }

    /// `None`: the index can't be used any more.
    async fn ask(
        &self,
        project: ProjectId,
        view: &SearchView,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<Option<SearchFound>, SearchError> {
        let overlay = overlay(view, &asked.buffers);
        if view.index.is_none() && overlay.is_empty() {
            return Ok(Some(SearchFound { exact: true, ..SearchFound::default() }));
        }
        let index = view.index.as_ref();
        let mut question = SearchQuestion {
            project_id: project,
            index: index.map(|index| index.bundle.clone()),
            overlay,
            query: asked.query.clone(),
            within_ms: 0,
        };
        let built_by = index.and_then(|index| index.worker.as_ref());
        match self.workers.ask(&mut question, built_by, deadline).await? {
            SearchReply::Found(found) => Ok(Some(found)),
            SearchReply::Refused { field, message } => Err(SearchError::Invalid { field, message }),
            SearchReply::Gone => Ok(None),
            SearchReply::Unusable { why } => {
                tracing::warn!(%project, why, "an index can't be used; it is built anew");
                if let Some(PublishedIndex { bundle, .. }) = index {
                    self.store.forget_index(project, &bundle.manifest).await?;
                }
                Ok(None)
            }
        }
    }

    async fn answer(
        &self,
        owner: UserId,
        project: ProjectId,
        view: &SearchView,
        asked: &Asked,
        found: SearchFound,
    ) -> Result<SearchAnswer, SearchError> {
        let SearchFound { hits, mut exact, truncated, mut coverage, mut notes, .. } = found;
        let paths: HashSet<&str> = hits.iter().map(|hit| hit.path.as_str()).collect();
        let paths: Vec<&str> = paths.into_iter().collect();
        let ids =
            if paths.is_empty() { HashMap::new() } else { self.store.files_at(project, &paths).await? };
        let buffers: HashMap<&str, &str> =
            asked.buffers.iter().map(|buffer| (buffer.path.as_str(), buffer.text.as_str())).collect();
        let hits = hits
            .into_iter()
            .filter(|hit| ids.contains_key(&hit.path) || buffers.contains_key(hit.path.as_str()));
        let mut hits: Vec<SearchHit> = hits.map(|hit| with_id(project, hit, &ids)).collect();
        if asked.context > 0 {
            self.widen(owner, &mut hits, &buffers, asked.context).await?;
        }
        coverage.files = self.count(project, view.revision).await?.max(coverage.files.min(1));
        coverage.indexed = coverage.indexed.min(coverage.files.max(asked.buffers.len() as u64));
        let waiting = self.waiting(view, coverage);
        if waiting > 0 {
            exact = false;
            notes.push(format!(
                "{waiting} files are about to be indexed and were not searched as they are now"
            ));
        }
        Ok(SearchAnswer { took_ms: 0.0, coverage, exact, truncated, hits, notes })
    }

    /// Files that were not searched as they are now.
    fn waiting(&self, view: &SearchView, coverage: Coverage) -> u64 {
        match view.index {
            Some(_) => view.overlay.left_out,
            None => coverage.files.saturating_sub(coverage.indexed + coverage.skipped),
        }
    }

    async fn count(&self, project: ProjectId, revision: i64) -> Result<u64, SearchError> {
        let key = (project, revision);
        if let Some(count) = self.counts.get(&key) {
            return Ok(count);
        }
        let count = self.store.count_files(project).await?;
        self.counts.insert(key, count);
        Ok(count)
    }

    /// Adds lines around the hits.
    async fn widen(
        &self,
        owner: UserId,
        hits: &mut [SearchHit],
        buffers: &HashMap<&str, &str>,
        context: u32,
    ) -> Result<(), SearchError> {
        let unsaved: HashMap<&str, Vec<&str>> =
            buffers.iter().map(|(path, text)| (*path, text.lines().collect())).collect();
        for hit in hits.iter_mut() {
            if let Some(lines) = unsaved.get(hit.path.as_str()) {
                merge::widen(hit, lines, context);
            }
        }
        let saved = |hit: &SearchHit| hit.file_id.filter(|_| !unsaved.contains_key(hit.path.as_str()));
        let ids: HashSet<FileId> = hits.iter().filter_map(saved).collect();
        let ids: Vec<FileId> = ids.into_iter().collect();
        for portion in ids.chunks(FILES_AT_ONCE) {
            let texts = self.store.texts_of(owner, portion).await?;
            let lines: HashMap<FileId, Vec<&str>> =
                texts.iter().map(|(id, text)| (*id, text.lines().collect())).collect();
            for hit in hits.iter_mut() {
                if let Some(lines) = saved(hit).and_then(|id| lines.get(&id)) {
                    merge::widen(hit, lines, context);
                }
            }
        }
        Ok(())
    }

    /// Makes an index job for a project that has no index, or not all vectors, unless that was done a moment ago.
    fn ask_for_index(&self, owner: UserId, project: ProjectId) {
        if self.asked_for.contains_key(&project) {
            return;
        }
        self.asked_for.insert(project, ());
        let builds = self.builds.clone();
        tokio::spawn(async move {
            if let Err(error) = builds.submit(owner, project, JobClass::Bulk).await {
                tracing::warn!(%error, %project, "an index job could not be made");
            }
        });
    }
}

/// What counts instead of the index: unsaved buffers, then files that have changed since.
fn overlay(view: &SearchView, buffers: &[SearchBuffer]) -> Vec<ContentChange> {
    let unsaved: HashSet<&str> = buffers.iter().map(|buffer| buffer.path.as_str()).collect();
    let language: HashMap<&str, &str> = view
        .overlay
        .files
        .iter()
        .filter_map(|file| Some((file.path.as_str(), file.language.as_deref()?)))
        .collect();
    let put = |path: &str, language: Option<&str>, text: &str| ContentChange::Put {
        path: path.to_owned(),
        language: language.map(str::to_owned),
        hash: hash(text.as_bytes()),
        content: text.as_bytes().to_vec(),
    };
    let saved = view.overlay.files.iter().filter(|file| !unsaved.contains(file.path.as_str()));
    let saved = saved.map(|file| match &file.text {
        Some(text) => put(&file.path, file.language.as_deref(), text),
        None => ContentChange::Remove { path: file.path.clone() },
    });
    let buffers = buffers
        .iter()
        .map(|buffer| put(&buffer.path, language.get(buffer.path.as_str()).copied(), &buffer.text));
    buffers.chain(saved).collect()
}

fn with_id(
    project: ProjectId,
    hit: FoundHit,
    files: &HashMap<String, (FileId, Option<String>)>,
) -> SearchHit {
    let FoundHit { path, language, symbol, start_line, end_line, snippet, highlights, score, why } = hit;
    let file = files.get(&path);
    SearchHit {
        project_id: project,
        file_id: file.map(|(id, _)| *id),
        language: language.or_else(|| file.and_then(|(_, language)| language.clone())),
        path,
        symbol,
        start_line,
        end_line,
        snippet,
        snippet_line: start_line,
        highlights,
        score,
        why,
    }
}

fn milliseconds(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(request: SearchRequest) -> Vec<&'static str> {
        checked(request).err().unwrap_or_default().into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn a_request_is_checked_before_anyone_is_asked() {
        let q = |q: &str| SearchRequest { q: q.into(), ..SearchRequest::default() };
        assert_eq!(refused(q("")), ["q"]);
        assert_eq!(refused(q(" \t")), ["q"]);
        assert_eq!(refused(q("a\0b")), ["q"]);
        assert_eq!(refused(q(&"x".repeat(10_000))), ["q"]);
        let buffer = |path: &str, bytes| SearchBuffer { path: path.into(), text: "x".repeat(bytes) };
        let twice = vec![buffer("a", 1), buffer("a", MAX_BUFFER_BYTES)];
        let all = SearchRequest {
            path: Some(String::new()),
            limit: Some(0),
            context: Some(21),
            buffers: twice,
            ..q("x")
        };
        assert_eq!(refused(all), ["path", "limit", "context", "buffers", "buffers"]);
        assert!(refused(q("x")).is_empty());
    }

    #[test]
    fn regular_expressions_mind_case_unless_told_otherwise() {
        let case = |mode, case| {
            let request = SearchRequest { q: "x".into(), mode, case, ..SearchRequest::default() };
            checked(request).map(|asked| asked.query.case).ok()
        };
        assert_eq!(case(SearchMode::Regex, None), Some(SearchCase::Sensitive));
        assert_eq!(case(SearchMode::Regex, Some(SearchCase::Smart)), Some(SearchCase::Smart));
        assert_eq!(case(SearchMode::Text, None), Some(SearchCase::Smart));
    }
}
