//! Hits of a search as ripgrep shows matches: grouped by file on a terminal, `path:line:text` elsewhere. Pure, but for
//! asking whether stdout is a terminal.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    ops::Range,
};

use console::style;
use engunity_protocol::search::{SearchHit, SearchMode};

use super::plain;

/// What of the hits is shown.
pub struct Shown {
    /// Lines around each matching line.
    pub context: u32,
    pub mode: SearchMode,
    /// Hits are of several projects.
    pub all: bool,
}

/// A line of a file that is shown.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    text: String,
    /// Byte ranges of `text`; `None`: it is only there for context.
    marks: Option<Vec<Range<usize>>>,
}

/// The lines of one file, by their numbers.
#[derive(Debug, Default)]
struct File {
    name: String,
    lines: BTreeMap<u32, Line>,
}

pub fn text(hits: &[SearchHit], shown: &Shown) -> String {
    let files = files(hits, shown);
    if shown.mode == SearchMode::Path {
        return files.iter().map(|file| file.name.clone() + "\n").collect();
    }
    if io::stdout().is_terminal() { grouped(&files) } else { piped(&files) }
}

/// The hits by file: by path where every match is shown, else the best first.
fn files(hits: &[SearchHit], shown: &Shown) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    for hit in hits {
        let path = plain(&hit.path);
        let name = if shown.all { format!("{}/{path}", hit.project_id) } else { path };
        let at = files.iter().position(|file| file.name == name).unwrap_or_else(|| {
            files.push(File { name, ..File::default() });
            files.len() - 1
        });
        for (number, line) in lines(hit, shown.context) {
            let known = files[at].lines.entry(number).or_default();
            if known.marks.is_none() {
                *known = line;
            }
        }
    }
    if matches!(shown.mode, SearchMode::Regex | SearchMode::Text) {
        files.sort_by(|a, b| a.name.cmp(&b.name));
    }
    files
}

/// The matching lines of a hit and those around them. A hit without highlights matches in its first line.
fn lines(hit: &SearchHit, context: u32) -> Vec<(u32, Line)> {
    let mut lines = Vec::new();
    let mut begin = 0;
    for (number, text) in (hit.snippet_line..).zip(hit.snippet.split('\n')) {
        let text = text.trim_end_matches('\r');
        let marks = marks(text, begin, &hit.highlights);
        begin += text.encode_utf16().count() as u32 + 1;
        lines.push((
            number,
            Line { text: text.to_owned(), marks: Some(marks).filter(|marks| !marks.is_empty()) },
        ));
    }
    if lines.iter().all(|(_, line)| line.marks.is_none())
        && let Some((_, line)) = lines.iter_mut().find(|(number, _)| *number == hit.start_line)
    {
        line.marks = Some(Vec::new());
    }
    let matching: Vec<u32> =
        lines.iter().filter(|(_, line)| line.marks.is_some()).map(|(number, _)| *number).collect();
    lines.retain(|(number, _)| matching.iter().any(|line| line.abs_diff(*number) <= context));
    lines
}

/// The byte ranges of a line that begins at UTF-16 offset `begin` of its snippet.
fn marks(text: &str, begin: u32, highlights: &[[u32; 2]]) -> Vec<Range<usize>> {
    let length = text.encode_utf16().count() as u32;
    let within = highlights.iter().filter(|[from, to]| *from < begin + length && *to > begin);
    within.map(|[from, to]| byte(text, from.saturating_sub(begin))..byte(text, to - begin)).collect()
}

/// The byte offset of a UTF-16 offset, at most the length.
fn byte(text: &str, utf16: u32) -> usize {
    let mut seen = 0;
    for (at, c) in text.char_indices() {
        if seen >= utf16 {
            return at;
        }
        seen += c.len_utf16() as u32;
    }
    text.len()
}

fn grouped(files: &[File]) -> String {
    let of = |file: &File| {
        let line = |number: u32, line: &Line| {
            format!("{}{}{}", style(number).green(), separator(line), marked(line))
        };
        format!("{}\n{}", style(&file.name).magenta(), rows(file, line))
    };
    files.iter().map(of).collect::<Vec<_>>().join("\n")
}

fn piped(files: &[File]) -> String {
    let of = |file: &File| {
        rows(file, |number, line| {
            let separator = separator(line);
            format!("{}{separator}{number}{separator}{}", file.name, plain_line(&line.text))
        })
    };
    files.iter().map(of).collect()
}

/// A row for each line, and `--` where lines with context around them do not follow each other.
fn rows(file: &File, row: impl Fn(u32, &Line) -> String) -> String {
    let has_context = file.lines.values().any(|line| line.marks.is_none());
    let (mut text, mut last) = (String::new(), None);
    for (number, line) in &file.lines {
        if has_context && last.is_some_and(|last| last + 1 != *number) {
            text.push_str("--\n");
        }
        text.push_str(&row(*number, line));
        text.push('\n');
        last = Some(*number);
    }
    text
}

fn separator(line: &Line) -> char {
    if line.marks.is_some() { ':' } else { '-' }
}

/// The text with its matches in colour.
fn marked(line: &Line) -> String {
    let (mut text, mut end) = (String::new(), 0);
    for mark in line.marks.iter().flatten().filter(|mark| !mark.is_empty()) {
        let from = mark.start.max(end);
        text.push_str(&plain_line(&line.text[end..from]));
        end = mark.end.max(from);
        text.push_str(&style(plain_line(&line.text[from..end])).red().bold().to_string());
    }
    text + &plain_line(&line.text[end..])
}

/// Without control characters, but with the tabs that code is indented by.
fn plain_line(text: &str) -> String {
    text.split('\t').map(plain).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use engunity_protocol::ProjectId;

    use super::*;

    fn hit(path: &str, first: u32, start: u32, snippet: &str, highlights: &[[u32; 2]]) -> SearchHit {
        SearchHit {
            project_id: ProjectId::new(),
            file_id: None,
            path: path.into(),
            language: None,
            symbol: None,
            start_line: start,
            end_line: start,
            snippet: snippet.into(),
            snippet_line: first,
            highlights: highlights.to_vec(),
            score: 1.0,
            why: None,
        }
    }

    fn shown(context: u32, mode: SearchMode) -> Shown {
        Shown { context, mode, all: false }
    }

    #[test]
    fn a_pipe_gets_path_line_and_text() {
        let hits = [hit("b.rs", 3, 3, "\tlet x = 1;", &[[5, 6]]), hit("a.rs", 1, 1, "x\u{1b}[2J", &[[0, 1]])];
        let text = piped(&files(&hits, &shown(0, SearchMode::Regex)));
        assert_eq!(text, "a.rs:1:x\u{fffd}[2J\nb.rs:3:\tlet x = 1;\n");
        let best_first = piped(&files(&hits, &shown(0, SearchMode::Hybrid)));
        assert!(best_first.starts_with("b.rs:3:"), "{best_first}");
    }

    #[test]
    fn context_overlaps_and_is_told_apart() {
        let hits = [
            hit("a", 1, 2, "one\ntwo x\nthree", &[[4, 7]]),
            hit("a", 2, 3, "two x\nthree\nfour", &[[6, 11]]),
            hit("a", 8, 9, "eight\nnine\nten", &[[6, 10]]),
        ];
        let text = piped(&files(&hits, &shown(1, SearchMode::Text)));
        assert_eq!(text, "a-1-one\na:2:two x\na:3:three\na-4-four\n--\na-8-eight\na:9:nine\na-10-ten\n");
    }

    #[test]
    fn a_chunk_shows_its_matching_lines_or_its_first() {
        let chunk = "def f():\n    \"\"\"Words.\"\"\"\n    pass";
        let with = [hit("a", 5, 5, chunk, &[[16, 21]])];
        assert_eq!(piped(&files(&with, &shown(0, SearchMode::Hybrid))), "a:6:    \"\"\"Words.\"\"\"\n");
        let without = [hit("a", 5, 5, chunk, &[])];
        assert_eq!(piped(&files(&without, &shown(0, SearchMode::Hybrid))), "a:5:def f():\n");
    }

    #[test]
    fn marks_count_utf16_and_stay_on_characters() {
        assert_eq!(marks("ä😀x", 0, &[[1, 3], [3, 4]]), [2..6, 6..7]);
        assert_eq!(marks("second", 6, &[[0, 5], [6, 9], [4, 99]]), [0..3, 0..6]);
        console::set_colors_enabled(true);
        let line = Line { text: "ä😀x".into(), marks: Some(vec![2..6, 4..7, 0..0]) };
        let text = marked(&line);
        console::set_colors_enabled(false);
        assert!(text.starts_with("ä\u{1b}[") && text.contains("😀"), "{text:?}");
    }
}
