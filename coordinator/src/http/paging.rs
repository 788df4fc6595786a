//! Pages: `?limit=&cursor=` in, a `Link: <…>; rel="next"` header out. A cursor's inside is nobody's business.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use warp::http::header;
use warp::reply::Response;

use super::error::ApiError;
use super::reply;
use super::request::Request;

/// The page's size: what is asked for, from 1 to `most`.
pub fn limit(request: &Request, default: i64, most: i64) -> Result<i64, ApiError> {
    let expected = format!("a number from 1 to {most}");
    let limit = request.query_value("limit", &expected)?.unwrap_or(default);
    if (1..=most).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::field("limit", format!("must be {expected}")))
    }
}

/// Where the page begins.
pub fn cursor<T: FromStr>(request: &Request) -> Result<Option<T>, ApiError> {
    let Some(text) = request.query_param("cursor").filter(|text| !text.is_empty()) else { return Ok(None) };
    let inside = BASE64_URL_SAFE_NO_PAD.decode(&text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    // PostgreSQL has no NUL.
    let parsed = inside.filter(|inside| !inside.contains('\0')).and_then(|inside| inside.parse().ok());
    parsed.map(Some).ok_or_else(|| ApiError::field("cursor", "is not one that a Link header gave"))
}

/// Cuts what was fetched (one more than a page) to the page; `position` says where the next one begins.
pub fn cut<T, C: Display>(items: &mut Vec<T>, limit: i64, position: impl Fn(&T) -> C) -> Option<C> {
    if items.len() as i64 <= limit {
        return None;
    }
    items.truncate(limit as usize);
    items.last().map(position)
}

/// Names the next page, with the other parameters of this one.
pub fn link(request: &Request, next: Option<impl Display>, response: &mut Response) {
    let Some(next) = next else { return };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(request.query.as_bytes()).filter(|(key, _)| key != "cursor"));
    query.append_pair("cursor", &BASE64_URL_SAFE_NO_PAD.encode(next.to_string()));
    reply::set(response, header::LINK, &format!("<{}?{}>; rel=\"next\"", request.path, query.finish()));
}
