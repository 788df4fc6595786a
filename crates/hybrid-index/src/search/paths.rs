//! Files by path: letters in order, names before folders, one typing error forgiven.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use rayon::prelude::*;

use super::{Found, Search, hits};

/// Files that one thread looks at in a row.
const BLOCK: usize = 8_192;
/// Longer queries are no paths.
const MAX_CHARS: usize = 256;

pub fn find(search: &Search<'_>, text: &str) -> Found {
    let text: String = text.trim().replace('\\', "/").chars().take(MAX_CHARS).collect();
    let mut found = ranked(search, std::slice::from_ref(&text));
    if found.hits.is_empty() && !found.is_cut && text.chars().count() > 3 {
        found = ranked(search, &without_one(&text));
    }
    found
}

/// The text without each of its letters in turn: what is left of a wrong letter, an additional one, or two in the wrong
/// order.
fn without_one(text: &str) -> Vec<String> {
    let count = text.chars().count();
    let without =
        |left: usize| text.chars().enumerate().filter(|(at, _)| *at != left).map(|(_, c)| c).collect();
    (0..count.min(40)).map(without).collect()
}

type Ranked = (u32, usize, u32, usize);

fn ranked(search: &Search<'_>, texts: &[String]) -> Found {
    let patterns: Vec<_> = texts
        .iter()
        .map(|text| {
            (Pattern::parse(&escaped(text), CaseMatching::Ignore, Normalization::Smart), letters(text))
        })
        .collect();
    let files: Vec<_> = search.view.files().filter(|(_, _, entry)| search.filter.allows(entry)).collect();
    let blocks: Vec<(Vec<Ranked>, bool)> = files
        .par_chunks(BLOCK)
        .map(|block| {
            if search.is_late() {
                return (Vec::new(), true);
            }
            let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
            let mut buffer = Vec::new();
            let score = |(segment, file, entry): &(usize, u32, &crate::segment::FileEntry)| {
                let own = letters(&entry.path);
                let path = &entry.path;
                let scores = patterns.iter().enumerate().filter(|(_, (_, wanted))| wanted & !own == 0);
                let best = scores.filter_map(|(at, (pattern, _))| {
                    Some((pattern.score(Utf32Str::new(path, &mut buffer), &mut matcher)?, at))
                });
                best.max().map(|(score, at)| (score, *segment, *file, at))
            };
            (best_of(search, block.iter().filter_map(score).collect()), false)
        })
        .collect();
    let mut found = Found { is_cut: blocks.iter().any(|(_, is_cut)| *is_cut), ..Found::default() };
    let mut all = best_of(search, blocks.into_iter().flat_map(|(ranked, _)| ranked).collect());
    found.more = all.len() > search.query.limit;
    all.truncate(search.query.limit);
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    for (score, segment, file, at) in all {
        let entry = &search.view.lives[segment].segment.tables.files[file as usize];
        let (mut places, mut buffer) = (Vec::new(), Vec::new());
        patterns[at].0.indices(Utf32Str::new(&entry.path, &mut buffer), &mut matcher, &mut places);
        found.hits.push(hits::of_path(search.view, segment, file, score as f32, &places));
    }
    found
}

/// The best, one more than the limit, best first; among equals the shorter path.
fn best_of(search: &Search<'_>, mut ranked: Vec<Ranked>) -> Vec<Ranked> {
    let path = |(_, segment, file, _): &Ranked| {
        &search.view.lives[*segment].segment.tables.files[*file as usize].path
    };
    ranked.sort_by(|a, b| {
        b.0.cmp(&a.0).then_with(|| path(a).len().cmp(&path(b).len())).then_with(|| path(a).cmp(path(b)))
    });
    ranked.truncate(search.query.limit + 1);
    ranked
}

/// Letters that nucleo would take for operators.
fn escaped(text: &str) -> String {
    text.split(' ')
        .map(|word| match word.chars().next() {
            Some('!' | '^' | '\'') => format!("\\{word}"),
            _ => word.trim_end_matches('$').to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn letters(text: &str) -> u64 {
    let bit = |byte: u8| match byte {
        b'a'..=b'z' => 1 << (byte - b'a'),
        b'A'..=b'Z' => 1 << (byte - b'A'),
        b'0'..=b'9' => 1 << (26 + byte - b'0'),
        _ => 0,
    };
    text.bytes().fold(0, |all, byte| all | bit(byte))
}
