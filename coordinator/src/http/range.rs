//! Range requests (RFC 9110, section 14): `Range` and `If-Range` in, 206 or 416 out. A request for several ranges gets
//! the whole content, as the RFC allows. Pure.

use engunity_protocol::problem::ErrorCode;
use serde_json::{Value, json};
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::error::ApiError;
use super::parameter::{Header, Parameter, arguments};
use super::reply;

arguments! {
    /// The part of a content that the client requests.
    pub struct Ranged {
        range: Header<Option<Range>>,
        only_if: Header<Option<IfRange>>,
    }
}

/// One range of bytes. Any other header value means the whole content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    Whole,
    /// From the first byte to the last one (inclusive), or to the end.
    From(u64, Option<u64>),
    /// The last bytes, by count.
    Last(u64),
}

impl Parameter for Range {
    const NAME: &'static str = "Range";
    const DESCRIPTION: &'static str =
        "`bytes=first-last`, `bytes=first-` or `bytes=-count`; of several ranges the whole is sent";

    fn schema() -> Value {
        json!({"type": "string"})
    }

    fn read(text: &str) -> Result<Self, String> {
        Ok(parse(text).unwrap_or(Self::Whole))
    }
}

fn parse(text: &str) -> Option<Range> {
    let (unit, set) = text.split_once('=')?;
    let (first, last) = set.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes"))?;
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (first, last) {
        ("", count) => number(count).map(Range::Last),
        (first, "") => number(first).map(|first| Range::From(first, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Range::From(first, Some(last)))
        }
    }
}

/// The tag of the content of which the client has a part.
pub struct IfRange(String);

impl Parameter for IfRange {
    const NAME: &'static str = "If-Range";
    const DESCRIPTION: &'static str = "the content's `ETag`: where it is another one now, the whole is sent";

    fn schema() -> Value {
        json!({"type": "string"})
    }

    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

/// A part of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub first: u64,
    /// At least 1.
    pub length: u64,
    size: u64,
}

impl Ranged {
    /// The requested part of the content with this hash; `None`: the whole.
    pub fn part(&self, hash: &str, size: u64) -> Result<Option<Part>, ApiError> {
        let is_same = |IfRange(tag): &IfRange| *tag == format!("\"{hash}\"");
        match self.range.0.filter(|_| self.only_if.0.as_ref().is_none_or(is_same)) {
            Some(range) => within(range, size),
            None => Ok(None),
        }
    }
}

fn within(range: Range, size: u64) -> Result<Option<Part>, ApiError> {
    let (first, end) = match range {
        Range::Whole => return Ok(None),
        Range::From(first, last) => (first, last.map_or(size, |last| last.saturating_add(1).min(size))),
        Range::Last(count) => (size.saturating_sub(count), size),
    };
    if first >= end {
        return Err(outside(size));
    }
    Ok(Some(Part { first, length: end - first, size }))
}

fn outside(size: u64) -> ApiError {
    let error = ApiError::new(ErrorCode::RangeNotSatisfiable, format!("the content has {size} bytes"));
    match HeaderValue::try_from(format!("bytes */{size}")) {
        Ok(value) => error.with_header(header::CONTENT_RANGE, value),
        Err(_) => error,
    }
}

/// Adds the headers that state the part in the response, and that ranges are supported.
pub fn mark(response: &mut Response, part: Option<Part>) {
    reply::set(response, header::ACCEPT_RANGES, "bytes");
    if let Some(Part { first, length, size }) = part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = first + length - 1;
        reply::set(response, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{size}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str, size: u64) -> Result<Option<(u64, u64)>, u16> {
        let found = within(Range::read(range).unwrap(), size);
        found.map(|part| part.map(|part| (part.first, part.length))).map_err(|error| error.problem.status)
    }

    #[test]
    fn finds_the_part_that_is_asked_for() {
        for (range, expected) in [
            ("bytes=0-0", Ok(Some((0, 1)))),
            ("bytes=2-5", Ok(Some((2, 4)))),
            ("Bytes = 2-5", Ok(Some((2, 4)))),
            ("bytes=8-100", Ok(Some((8, 2)))),
            ("bytes=3-", Ok(Some((3, 7)))),
            ("bytes=-4", Ok(Some((6, 4)))),
            ("bytes=-100", Ok(Some((0, 10)))),
            ("bytes=10-", Err(416)),
            ("bytes=-0", Err(416)),
            ("bytes=0-1,3-4", Ok(None)),
            ("bytes=5-2", Ok(None)),
            ("bytes=x-", Ok(None)),
            ("bytes=-", Ok(None)),
            ("lines=1-2", Ok(None)),
            ("", Ok(None)),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Err(416));
    }

    #[test]
    fn another_content_is_sent_whole() {
        let asked = |tag: &str| {
            let only_if = Header(Some(IfRange(tag.into())));
            let ranged = Ranged { range: Header(Some(Range::From(1, None))), only_if };
            ranged.part("abc", 10).unwrap().is_some()
        };
        assert!(asked("\"abc\""));
        assert!(!asked("\"other\"") && !asked("W/\"abc\"") && !asked("Thu, 01 Jan 1970 00:00:00 GMT"));
    }
}
