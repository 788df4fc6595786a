//! Definitions by name: whole, beginning, humps (`gHR` finds `getHttpResponse`), part, or letters in order.

use super::{Found, Search, hits};
use crate::tokens;

pub fn find(search: &Search<'_>, text: &str) -> Found {
    let wanted = Wanted::of(text);
    let mut ranked: Vec<(f32, usize, u32)> = Vec::new();
    let mut found = Found::default();
    if wanted.name.is_empty() {
        return found;
    }
    for (at, live) in search.view.lives.iter().enumerate() {
        let tables = &live.segment.tables;
        for (number, entry) in tables.symbols.iter().enumerate() {
            if number % 4_096 == 0 && search.is_late() {
                found.is_cut = true;
                break;
            }
            let score = match wanted.score(&entry.symbol.name, &entry.symbol.scope) {
                Some(score) if live.alive[entry.file as usize] => score,
                _ => continue,
            };
            let file = &tables.files[entry.file as usize];
            if search.filter.allows(file) {
                let score = score - kind_cost(&entry.symbol.kind) - if file.is_test { 0.3 } else { 0.0 };
                ranked.push((score, at, number as u32));
            }
        }
    }
    let name = |(_, at, number): &(f32, usize, u32)| {
        let tables = &search.view.lives[*at].segment.tables;
        let entry = &tables.symbols[*number as usize];
        (&tables.files[entry.file as usize].path, entry.symbol.start)
    };
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| name(a).cmp(&name(b))));
    found.more = ranked.len() > search.query.limit;
    ranked.truncate(search.query.limit);
    found
        .hits
        .extend(ranked.iter().map(|(score, at, number)| hits::of_symbol(search.view, *at, *number, *score)));
    found
}

/// Among equal names, what people look for first.
fn kind_cost(kind: &str) -> f32 {
    match kind {
        "class" | "interface" | "enum" | "type" => 0.0,
        "function" | "method" | "macro" => 0.02,
        "implementation" => 0.1,
        _ => 0.06,
    }
}

/// A name, perhaps with its scope: `Reader.open`, `Reader::open`.
struct Wanted {
    scope: Vec<String>,
    name: String,
    lower: String,
    letters: u64,
}

impl Wanted {
    fn of(text: &str) -> Self {
        let mut parts: Vec<&str> = text
            .trim()
            .trim_end_matches("()")
            .split(['.', ':', '#', ' ', '/'])
            .filter(|part| !part.is_empty())
            .collect();
        let name = parts.pop().unwrap_or_default().to_owned();
        let lower = name.to_lowercase();
        let scope = parts.iter().map(|part| part.to_lowercase()).collect();
        Self { scope, letters: letters(&lower), lower, name }
    }

    fn score(&self, name: &str, scope: &str) -> Option<f32> {
        if self.letters & !letters(name) != 0 {
            return None;
        }
        let score = self.name_score(name)?;
        let scope = scope.to_lowercase();
        let parts: Vec<&str> = scope.split('.').collect();
        match self.scope.iter().all(|wanted| parts.contains(&wanted.as_str())) {
            true => Some(score + if self.scope.is_empty() { 0.0 } else { 1.0 }),
            false => None,
        }
    }

    fn name_score(&self, name: &str) -> Option<f32> {
        if name == self.name {
            return Some(10.0);
        }
        // Every other way to match has the letters in order; this one copies nothing.
        if !is_subsequence(&self.lower, name) {
            return None;
        }
        let lower = name.to_lowercase();
        let rest = (self.lower.len() as f32 / lower.len().max(1) as f32).min(1.0);
        if lower == self.lower || tokens_of(&lower) == tokens_of(&self.lower) {
            Some(9.0)
        } else if lower.starts_with(&self.lower) {
            Some(7.0 + rest)
        } else if is_humps(&self.lower, name) {
            Some(5.0 + rest)
        } else if lower.contains(&self.lower) {
            Some(3.0 + rest)
        } else {
            Some(1.0 + rest)
        }
    }
}

/// `parse_url` and `parseUrl` are one name.
fn tokens_of(lower: &str) -> String {
    lower.chars().filter(|letter| *letter != '_').collect()
}

/// Which letters and digits a name has.
fn letters(name: &str) -> u64 {
    let bit = |byte: u8| match byte {
        b'a'..=b'z' => 1 << (byte - b'a'),
        b'A'..=b'Z' => 1 << (byte - b'A'),
        b'0'..=b'9' => 1 << (26 + byte - b'0'),
        _ => 0,
    };
    name.bytes().fold(0, |all, byte| all | bit(byte))
}

/// Whether `wanted` is made of beginnings of parts of `name`, in order, the first one included.
fn is_humps(wanted: &str, name: &str) -> bool {
    let parts: Vec<String> = tokens::parts_of(name).map(str::to_lowercase).collect();
    let letters: Vec<char> = wanted.chars().filter(|letter| *letter != '_').collect();
    let Some(first) = letters.first() else { return false };
    if parts.len() < 2 || !parts[0].starts_with(*first) {
        return false;
    }
    // How many letters may be used up after each part: it gives any number of its first letters.
    let mut used = vec![false; letters.len() + 1];
    used[0] = true;
    for part in &parts {
        for from in (0..letters.len()).rev().filter(|from| used[*from]).collect::<Vec<_>>() {
            let common = part.chars().zip(&letters[from..]).take_while(|(a, b)| a == *b).count();
            used[from..=from + common].fill(true);
        }
    }
    used[letters.len()]
}

fn is_subsequence(wanted: &str, name: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    wanted.chars().filter(|letter| *letter != '_').all(|wanted| letters.any(|letter| letter == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_beginnings_and_humps() {
        let score = |text: &str, name: &str| Wanted::of(text).score(name, "a.Reader");
        let order = ["getHttpResponse", "gethttpresponse", "getHttp", "gHR", "Response", "ghpse"];
        let scores: Vec<_> = order.iter().map(|text| score(text, "getHttpResponse").expect(text)).collect();
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
        assert_eq!(score("get_http_response", "getHttpResponse"), Some(9.0));
        assert_eq!(score("xyz", "getHttpResponse"), None);
        assert_eq!(score("Reader.open", "open"), Some(11.0));
        assert_eq!(score("Writer::open", "open"), None);
    }
}
