//! Every line that a pattern matches, as ripgrep finds them: its own crates look at each file that the trigrams leave.

use std::sync::atomic::{AtomicBool, Ordering};

use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};
use rayon::prelude::*;
use regex_syntax::hir::Look;

use super::{
    Found, Search, hits,
    plan::{self, Plan},
};
use crate::{
    answer::Hit,
    error::IndexError,
    query::{Case, QueryError},
};

/// Memory of a compiled expression. Bytes. What is larger could take minutes for a few kilobytes of text.
const SIZE_LIMIT: usize = 2 * 1024 * 1024;
/// Memory of the cache of an expression's states. Bytes.
const CACHE_LIMIT: usize = 10 * 1024 * 1024;
/// Bytes of a file between two looks at the clock; a longer line is one piece.
const PIECE: usize = 16 * 1024;
/// Nesting of an expression.
const NEST_LIMIT: u32 = 250;
/// Files that are looked at between two looks at the clock and the limit.
const BLOCK: usize = 128;
/// Highlights in one line.
const MAX_RANGES: usize = 100;

pub enum Pattern<'a> {
    Regex(&'a str),
    Literal(&'a str),
}

pub fn find(search: &Search<'_>, pattern: &Pattern<'_>) -> Result<Found, IndexError> {
    let expression = match pattern {
        Pattern::Regex(text) => (*text).to_owned(),
        Pattern::Literal(text) => regex_syntax::escape(text),
    };
    let (plan, is_of_lines) = plan(&expression)?;
    let matcher = matcher(&expression, search.query.case)?;
    let files = candidates(search, &plan);
    let is_cut = AtomicBool::new(false);
    let mut found = Found::default();
    for block in files.chunks(BLOCK) {
        if search.is_late() {
            is_cut.store(true, Ordering::Relaxed);
        }
        if is_cut.load(Ordering::Relaxed) || found.hits.len() > search.query.limit {
            break;
        }
        let look =
            |(segment, file): &(usize, u32)| lines(search, &matcher, is_of_lines, (*segment, *file), &is_cut);
        found.hits.par_extend(block.par_iter().flat_map_iter(look));
    }
    found.is_cut = is_cut.into_inner();
    Ok(found)
}

/// Parses as ripgrep does, ignoring case: the trigrams do so too. Also tells whether matches depend on their line alone, not
/// on where the text begins or ends.
fn plan(expression: &str) -> Result<(Plan, bool), QueryError> {
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.utf8(false).multi_line(true).case_insensitive(true).nest_limit(NEST_LIMIT);
    match parser.build().parse(expression) {
        Ok(hir) => {
            let looks = hir.properties().look_set();
            let is_of_lines = !looks.contains(Look::Start) && !looks.contains(Look::End);
            Ok((plan::of(&hir), is_of_lines))
        }
        Err(regex_syntax::Error::Parse(error)) => {
            Err(wrong(expression, error.span().start.offset, error.kind().to_string()))
        }
        Err(regex_syntax::Error::Translate(error)) => {
            Err(wrong(expression, error.span().start.offset, error.kind().to_string()))
        }
        Err(error) => Err(QueryError::Regex { at: 0, message: error.to_string() }),
    }
}

fn wrong(expression: &str, byte: usize, message: String) -> QueryError {
    let before = expression.get(..byte).unwrap_or(expression);
    QueryError::Regex { at: before.chars().count(), message }
}

fn matcher(expression: &str, case: Case) -> Result<RegexMatcher, QueryError> {
    let mut builder = RegexMatcherBuilder::new();
    builder.multi_line(true).unicode(true).octal(false).line_terminator(Some(b'\n'));
    builder.size_limit(SIZE_LIMIT).dfa_size_limit(CACHE_LIMIT).nest_limit(NEST_LIMIT);
    match case {
        Case::Smart => builder.case_smart(true),
        Case::Sensitive => builder.case_insensitive(false),
        Case::Insensitive => builder.case_insensitive(true),
    };
    builder.build(expression).map_err(|error| {
        let message = error.to_string();
        match message.contains("size limit") {
            true => QueryError::RegexTooLarge(message),
            false => QueryError::Regex { at: 0, message },
        }
    })
}

/// Files that may match, in the order of their paths.
fn candidates(search: &Search<'_>, plan: &Plan) -> Vec<(usize, u32)> {
    let mut found = Vec::new();
    for (at, live) in search.view.lives.iter().enumerate() {
        let files = &live.segment.tables.files;
        let narrowed = plan.files(&live.segment.trigrams);
        let all = narrowed.unwrap_or_else(|| (0..files.len() as u32).collect());
        let wanted = all.into_iter().filter(|file| {
            let entry = &files[*file as usize];
            live.alive[*file as usize] && entry.len > 0 && search.filter.allows(entry)
        });
        found.extend(wanted.map(|file| (at, file)));
    }
    let path = |(at, file): &(usize, u32)| &search.view.lives[*at].segment.tables.files[*file as usize].path;
    found.sort_by(|a, b| path(a).cmp(path(b)));
    found
}

/// The matches in one file. It is searched in pieces, because the searcher itself does not look at the clock.
fn lines(
    search: &Search<'_>,
    matcher: &RegexMatcher,
    is_of_lines: bool,
    (segment, file): (usize, u32),
    is_cut: &AtomicBool,
) -> Vec<Hit> {
    let mut searcher = SearcherBuilder::new()
        .line_number(false)
        .bom_sniffing(false)
        .binary_detection(BinaryDetection::none())
        .build();
    let content = search.view.content(segment, file);
    let counted = Counted { offset: 0, lines: 0 };
    let mut sink =
        Lines { search, matcher, segment, file, content, begin: 0, counted, is_cut, hits: Vec::new() };
    while sink.begin < content.len() && sink.hits.len() <= search.query.limit {
        if search.is_late() {
            is_cut.store(true, Ordering::Relaxed);
            break;
        }
        let end = if is_of_lines { piece_end(content, sink.begin) } else { content.len() };
        if let Err(error) = searcher.search_slice(matcher, &content[sink.begin..end], &mut sink) {
            tracing::warn!(error.message = %error, "a file could not be searched");
            is_cut.store(true, Ordering::Relaxed);
            break;
        }
        sink.begin = end;
    }
    sink.hits
}

/// The end of the line in which a piece is full.
fn piece_end(content: &[u8], begin: usize) -> usize {
    let full = begin + PIECE;
    let rest = content.get(full..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(content.len(), |at| full + at + 1)
}

/// How many lines end before an offset.
struct Counted {
    offset: usize,
    lines: usize,
}

impl Counted {
    fn advance(&mut self, content: &[u8], offset: usize) -> usize {
        self.lines += content[self.offset..offset].iter().filter(|byte| **byte == b'\n').count();
        self.offset = offset;
        self.lines
    }
}

struct Lines<'a> {
    search: &'a Search<'a>,
    matcher: &'a RegexMatcher,
    segment: usize,
    file: u32,
    content: &'a [u8],
    /// Where the piece begins.
    begin: usize,
    counted: Counted,
    is_cut: &'a AtomicBool,
    hits: Vec<Hit>,
}

impl Sink for Lines<'_> {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        let line = found.bytes().strip_suffix(b"\n").unwrap_or(found.bytes());
        let mut ranges = Vec::new();
        let _ = self.matcher.find_iter(line, |range| {
            ranges.push((range.start(), range.end()));
            ranges.len() < MAX_RANGES
        });
        let offset = self.begin + found.absolute_byte_offset() as usize;
        let number = self.counted.advance(self.content, offset) as u32 + 1;
        self.hits.push(hits::of_line(self.search.view, self.segment, self.file, number, line, &ranges));
        if self.hits.len().is_multiple_of(64) && self.search.is_late() {
            self.is_cut.store(true, Ordering::Relaxed);
            return Ok(false);
        }
        Ok(self.hits.len() <= self.search.query.limit)
    }
}
