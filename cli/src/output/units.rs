//! Sizes, times and counts, as people write and read them. Pure.

use chrono::{DateTime, Utc};
use indicatif::HumanBytes;

pub fn bytes(n: u64) -> String {
    HumanBytes(n).to_string()
}

/// `1 file`, `2 files`.
pub fn count(n: impl Into<u64>, what: &str) -> String {
    let n = n.into();
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A duration: `85 ms`, `1.2 s`, `3 m 20 s`.
pub fn millis(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        _ => format!("{} m {} s", ms / 60_000, ms / 1000 % 60),
    }
}

/// How long ago, in its largest unit.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - then).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86400),
    }
}

/// `30`, `30s`, `1.5m`, `2h` as seconds.
pub fn parse_seconds(text: &str) -> Result<f64, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("", 1.0)];
    parse_with(text, &units).ok_or_else(|| format!("{text:?} is not a time: write 30, 90s or 5m"))
}

/// `512`, `512m`, `2g`, `1.5GiB` as MiB.
pub fn parse_mebibytes(text: &str) -> Result<u64, String> {
    let units =
        [("mib", 1.0), ("gib", 1024.0), ("mb", 1.0), ("gb", 1024.0), ("m", 1.0), ("g", 1024.0), ("", 1.0)];
    let parsed = parse_with(&text.to_lowercase(), &units).map(f64::round).filter(|n| *n >= 1.0);
    parsed.map(|n| n as u64).ok_or_else(|| format!("{text:?} is not a size: write 512 (MiB) or 2g"))
}

fn parse_with(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (unit, factor) = units.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: f64 = text[..text.len() - unit.len()].trim().parse().ok()?;
    (number.is_finite() && number > 0.0).then_some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [("30", 30.0), ("30s", 30.0), ("1.5m", 90.0), ("2h", 7200.0), ("500ms", 0.5)] {
            assert_eq!(parse_seconds(text), Ok(seconds));
        }
        for (text, mib) in [("512", 512), ("512M", 512), ("2g", 2048), ("1.5GiB", 1536)] {
            assert_eq!(parse_mebibytes(text), Ok(mib));
        }
        for text in ["", "-1", "0", "x", "1d", "inf", "NaN"] {
            assert!(parse_seconds(text).is_err() && parse_mebibytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_what_people_read() {
        assert_eq!([millis(85), millis(1234), millis(200_000)], ["85 ms", "1.2 s", "3 m 20 s"]);
        assert_eq!([count(1u64, "file"), count(0u64, "file")], ["1 file", "0 files"]);
    }
}
