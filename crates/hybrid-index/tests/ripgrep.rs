//! Text and regex search find exactly the lines that ripgrep finds: random patterns over real and nasty files, compared
//! with ripgrep's own searcher on the files' original bytes, without any index.

mod common;

use std::path::Path;

use common::far;
use engunity_hybrid_index::{Case, FileChange, Mode, Overlay, ProjectIndex, Query, Settings};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, SearcherBuilder, sinks::Bytes};

const PATTERNS: usize = 1_200;

/// Files that break what is nearly equal.
fn nasty() -> Vec<(String, Vec<u8>)> {
    let utf16 = |text: &str, mark: [u8; 2], little: bool| {
        let units =
            text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    let text =
        "Hello World\nthe quick brown Fox\nKelvin \u{212a} and \u{17f}ignal\nstra\u{df}e STRASSE\nfoo(bar)\n";
    vec![
        ("nasty/crlf.txt".into(), text.replace('\n', "\r\n").into_bytes()),
        ("nasty/bom.txt".into(), [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat()),
        ("nasty/utf16le.txt".into(), utf16(text, [0xff, 0xfe], true)),
        ("nasty/utf16be.txt".into(), utf16(text, [0xfe, 0xff], false)),
        (
            "nasty/invalid.txt".into(),
            b"ab\xff\xfeHello \xc3( World\nfoo\xe2\x84 bar\n\xf0\x9f\x92quick\n".to_vec(),
        ),
        ("nasty/no_end.txt".into(), b"Hello\n\n\nlast line without an end".to_vec()),
        ("nasty/empty.txt".into(), Vec::new()),
        ("nasty/one_byte.txt".into(), b"x".to_vec()),
        ("nasty/blank.txt".into(), b"\n\r\n \t\n".to_vec()),
        ("nasty/long.txt".into(), [vec![b'a'; 30_000], b" Hello\nnext\n".to_vec()].concat()),
        ("nasty/turkish.txt".into(), "İstanbul ısı I i\nΣίσυφος σς\nǅ ǆ\n".as_bytes().to_vec()),
    ]
}

/// Sources of this crate.
fn sources(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("below").display().to_string();
            found.push((name, std::fs::read(&path).expect("a source")));
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A piece of a line of one of the files.
    fn piece(&mut self, files: &[(String, Vec<u8>)]) -> String {
        loop {
            let content = String::from_utf8_lossy(&self.pick(files).1).into_owned();
            let lines: Vec<&str> = content.lines().filter(|line| line.len() > 2).collect();
            if lines.is_empty() {
                continue;
            }
            let letters: Vec<char> =
                self.pick(&lines).chars().filter(|c| !matches!(c, '\0' | '\r' | '\u{fffd}')).collect();
            let start = self.below(letters.len());
            let length = 1 + self.below(12);
            let piece: String = letters[start..].iter().take(length).collect();
            if !piece.is_empty() {
                return piece;
            }
        }
    }

    fn pattern(&mut self, files: &[(String, Vec<u8>)]) -> String {
        let a = regex_syntax::escape(&self.piece(files));
        let b = regex_syntax::escape(&self.piece(files));
        let word = ["self", "fn", "use", "Some", "str", "k", "S", "ss", "i", "σ", "Hello"];
        match self.below(18) {
            0 => format!("{a}|{b}"),
            1 => format!("{a}.*{b}"),
            2 => format!("^\\s*{a}"),
            3 => format!("{a}$"),
            4 => format!(r"\b{}\b", self.pick(&word)),
            5 => format!("(?i){a}"),
            6 => format!(r"{a}\w+"),
            7 => format!("(?:{a})+{b}"),
            8 => format!("(?:{a})?{b}"),
            9 => format!(r"\w{{2,4}}{a}"),
            10 => format!("[{}{}]{a}", 'a', 'k'),
            11 => format!("(?:{a}){{1,2}}"),
            12 => format!("(?i:{})", self.pick(&word)),
            13 => format!(r"{}\s+[A-Za-z_]\w*", self.pick(&word)),
            14 => format!("(?:{a}|{b})(?:{b}|x)"),
            15 => self
                .pick(&[
                    "^$",
                    r"\d+",
                    r"[^\x00-\x7f]",
                    r"\s$",
                    ".",
                    "a*",
                    r"(?-u)\xff",
                    r"\p{Lu}\p{Ll}+",
                    "^.{100,}$",
                ])
                .to_string(),
            _ => a,
        }
    }
}

fn matcher(pattern: &str, case: Case) -> Option<RegexMatcher> {
    let mut builder = RegexMatcherBuilder::new();
    builder.multi_line(true).line_terminator(Some(b'\n'));
    match case {
        Case::Smart => builder.case_smart(true),
        Case::Sensitive => &mut builder,
        Case::Insensitive => builder.case_insensitive(true),
    };
    builder.build(pattern).ok()
}

/// What ripgrep says: path and line.
fn scanned(files: &[(String, Vec<u8>)], matcher: &RegexMatcher) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    let mut searcher =
        SearcherBuilder::new().line_number(true).binary_detection(BinaryDetection::quit(0)).build();
    for (path, content) in files {
        let sink = Bytes(|line, _| {
            found.push((path.clone(), line as u32));
            Ok(true)
        });
        searcher.search_slice(matcher, content, sink).expect("searched");
    }
    found.sort();
    found
}

#[test]
fn random_patterns_find_what_ripgrep_finds() {
    let mut files = nasty();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/parse"), &mut files);
    let dir = tempfile::tempdir().expect("a folder");
    let (index, _) = ProjectIndex::open(dir.path(), Settings::default()).expect("an index");
    let (first, second) = files.split_at(files.len() / 2);
    for part in [first, second] {
        let changes =
            part.iter().map(|(path, content)| FileChange::put(path.as_str(), None, content.clone()));
        index.apply(changes).expect("applied");
    }
    let (mut random, mut compared, mut with_hits) = (Random(7), 0, 0);
    while compared < PATTERNS {
        let pattern = random.pattern(&files);
        let case = *random.pick(&[Case::Smart, Case::Sensitive, Case::Insensitive]);
        let Some(matcher) = matcher(&pattern, case) else { continue };
        let query = Query { case, limit: Query::MAX_LIMIT, ..Query::new(pattern.clone(), Mode::Regex) };
        if pattern.trim().is_empty() {
            continue;
        }
        let answer = index.search(&query, &Overlay::default(), far()).expect("an answer");
        let mut found: Vec<_> = answer.hits.iter().map(|hit| (hit.path.clone(), hit.start_line)).collect();
        found.sort();
        let expected = scanned(&files, &matcher);
        assert!(answer.exact && !answer.more, "{pattern:?}");
        assert_eq!(found, expected, "{pattern:?} {case:?}");
        compared += 1;
        with_hits += usize::from(!expected.is_empty());
    }
    assert!(with_hits > PATTERNS / 2, "{with_hits} of {compared} patterns match anything");
}
