//! The names of entries as text. Archives seldom say in which encoding they were written. Pure.

use std::borrow::Cow;

use chardetng::EncodingDetector;
use encoding_rs::{Encoding, WINDOWS_1252};

/// The encoding of names that are neither UTF-8 nor Latin letters (Shift-JIS, GBK, CP866 and others), guessed from all of them.
pub fn foreign<'a>(names: impl Iterator<Item = &'a [u8]> + Clone) -> Option<&'static Encoding> {
    let legacy = names.filter(|name| std::str::from_utf8(name).is_err());
    let mut detector = EncodingDetector::new();
    for name in legacy.clone() {
        detector.feed(name, false);
        detector.feed(b"\n", false);
    }
    detector.feed(b"", true);
    let encoding = detector.guess(None, false);
    let all_foreign = |name: &[u8]| decode_fully(name, encoding).is_some_and(|text| is_foreign(&text));
    let mut legacy = legacy.peekable();
    (legacy.peek().is_some() && legacy.all(all_foreign)).then_some(encoding)
}

/// The name as text. `oem` is what it means in the code page of the IBM PC, which a zip that says nothing else is written in.
pub fn decode<'a>(raw: &'a [u8], foreign: Option<&'static Encoding>, oem: Option<&str>) -> Cow<'a, str> {
    if let Ok(text) = std::str::from_utf8(raw) {
        return Cow::Borrowed(text);
    }
    if let Some(text) = foreign.and_then(|encoding| decode_fully(raw, encoding)) {
        return Cow::Owned(text);
    }
    let (latin, _) = WINDOWS_1252.decode_without_bom_handling(raw);
    let text = match oem {
        Some(oem) if letters(oem) >= letters(&latin) => oem.to_owned(),
        _ => latin.into_owned(),
    };
    Cow::Owned(text)
}

fn decode_fully(raw: &[u8], encoding: &'static Encoding) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(raw)?;
    Some(text.into_owned())
}

/// Whether all that is not ASCII is letters of another script, or the punctuation of East Asia.
fn is_foreign(text: &str) -> bool {
    let foreign = |c: char| c > '\u{24f}' && (c.is_alphanumeric() || ('\u{3000}'..'\u{3100}').contains(&c));
    let mut other = text.chars().filter(|c| !c.is_ascii());
    let has_letter = text.chars().any(|c| c > '\u{24f}' && c.is_alphabetic());
    has_letter && other.all(foreign)
}

/// How many accented Latin letters there are: the wrong code page makes symbols of them.
fn letters(text: &str) -> usize {
    text.chars().filter(|c| !c.is_ascii() && *c < '\u{250}' && c.is_alphabetic()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &[u8], oem: &str) -> String {
        decode(raw, foreign(std::iter::once(raw)), Some(oem)).into_owned()
    }

    #[test]
    fn names_are_read_in_the_encoding_they_were_written_in() {
        assert_eq!(decoded("ü/λ.rs".as_bytes(), ""), "ü/λ.rs");
        // The code page of the IBM PC, as Windows Explorer writes it.
        assert_eq!(decoded(b"M\x81ller/Stra\xe1e.txt", "Müller/Straße.txt"), "Müller/Straße.txt");
        assert_eq!(decoded(b"caf\x82.txt", "café.txt"), "café.txt");
        // Latin-1: in the other code page these are symbols.
        assert_eq!(decoded(b"caf\xe9.txt", "cafΘ.txt"), "café.txt");
        assert_eq!(decoded(b"M\xfcller.txt", "Mⁿller.txt"), "Müller.txt");
        let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode("プロジェクト/設計書.txt");
        assert_eq!(decoded(&japanese, "??"), "プロジェクト/設計書.txt");
        let (chinese, _, _) = encoding_rs::GBK.encode("项目说明/新建文本文档.txt");
        assert_eq!(decoded(&chinese, "??"), "项目说明/新建文本文档.txt");
        let (russian, _, _) = encoding_rs::IBM866.encode("Отчёт за год/документ.txt");
        assert_eq!(decoded(&russian, "??"), "Отчёт за год/документ.txt");
        assert_eq!(decode(b"caf\xe9", None, None), "café");
    }
}
