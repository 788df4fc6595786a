//! Pages: `?limit=&cursor=` in, a `Link: <…>; rel="next"` header out. Clients must not interpret a cursor.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use warp::http::header;
use warp::reply::Response;

use super::parameter::{Parameter, number};
use super::reply;
use super::request::Request;

/// The page size, from 1 to `MOST`.
pub struct Limit<const DEFAULT: i64, const MOST: i64>(pub i64);

impl<const DEFAULT: i64, const MOST: i64> Parameter for Limit<DEFAULT, MOST> {
    const NAME: &'static str = "limit";
    const DESCRIPTION: &'static str = "How many at most; `Link` names the next page.";

    fn schema() -> Value {
        json!({"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT})
    }

    fn read(text: &str) -> Result<Self, String> {
        number(text, 1, MOST).map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self(DEFAULT))
    }
}

/// The start of the page.
pub struct Cursor<T>(pub T);

impl<T: FromStr + Send + 'static> Parameter for Cursor<T> {
    const NAME: &'static str = "cursor";
    const DESCRIPTION: &'static str = "From the `Link` header of the page before.";

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"})
    }

    fn read(text: &str) -> Result<Self, String> {
        let inside = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        // PostgreSQL can't store NUL.
        let parsed = inside.filter(|inside| !inside.contains('\0') && !inside.is_empty());
        let parsed = parsed.and_then(|inside| inside.parse().ok());
        parsed.map(Self).ok_or_else(|| "is not one that a Link header gave".into())
    }
}

/// Truncates the fetched rows (one more than the page) to the page; returns the `position` of the last one if there is
/// a next page.
pub fn cut<T, C: Display>(items: &mut Vec<T>, limit: i64, position: impl Fn(&T) -> C) -> Option<C> {
    if items.len() as i64 <= limit {
        return None;
    }
    items.truncate(limit as usize);
    items.last().map(position)
}

/// Adds a `Link` to the next page, with the other parameters of this request.
pub fn link(request: &Request, next: Option<impl Display>, response: &mut Response) {
    let Some(next) = next else { return };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(request.query.as_bytes()).filter(|(key, _)| key != "cursor"));
    query.append_pair("cursor", &BASE64_URL_SAFE_NO_PAD.encode(next.to_string()));
    reply::set(response, header::LINK, &format!("<{}?{}>; rel=\"next\"", request.path, query.finish()));
}
