//! Words of code: each identifier as a whole and in its parts (`parseHttpUrl2` → `parsehttpurl2`, `pars`, `http`, `url`),
//! lower case, parts reduced to their stem. The same for what is indexed and what is asked.

use std::{cell::RefCell, collections::HashMap};

use rust_stemmers::{Algorithm, Stemmer};

/// Raise it when the same text gives other tokens than before.
pub const VERSION: u32 = 1;
/// Longer words are data, not names.
const MAX_WORD_CHARS: usize = 80;
/// Stems that one thread remembers; a project has fewer words than that.
const MAX_STEMS: usize = 50_000;

/// Words of English that say nothing about what is looked for.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "do", "does", "each", "etc", "for", "from", "given", "has", "have", "how", "i", "if", "in",
    "into", "is", "it", "its", "may", "me", "my", "no", "not", "of", "on", "one", "only", "or", "other",
    "our", "out", "over", "should", "so", "some", "such", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "up", "use", "used", "using", "was", "we", "were",
    "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your",
];

/// Calls `take` with every token of `text`.
pub fn for_each(text: &str, mut take: impl FnMut(&str)) {
    let mut buffer = String::new();
    for word in words(text) {
        tokens_of_word(word, &mut buffer, &mut take);
    }
}

/// Identifiers and numbers: runs of letters, digits and `_`.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

fn tokens_of_word(word: &str, buffer: &mut String, take: &mut impl FnMut(&str)) {
    let word = word.trim_matches('_');
    if word.is_empty() || (word.len() > MAX_WORD_CHARS && word.chars().count() > MAX_WORD_CHARS) {
        return;
    }
    let mut parts = 0;
    for part in parts_of(word) {
        parts += 1;
        if part.len() < word.len() && (part.len() > 1 || !part.is_ascii()) {
            lower(part, buffer);
            stemmed(buffer, take);
        }
    }
    if parts == 1 {
        lower(word, buffer);
        stemmed(buffer, take);
    } else {
        buffer.clear();
        buffer.extend(word.chars().filter(|c| *c != '_').flat_map(char::to_lowercase));
        take(buffer);
    }
}

fn lower(word: &str, buffer: &mut String) {
    buffer.clear();
    if word.is_ascii() {
        buffer.push_str(word);
        buffer.make_ascii_lowercase();
    } else {
        buffer.extend(word.chars().flat_map(char::to_lowercase));
    }
}

/// The parts of an identifier: `_`, a hump, and a change between letters and digits separate them.
pub fn parts_of(word: &str) -> impl Iterator<Item = &str> {
    word.split('_').filter(|piece| !piece.is_empty()).flat_map(humps)
}

fn humps(piece: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    let mut letters = piece.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((at, letter)) = letters.next() {
        let after = letters.peek().map(|(_, after)| *after);
        if before.is_some_and(|before| begins_part(before, letter, after)) {
            parts.push(&piece[from..at]);
            from = at;
        }
        before = Some(letter);
    }
    parts.push(&piece[from..]);
    parts
}

fn begins_part(before: char, letter: char, after: Option<char>) -> bool {
    let hump = letter.is_uppercase() && !before.is_uppercase();
    // The last capital of an abbreviation begins the next word: HTTPServer.
    let ends_abbreviation =
        letter.is_uppercase() && before.is_uppercase() && after.is_some_and(char::is_lowercase);
    hump || ends_abbreviation || before.is_numeric() != letter.is_numeric()
}

thread_local! {
    static STEMS: RefCell<(Stemmer, HashMap<String, String>)> =
        RefCell::new((Stemmer::create(Algorithm::English), HashMap::new()));
}

fn stemmed(word: &str, take: &mut impl FnMut(&str)) {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return take(word);
    }
    STEMS.with_borrow_mut(|(stemmer, known)| {
        if let Some(stem) = known.get(word) {
            return take(stem);
        }
        if known.len() >= MAX_STEMS {
            known.clear();
        }
        let stem = stemmer.stem(word).into_owned();
        take(&stem);
        known.insert(word.to_owned(), stem);
    });
}

/// The different tokens of a query, in order, without stop words (unless it has no others).
pub fn of_query(text: &str) -> Vec<String> {
    let content: Vec<_> = words(text).filter(|word| !is_stop_word(word)).collect();
    let chosen = if content.is_empty() { words(text).collect() } else { content };
    let mut tokens: Vec<String> = Vec::new();
    for word in chosen {
        for_each(word, |token| {
            if !tokens.iter().any(|known| known == token) {
                tokens.push(token.to_owned());
            }
        });
    }
    tokens
}

fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}

/// An identifier as plain words: `parseHTTPUrl` → `parse http url`.
pub fn as_words(text: &str) -> String {
    let mut all = String::with_capacity(text.len() + 8);
    for part in words(text).flat_map(parts_of) {
        if !all.is_empty() {
            all.push(' ');
        }
        all.extend(part.chars().flat_map(char::to_lowercase));
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        for_each(text, |token| all.push(token.to_owned()));
        all
    }

    #[test]
    fn identifiers_give_their_parts_and_themselves() {
        assert_eq!(tokens("parseHTTPUrl"), ["pars", "http", "url", "parsehttpurl"]);
        assert_eq!(tokens("parse_http_url"), tokens("parseHTTPUrl"));
        assert_eq!(tokens("utf8_read"), ["utf", "read", "utf8read"]);
        assert_eq!(tokens("running runs"), ["run", "run"]);
        assert_eq!(tokens("__init__"), ["init"]);
        assert_eq!(tokens("Größe"), ["größe"]);
    }

    #[test]
    fn stop_words_are_sorted_and_only_left_off_queries_with_others() {
        assert!(STOP_WORDS.is_sorted());
        assert_eq!(of_query("how to parse the url"), ["pars", "url"]);
        assert_eq!(of_query("to be or not to be"), ["to", "be", "or", "not"]);
    }

    #[test]
    fn identifiers_read_as_words() {
        assert_eq!(as_words("getHTTPResponse_code"), "get http response code");
    }

    proptest! {
        #[test]
        fn any_text_gives_short_lower_case_tokens(text in any::<String>()) {
            for token in tokens(&text) {
                prop_assert!(!token.is_empty());
                prop_assert!(token.chars().count() <= 4 * MAX_WORD_CHARS);
            }
            of_query(&text);
            as_words(&text);
        }

        #[test]
        fn a_snake_and_a_camel_name_give_the_same(parts in prop::collection::vec("[a-z]{2,8}", 1..5)) {
            let camel: String = parts.iter().map(|part| part[..1].to_uppercase() + &part[1..]).collect();
            prop_assert_eq!(tokens(&parts.join("_")), tokens(&camel));
        }
    }
}
