//! Cross-origin resource sharing: which origins may call the API from a browser. Pure: headers in, headers out.

use warp::http::{HeaderMap, HeaderValue, header};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, accept, if-match, if-none-match, if-range, range, idempotency-key, last-event-id, x-engunity-connection, x-request-id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "etag, link, location, retry-after, ratelimit, ratelimit-policy, content-disposition, content-range, accept-ranges, x-request-id, x-engunity-next-offset, x-engunity-attempt",
);

pub struct Cors {
    any: bool,
    origins: Vec<String>,
}

impl Cors {
    pub fn new(origins: &[String]) -> Self {
        let origins: Vec<String> =
            origins.iter().map(|origin| origin.trim_end_matches('/').to_owned()).collect();
        Self { any: origins.iter().any(|origin| origin == "*"), origins }
    }

    pub fn allows(&self, origin: &str) -> bool {
        self.any || self.origins.iter().any(|allowed| allowed == origin)
    }

    /// Adds the headers that every response needs, error responses included.
    pub fn apply(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        response.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) =
            request.get(header::ORIGIN).filter(|origin| origin.to_str().is_ok_and(|o| self.allows(o)))
        {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// Adds the headers of a preflight response.
    pub fn preflight(&self, request: &HeaderMap, response: &mut HeaderMap) {
        let allowed =
            request.get(header::ORIGIN).and_then(|o| o.to_str().ok()).is_some_and(|o| self.allows(o));
        if allowed && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            response.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            response.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(origins: &[&str], origin: &'static str) -> Option<HeaderValue> {
        let cors = Cors::new(&origins.iter().map(|o| o.to_string()).collect::<Vec<_>>());
        let request = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
        let mut response = HeaderMap::new();
        cors.apply(&request, &mut response);
        response.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    }

    #[test]
    fn answers_only_listed_origins() {
        assert_eq!(
            answered(&["https://a.example/"], "https://a.example"),
            Some(HeaderValue::from_static("https://a.example"))
        );
        assert_eq!(answered(&["https://a.example"], "https://b.example"), None);
        assert_eq!(
            answered(&["*"], "https://b.example"),
            Some(HeaderValue::from_static("https://b.example"))
        );
        assert_eq!(answered(&[], "https://b.example"), None);
    }
}
