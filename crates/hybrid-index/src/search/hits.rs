//! What was found, as it is answered.

use super::{
    Found, Search,
    router::Place,
    snippet::{self, Snippet},
    view::View,
};
use crate::{
    answer::{Hit, HitSymbol, Why},
    parse::Symbol,
    segment::FileEntry,
    tokens,
};

/// Lines around a place that a traceback names.
const AROUND: usize = 3;

fn entry(view: &View, segment: usize, file: u32) -> &FileEntry {
    &view.lives[segment].segment.tables.files[file as usize]
}

fn base(entry: &FileEntry, by: &str, score: f32, lines: (u32, u32), snippet: Snippet) -> Hit {
    Hit {
        path: entry.path.clone(),
        language: entry.language.clone(),
        symbol: None,
        start_line: lines.0,
        end_line: lines.1,
        snippet: snippet.text,
        highlights: snippet.highlights,
        score,
        why: Some(Why { found_by: vec![by.to_owned()], shares: Vec::new() }),
    }
}

pub fn symbol_of(symbol: &Symbol) -> HitSymbol {
    HitSymbol { name: symbol.name.clone(), kind: symbol.kind.clone(), scope: symbol.scope.clone() }
}

/// The innermost symbol around a line.
fn symbol_at(view: &View, segment: usize, file: u32, line: u32) -> Option<HitSymbol> {
    let symbols = &view.lives[segment].segment.tables.symbols;
    let first = symbols.partition_point(|symbol| symbol.file < file);
    let of_file = symbols[first..].iter().take_while(|symbol| symbol.file == file);
    let around = of_file.filter(|entry| entry.symbol.start_line <= line && line <= entry.symbol.end_line);
    around.last().map(|entry| symbol_of(&entry.symbol))
}

pub fn of_line(
    view: &View,
    segment: usize,
    file: u32,
    number: u32,
    line: &[u8],
    ranges: &[(usize, usize)],
) -> Hit {
    let snippet = snippet::line(line, ranges);
    let mut hit = base(entry(view, segment, file), "text", 1.0, (number, number), snippet);
    hit.symbol = symbol_at(view, segment, file, number);
    hit
}

/// A unit with the words of the query marked.
pub fn of_unit(view: &View, segment: usize, unit: u32, words: &[String], score: f32) -> Hit {
    let tables = &view.lives[segment].segment.tables;
    let found = &tables.units[unit as usize];
    let content = view.content(segment, found.file);
    let start = whole_lines(content, found.unit.start as usize);
    let text = &content[start..(found.unit.end as usize).max(start)];
    // A chunk may begin with empty lines.
    let skipped = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let skipped = text[..skipped].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lines_skipped = text[..skipped].iter().filter(|byte| **byte == b'\n').count() as u32;
    let snippet = snippet::words(&text[skipped..], |word| is_wanted(word, words));
    let start_line = (found.unit.start_line + lines_skipped).min(found.unit.end_line);
    let lines = (start_line, found.unit.end_line);
    let mut hit = base(entry(view, segment, found.file), "words", score, lines, snippet);
    hit.symbol = tables.symbol_of(&found.unit).map(symbol_of);
    hit
}

fn is_wanted(word: &str, tokens: &[String]) -> bool {
    let mut is_found = false;
    tokens::for_each(word, |token| is_found |= tokens.iter().any(|wanted| wanted == token));
    is_found
}

fn whole_lines(content: &[u8], at: usize) -> usize {
    content[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1)
}

pub fn of_symbol(view: &View, segment: usize, symbol: u32, score: f32) -> Hit {
    let found = &view.lives[segment].segment.tables.symbols[symbol as usize];
    let content = view.content(segment, found.file);
    let start = whole_lines(content, found.symbol.start as usize);
    let text = &content[start..(found.symbol.end as usize).max(start)];
    let snippet = snippet::words(text, |word| word == found.symbol.name);
    let lines = (found.symbol.start_line, found.symbol.end_line);
    let mut hit = base(entry(view, segment, found.file), "symbol", score, lines, snippet);
    hit.symbol = Some(symbol_of(&found.symbol));
    hit
}

/// A file; its path is the snippet. `places` are the matched characters of the path.
pub fn of_path(view: &View, segment: usize, file: u32, score: f32, places: &[u32]) -> Hit {
    let entry = entry(view, segment, file);
    let mut snippet = Snippet { text: entry.path.clone(), highlights: Vec::new() };
    let mut at = 0;
    for (number, letter) in entry.path.chars().enumerate() {
        let width = letter.len_utf16() as u32;
        if places.contains(&(number as u32)) {
            match snippet.highlights.last_mut() {
                Some(last) if last[1] == at => last[1] = at + width,
                _ => snippet.highlights.push([at, at + width]),
            }
        }
        at += width;
    }
    base(entry, "path", score, (1, 1), snippet)
}

/// The places that a traceback names, as far as the project has them; the last one, where it broke, first.
pub fn of_places(search: &Search<'_>, places: &[Place]) -> Found {
    let mut found = Found::default();
    for (rank, place) in places.iter().rev().enumerate() {
        let hit = find_place(search, place).map(|(segment, file)| {
            of_place(search.view, segment, file, place.line, 2.0 - rank as f32 / 100.0)
        });
        found.hits.extend(hit);
    }
    found
}

/// The file whose path ends like the one that was named.
fn find_place(search: &Search<'_>, place: &Place) -> Option<(usize, u32)> {
    let named: Vec<&str> =
        place.path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
    let common = |path: &str| path.rsplit('/').zip(named.iter().rev()).take_while(|(a, b)| a == *b).count();
    let files = search.view.files().filter(|(_, _, entry)| search.filter.allows(entry));
    let best = files
        .map(|(segment, file, entry)| (common(&entry.path), entry.path.split('/').count(), segment, file));
    let best = best.max_by_key(|(common, parts, ..)| (*common, std::cmp::Reverse(*parts)))?;
    // The whole path of the project's file, or at least its folder and name.
    (best.0 >= best.1.min(2) && best.0 > 0).then_some((best.2, best.3))
}

fn of_place(view: &View, segment: usize, file: u32, line: u32, score: f32) -> Hit {
    let content = view.content(segment, file);
    let first = (line as usize).saturating_sub(AROUND).max(1);
    let mut starts = content.split_inclusive(|byte| *byte == b'\n');
    let skipped: usize = starts.by_ref().take(first - 1).map(<[u8]>::len).sum();
    let length: usize = starts.take(2 * AROUND).map(<[u8]>::len).sum();
    let snippet = snippet::words(&content[skipped..skipped + length], |_| false);
    let mut hit = base(entry(view, segment, file), "traceback", score, (first as u32, line.max(1)), snippet);
    hit.symbol = symbol_at(view, segment, file, line);
    hit
}

/// `first`, then what `second` has beyond it.
pub fn joined(mut first: Found, second: Found) -> Found {
    for hit in second.hits {
        if !first.hits.iter().any(|known| overlap(known, &hit)) {
            first.hits.push(hit);
        }
    }
    first.is_cut |= second.is_cut;
    first.more |= second.more;
    first.meaning |= second.meaning;
    // Scores of two ways do not compare: the order does.
    let count = first.hits.len() as f32;
    for (rank, hit) in first.hits.iter_mut().enumerate() {
        hit.score = (count - rank as f32) / count;
    }
    first
}

fn overlap(a: &Hit, b: &Hit) -> bool {
    a.path == b.path && a.symbol == b.symbol && a.start_line <= b.end_line && b.start_line <= a.end_line
}
