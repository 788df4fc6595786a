//! The lines of a `.gitignore` as git reads them, written so that the `ignore` crate takes them for what git does. Pure.
//!
//! They differ in these: git drops trailing spaces but no other white space, and keeps an escaped one; to git braces are
//! plain characters; git knows POSIX classes; a backslash at the end matches nothing.

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";
const POSIX_CLASSES: [(&str, &str); 7] = [
    ("[:alpha:]", "a-zA-Z"),
    ("[:digit:]", "0-9"),
    ("[:alnum:]", "a-zA-Z0-9"),
    ("[:upper:]", "A-Z"),
    ("[:lower:]", "a-z"),
    ("[:xdigit:]", "0-9a-fA-F"),
    ("[:space:]", " \t"),
];

/// The rules of a file, one for each of its lines; a line that is no rule is empty.
pub fn lines(bytes: &[u8]) -> Vec<String> {
    let text = bytes.strip_prefix(UTF8_BOM).unwrap_or(bytes);
    let lines = text.split(|byte| *byte == b'\n');
    lines.map(|line| rule(&String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)))).collect()
}

/// A rule as people wrote it.
pub fn shown(rule: &str) -> String {
    rule.replace("[ ]", "\\ ").replace("\\{", "{").replace("\\}", "}")
}

fn rule(line: &str) -> String {
    if line.starts_with('#') {
        return String::new();
    }
    let pattern = without_trailing_spaces(line);
    if ends_in_open_escape(pattern) {
        return String::new();
    }
    guard_end(&plain_braces(pattern))
}

/// Cuts the spaces at the end that are not escaped.
fn without_trailing_spaces(line: &str) -> &str {
    let mut end = 0;
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => end = characters.next().map_or(line.len(), |(at, escaped)| at + escaped.len_utf8()),
            ' ' => {}
            other => end = at + other.len_utf8(),
        }
    }
    &line[..end]
}

fn ends_in_open_escape(pattern: &str) -> bool {
    pattern.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Escapes braces outside of classes, and spells POSIX classes out.
fn plain_braces(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => first.len_utf8() + rest[1..].chars().next().map_or(0, char::len_utf8),
            '[' => class_length(rest).unwrap_or(1),
            other => other.len_utf8(),
        };
        let (part, behind) = rest.split_at(taken);
        match part {
            "{" | "}" => written.extend(["\\", part]),
            class if taken > 1 && first == '[' => written.push_str(&spelled_out(class)),
            part => written.push_str(part),
        }
        rest = behind;
    }
    written
}

/// How long the class is that `text` begins with, if it is closed. A `]` that comes first is one of its members.
fn class_length(text: &str) -> Option<usize> {
    let inner = text[1..].trim_start_matches(['!', '^']);
    let mut at = text.len() - inner.len() + usize::from(inner.starts_with(']'));
    loop {
        let rest = &text[at..];
        if rest.starts_with("[:") {
            at += rest.find(":]")? + 2;
        } else if rest.starts_with(']') {
            return Some(at + 1);
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
}

fn spelled_out(class: &str) -> String {
    POSIX_CLASSES.iter().fold(class.to_owned(), |class, (name, members)| class.replace(name, members))
}

/// Keeps white space at the end from being trimmed by the crate.
fn guard_end(pattern: &str) -> String {
    let kept = pattern.trim_end();
    let (kept, space) = match (kept.strip_suffix('\\'), &pattern[kept.len()..]) {
        (_, "") => return pattern.to_owned(),
        // The first of them is escaped.
        (Some(before), space) if ends_in_open_escape(kept) => (before, space),
        (_, space) => (kept, space),
    };
    let guarded: String = space.chars().filter(|c| *c != '\\').map(|c| format!("[{c}]")).collect();
    format!("{kept}{guarded}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ignore::gitignore::GitignoreBuilder;

    use super::*;

    /// Whether a file called `name` is ignored by `text`.
    fn ignores(text: &str, name: &str) -> bool {
        let mut builder = GitignoreBuilder::new("/x");
        for line in lines(text.as_bytes()) {
            builder.add_line(None, &line).unwrap();
        }
        builder.build().unwrap().matched(Path::new("/x").join(name), false).is_ignore()
    }

    #[test]
    fn lines_are_read_as_git_reads_them() {
        for (text, ignored, kept) in [
            ("foo\\ \n", "foo ", "foo"),
            ("foo\\   \n", "foo ", "foo"),
            ("foo   \n", "foo", "foo "),
            ("foo\\  bar\n", "foo  bar", "foo bar"),
            ("foo\t\n", "foo\t", "foo"),
            ("foo \t \n", "foo \t", "foo"),
            ("\u{feff}foo\r\nbar\r\n", "foo", "foo\r"),
            ("foo\r", "foo", "foo\r"),
            ("*.{a,b}\n", "x.{a,b}", "x.a"),
            ("\\{x\\}\n", "{x}", "x"),
            ("a[{]b\n", "a{b", "ab"),
            ("[[:digit:]]x\n", "7x", "dx"),
            ("[]a]x\n", "]x", "bx"),
            ("\\#x\n", "#x", "x"),
            ("\\!x\n", "!x", "x"),
            ("foo\\\\\n", "foo\\", "foo"),
            ("*\n!keep\\ \n", "other", "keep "),
        ] {
            assert!(ignores(text, ignored), "{text:?} ignores {ignored:?}");
            assert!(!ignores(text, kept), "{text:?} leaves {kept:?}");
        }
        assert!(!ignores("foo\\\n", "foo") && !ignores("# x\n", "# x") && !ignores("\n \n", " "));
    }

    #[test]
    fn a_rule_is_shown_as_it_was_written() {
        assert_eq!(shown(&rule("a\\ ")), "a\\ ");
        assert_eq!(shown(&rule("*.{a,b}")), "*.{a,b}");
    }
}
