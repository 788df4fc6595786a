//! Reads text files in the encodings that Windows programs write: UTF-8 with a byte-order mark, and UTF-16. Callers
//! handle line ends; `str::lines` accepts both kinds.

use std::{fs, io, path::Path};

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

pub fn read(path: &Path) -> io::Result<String> {
    decode(fs::read(path)?)
}

/// Decodes UTF-8, or UTF-16 where a byte-order mark says so; the mark is removed.
pub fn decode(bytes: Vec<u8>) -> io::Result<String> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, ..] => String::from_utf8(bytes[UTF8_BOM.len()..].to_vec()).map_err(|_| no_text()),
        _ => String::from_utf8(bytes).map_err(|_| no_text()),
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> io::Result<String> {
    let units: Vec<u16> = bytes.chunks(2).map(|pair| unit([pair[0], *pair.get(1).unwrap_or(&0)])).collect();
    String::from_utf16(&units).map_err(|_| no_text())
}

fn no_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_understood_and_dropped() {
        for bytes in [
            &b"a\r\n\xc3\xa4"[..],
            b"\xef\xbb\xbfa\r\n\xc3\xa4",
            b"\xff\xfea\0\r\0\n\0\xe4\0",
            b"\xfe\xff\0a\0\r\0\n\0\xe4",
        ] {
            assert_eq!(decode(bytes.to_vec()).unwrap(), "a\r\n\u{e4}");
        }
        assert!(decode(b"\xff\x00".to_vec()).is_err());
    }
}
