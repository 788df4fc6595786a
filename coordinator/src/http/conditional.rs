//! Conditional requests (RFC 9110, section 13): content that the client already has is not sent again, and content that
//! has changed meanwhile is not overwritten. The entity tag of a content is its hash.

use serde_json::{Value, json};
use warp::http::{HeaderMap, HeaderName, StatusCode, header};
use warp::reply::Response;

use super::parameter::Parameter;
use super::reply;

/// `If-Match`: the change applies only if the current content has one of these tags.
pub struct IfMatch(());

/// `If-None-Match`: the content is sent only if it has none of these tags.
pub struct IfNoneMatch(());

/// Describes a header with a list of tags. The list may span several header lines, so the functions below read it.
macro_rules! tags {
    ($type:ident, $name:literal, $about:literal) => {
        impl Parameter for $type {
            const NAME: &'static str = $name;
            const DESCRIPTION: &'static str = $about;

            fn schema() -> Value {
                json!({"type": "string"})
            }

            fn read(_: &str) -> Result<Self, String> {
                Ok(Self(()))
            }
        }
    };
}

tags!(IfMatch, "If-Match", "tags of which the content must have one, else 412");
tags!(IfNoneMatch, "If-None-Match", "tags that the client has already: 304 where the content has one");

/// Adds the `ETag` of the content.
pub fn tag(response: &mut Response, hash: Option<&str>) {
    if let Some(hash) = hash {
        reply::set(response, header::ETAG, &format!("\"{hash}\""));
        reply::set(response, header::CACHE_CONTROL, "private, no-cache");
    }
}

/// A 304 response if the client already has this content. Weak tags count, because a proxy may weaken ours.
pub fn unchanged(headers: &HeaderMap, hash: Option<&str>) -> Option<Response> {
    let hash = hash?;
    if !tags(headers, &header::IF_NONE_MATCH).any(|tag| value(tag) == hash || tag == "*") {
        return None;
    }
    let mut response = Response::new(Vec::new().into());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    tag(&mut response, Some(hash));
    Some(response)
}

/// The hashes in `If-Match`, of which one must be current; `None` without the header. Weak tags match nothing.
pub fn if_match(headers: &HeaderMap) -> Option<Vec<String>> {
    let strong = tags(headers, &header::IF_MATCH).filter(|tag| !tag.starts_with("W/"));
    headers.contains_key(header::IF_MATCH).then(|| strong.map(|tag| value(tag).to_owned()).collect())
}

/// The tags in all lines of a header, unparsed.
fn tags<'a>(headers: &'a HeaderMap, of: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(of)
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

/// The value of a tag, without `W/` and quotes.
fn value(tag: &str) -> &str {
    tag.trim_start_matches("W/").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn headers(of: HeaderName, lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (of.clone(), HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn reads_entity_tags() {
        let asked = |lines: &[&'static str]| if_match(&headers(header::IF_MATCH, lines));
        assert_eq!(asked(&["\"abc\""]), Some(vec!["abc".to_owned()]));
        assert_eq!(asked(&["\"a\", \"b\""]), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(asked(&["\"a\"", "\"b\""]), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(asked(&["W/\"a\""]), Some(vec![]));
        assert_eq!(asked(&["*"]), Some(vec!["*".to_owned()]));
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let has = |line| unchanged(&headers(header::IF_NONE_MATCH, &[line]), Some("a")).is_some();
        assert!(has("\"a\"") && has("W/\"a\"") && has("\"b\", \"a\"") && has("*"));
        assert!(!has("\"b\""));
        assert!(
            unchanged(&headers(header::IF_NONE_MATCH, &["*"]), None).is_none(),
            "a folder has no content"
        );
    }
}
