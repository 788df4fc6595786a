//! Answers a query on one state of the index. Each way to search is a file; this one decides between them.

mod filter;
mod fusion;
mod hits;
mod overlay;
mod paths;
mod plan;
mod router;
mod snippet;
mod symbols;
mod text;
mod view;

use std::time::Instant;

use crate::{
    answer::{Answer, Hit, Route},
    error::IndexError,
    index::Snapshot,
    query::{Mode, Overlay, Query, QueryError},
    settings::Settings,
};

use filter::Filter;
pub use overlay::OverlayCache;
pub use router::route;
use view::View;

/// What one way of searching found.
#[derive(Default)]
struct Found {
    hits: Vec<Hit>,
    /// The deadline came first.
    is_cut: bool,
    more: bool,
    meaning: bool,
}

pub fn run(
    snapshot: &Snapshot,
    overlays: &OverlayCache,
    settings: &Settings,
    query: &Query,
    overlay: &Overlay,
    deadline: Instant,
) -> Result<Answer, IndexError> {
    check(query)?;
    let filter = Filter::new(query)?;
    let view = View::of(snapshot, overlays, settings, overlay)?;
    let route = chosen(query);
    let search = Search { view: &view, filter: &filter, query, deadline };
    let mut found = search.by(route)?;
    if found.hits.len() > query.limit {
        found.hits.truncate(query.limit);
        found.more = true;
    }
    if !query.explain {
        found.hits.iter_mut().for_each(|hit| hit.why = None);
    }
    let mut coverage = view.coverage.clone();
    coverage.meaning = found.meaning;
    Ok(Answer { hits: found.hits, coverage, exact: !found.is_cut, more: found.more, route })
}

fn check(query: &Query) -> Result<(), QueryError> {
    if query.text.len() > Query::MAX_BYTES {
        return Err(QueryError::TooLong { bytes: query.text.len() });
    }
    if query.text.trim().is_empty() {
        return Err(QueryError::Empty);
    }
    match query.limit {
        1..=Query::MAX_LIMIT => Ok(()),
        _ => Err(QueryError::Limit),
    }
}

fn chosen(query: &Query) -> Route {
    match query.mode {
        Mode::Hybrid => route(&query.text),
        Mode::Lexical | Mode::Semantic => Route::Question,
        Mode::Symbol => Route::Identifier,
        Mode::Regex => Route::Regex,
        Mode::Text => Route::Text,
        Mode::Path => Route::Path,
    }
}

struct Search<'a> {
    view: &'a View,
    filter: &'a Filter,
    query: &'a Query,
    deadline: Instant,
}

impl Search<'_> {
    fn by(&self, route: Route) -> Result<Found, IndexError> {
        match (self.query.mode, route) {
            (Mode::Hybrid, route) => self.hybrid(route),
            (_, Route::Identifier) => Ok(symbols::find(self, &self.query.text)),
            (_, Route::Regex) => text::find(self, &text::Pattern::Regex(&self.query.text)),
            (_, Route::Text) => text::find(self, &text::Pattern::Literal(&self.query.text)),
            (_, Route::Path) => Ok(paths::find(self, &self.query.text)),
            _ => fusion::find(self, &self.query.text),
        }
    }

    /// The route's own answer first; words and meaning fill up the rest.
    fn hybrid(&self, route: Route) -> Result<Found, IndexError> {
        let text = self.query.text.trim();
        let first = match route {
            Route::Question => return fusion::find(self, text),
            Route::Identifier => symbols::find(self, text),
            Route::Regex => text::find(self, &text::Pattern::Regex(router::without_slashes(text)))?,
            Route::Text => text::find(self, &text::Pattern::Literal(router::without_quotes(text)))?,
            Route::Path => paths::find(self, router::without_line(text).0),
            Route::Traceback => hits::of_places(self, &router::places(text)),
        };
        let is_text = matches!(route, Route::Regex | Route::Text);
        if is_text && !first.hits.is_empty() {
            return Ok(first);
        }
        let words = if route == Route::Traceback { router::message(text) } else { text };
        Ok(hits::joined(first, fusion::find(self, words)?))
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }
}
