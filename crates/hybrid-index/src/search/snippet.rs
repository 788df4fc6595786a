//! The text that a hit shows, and what is marked in it.

/// Lines and bytes of a line that a snippet has at most.
const MAX_LINES: usize = 8;
const MAX_LINE_BYTES: usize = 400;

/// A part of a snippet: text, and ranges in UTF-16 code units.
#[derive(Debug, Default, PartialEq)]
pub struct Snippet {
    pub text: String,
    pub highlights: Vec<[u32; 2]>,
}

/// One line with ranges of its bytes. A long line is cut around its first range.
pub fn line(line: &[u8], ranges: &[(usize, usize)]) -> Snippet {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let from = match ranges.first() {
        Some((start, _)) if line.len() > MAX_LINE_BYTES => {
            start.saturating_sub(MAX_LINE_BYTES / 4).min(line.len())
        }
        _ => 0,
    };
    let to = (from + MAX_LINE_BYTES).min(line.len());
    let mut snippet = Snippet::default();
    let mut at = from;
    for (start, end) in ranges {
        let (start, end) = ((*start).clamp(at, to), (*end).clamp(at, to));
        push(&mut snippet.text, &line[at..start]);
        let first = units(&snippet.text);
        push(&mut snippet.text, &line[start..end]);
        let last = units(&snippet.text);
        if last > first {
            snippet.highlights.push([first, last]);
        }
        at = end;
    }
    push(&mut snippet.text, &line[at..to]);
    snippet
}

fn push(text: &mut String, bytes: &[u8]) {
    text.push_str(&String::from_utf8_lossy(bytes));
}

fn units(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

/// The first lines of `content`, with every word marked that `is_wanted` says.
pub fn words(content: &[u8], is_wanted: impl Fn(&str) -> bool) -> Snippet {
    let mut snippet = Snippet::default();
    for (at, one) in content.split(|byte| *byte == b'\n').take(MAX_LINES).enumerate() {
        if at > 0 {
            snippet.text.push('\n');
        }
        let cut = String::from_utf8_lossy(&one[..one.len().min(MAX_LINE_BYTES)]).into_owned();
        let cut = cut.trim_end_matches('\r');
        let base = units(&snippet.text);
        for word in crate::tokens::words(cut).filter(|word| is_wanted(word)) {
            let start = word.as_ptr() as usize - cut.as_ptr() as usize;
            let before = base + units(&cut[..start]);
            snippet.highlights.push([before, before + units(word)]);
        }
        snippet.text.push_str(cut);
    }
    let trimmed = snippet.text.trim_end().len();
    snippet.text.truncate(trimmed);
    snippet
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn highlights_count_as_editors_do() {
        let snippet = line("a 🦀 b".as_bytes(), &[(2, 6), (7, 8)]);
        assert_eq!(snippet, Snippet { text: "a 🦀 b".into(), highlights: vec![[2, 4], [5, 6]] });
        let words = words("let é = parse(x)\nparse".as_bytes(), |word| word == "parse");
        assert_eq!(words.highlights, [[8, 13], [17, 22]]);
    }

    #[test]
    fn a_long_line_is_cut_around_its_match() {
        let long = [vec![b'x'; 5_000], b"needle".to_vec(), vec![b'y'; 5_000]].concat();
        let snippet = line(&long, &[(5_000, 5_006)]);
        let [start, end] = snippet.highlights[0];
        assert_eq!(&snippet.text[start as usize..end as usize], "needle");
        assert!(snippet.text.len() <= 400);
    }

    proptest! {
        #[test]
        fn ranges_are_within_the_text(bytes in prop::collection::vec(any::<u8>(), 0..600), a in 0usize..700, b in 0usize..700) {
            let snippet = line(&bytes, &[(a.min(b), a.max(b))]);
            let length = units(&snippet.text);
            prop_assert!(snippet.highlights.iter().all(|[start, end]| start < end && *end <= length));
        }
    }
}
