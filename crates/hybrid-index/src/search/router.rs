//! What kind of thing somebody typed. Pure.

use std::sync::LazyLock;

use regex::Regex;

use crate::answer::Route;

/// A line of a file that a traceback names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: String,
    pub line: u32,
}

/// Extensions by which a word is a path.
const EXTENSIONS: &[&str] = &[
    "bash", "c", "cc", "cpp", "cs", "css", "csv", "go", "h", "hpp", "html", "ini", "java", "js", "json",
    "jsx", "kt", "lock", "lua", "md", "mjs", "php", "proto", "py", "rb", "rs", "rst", "scss", "sh", "sql",
    "svg", "swift", "toml", "ts", "tsx", "txt", "vue", "xml", "yaml", "yml",
];

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));
    };
}

pattern!(PYTHON_PLACE, r#"File "([^"\n]+)", line (\d+)"#);
pattern!(COLON_PLACE, r"(?m)(?:^|[\s(@])((?:[\w.@~+-]+[/\\])*[\w.@+-]+\.[A-Za-z]{1,5}):(\d+)(?::\d+)?\b");
pattern!(IDENTIFIER, r"^[A-Za-z_$][\w$]*(?:(?:\.|::|#|->)[A-Za-z_$][\w$]*)*(?:\(\))?$");
pattern!(
    REGEX_SIGN,
    r"\\[bBdDsSwW.()\[\]{}+*?^$|]|\.[*+]|\[[^\]\s]+\][*+?{]|\(\?|^\^|\$$|\{\d+,?\d*\}|\w\|\w"
);

/// How `text` is best searched.
pub fn route(text: &str) -> Route {
    let text = text.trim();
    if text.contains('\n') || PYTHON_PLACE.is_match(text) {
        let route = if places(text).is_empty() { Route::Question } else { Route::Traceback };
        return route;
    }
    if text.len() > 2
        && (text.starts_with('"') && text.ends_with('"') || text.starts_with('`') && text.ends_with('`'))
    {
        return Route::Text;
    }
    if text.len() > 2 && text.starts_with('/') && text.ends_with('/') && is_regex(without_slashes(text)) {
        return Route::Regex;
    }
    if is_path(text) {
        return Route::Path;
    }
    if IDENTIFIER.is_match(text) {
        return Route::Identifier;
    }
    if REGEX_SIGN.is_match(text) && !text.ends_with('?') && is_regex(text) {
        return Route::Regex;
    }
    Route::Question
}

fn is_regex(text: &str) -> bool {
    regex_syntax::parse(text).is_ok()
}

fn is_path(text: &str) -> bool {
    let (path, _) = without_line(text);
    if path.contains(char::is_whitespace) || path.contains(['(', '\\', '*', '|', '?', '<', '"']) {
        return false;
    }
    let extension = path.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
    });
    extension || path.contains('/') && path.chars().any(char::is_alphanumeric) && !path.contains("::")
}

/// A path without the line that may follow it.
pub fn without_line(text: &str) -> (&str, Option<u32>) {
    match text.split_once(':') {
        Some((path, rest)) if !path.is_empty() => {
            let line = rest.split(':').next().and_then(|line| line.parse().ok());
            if line.is_some() { (path, line) } else { (text, None) }
        }
        _ => (text, None),
    }
}

pub fn without_quotes(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or(text)
}

/// `/…/` as in editors.
pub fn without_slashes(text: &str) -> &str {
    match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(inner) if !inner.is_empty() => inner,
        _ => text,
    }
}

/// The places that a traceback names, in its order, each once.
pub fn places(text: &str) -> Vec<Place> {
    let mut found: Vec<(usize, Place)> = Vec::new();
    for pattern in [&*PYTHON_PLACE, &*COLON_PLACE] {
        for captures in pattern.captures_iter(text).take(100) {
            let (Some(path), Some(line)) = (captures.get(1), captures.get(2)) else { continue };
            let Ok(line) = line.as_str().parse() else { continue };
            let place = Place { path: path.as_str().to_owned(), line };
            if !found.iter().any(|(_, known)| *known == place) {
                found.push((path.start(), place));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, place)| place).collect()
}

/// The line of a traceback that says what went wrong.
pub fn message(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_message =
        |line: &&str| line.contains("Error") || line.contains("Exception") || line.contains("panicked");
    lines.clone().rfind(is_message).or_else(|| lines.next_back()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_is_known() {
        let cases = [
            ("parse_url", Route::Identifier),
            ("HttpClient.get", Route::Identifier),
            ("std::fs::read()", Route::Identifier),
            ("src/main.rs", Route::Path),
            ("main.py:12", Route::Path),
            ("utils/http", Route::Path),
            (r"fn \w+_test", Route::Regex),
            ("foo.*bar", Route::Regex),
            ("/ab+c/", Route::Regex),
            ("\"connection reset\"", Route::Text),
            ("how do I parse a url?", Route::Question),
            ("read a file (fast)", Route::Question),
            ("what is self.x?", Route::Question),
            (
                "Traceback (most recent call last):\n  File \"/app/a/b.py\", line 3, in f\nValueError: x",
                Route::Traceback,
            ),
            ("    at go (/app/src/x.ts:10:5)\n    at main (y.ts:2:1)", Route::Traceback),
            ("first line\nsecond line", Route::Question),
        ];
        for (text, expected) in cases {
            assert_eq!(route(text), expected, "{text}");
        }
    }

    #[test]
    fn a_traceback_names_places_and_a_message() {
        let text = "Traceback:\n  File \"/app/a/b.py\", line 3, in f\n    f()\n  File \"c.py\", line 9, in g\nValueError: bad x";
        let place = |path: &str, line| Place { path: path.into(), line };
        assert_eq!(places(text), [place("/app/a/b.py", 3), place("c.py", 9)]);
        assert_eq!(message(text), "ValueError: bad x");
        assert_eq!(places("error: x\n --> src/main.rs:4:9"), [place("src/main.rs", 4)]);
    }

    proptest! {
        #[test]
        fn any_text_has_a_route(text in any::<String>()) {
            route(&text);
            places(&text);
            message(&text);
            prop_assert!(without_quotes(&text).len() + without_slashes(&text).len() <= 2 * text.len());
            prop_assert!(text.starts_with(without_line(&text).0));
        }
    }
}
