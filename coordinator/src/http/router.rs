//! The table of routes and the checks that come before a handler: path, method, caller, rate, content type,
//! length, what the client accepts. One table instead of combined filters: each refusal is exact, and a
//! handler is a plain async function.

use std::sync::Arc;
use std::time::Duration;

use engunity_protocol::problem::ErrorCode;
use futures::future::BoxFuture;
use warp::http::{HeaderMap, HeaderValue, Method, header};

use super::error::{ApiError, ApiResult};
use super::parameter::{Described, Handler};
use super::request::{self, Request};
use crate::app::App;
use crate::auth::Caller;
use crate::auth::rate_limit::{Key, Quota};

type Call = Arc<dyn Fn(Arc<App>, Request) -> BoxFuture<'static, ApiResult> + Send + Sync>;

/// What a route takes as its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// JSON; the second says that no body at all is fine too.
    Json {
        optional: bool,
    },
    Multipart,
    /// Any bytes, whatever they are called.
    Bytes,
}

pub struct Route {
    pub method: Method,
    /// `/api/v1/code/{project_id}`; what is in braces becomes a parameter.
    pub path: &'static str,
    pub takes: Takes,
    /// Media types of its answers; empty: any.
    pub answers: &'static [&'static str],
    /// Needs a caller.
    pub signed: bool,
    /// Counts for the rate limit.
    pub counted: bool,
    /// Bytes; `None` is `http.body_limit_mb`.
    pub limit: Option<usize>,
    /// Takes long by its nature: may take `http.upload_timeout_s` instead of `http.request_timeout_s`.
    pub slow: bool,
    /// What its handler takes from the path, the query and headers.
    pub parameters: Vec<Described>,
    handler: Call,
}

impl Route {
    /// A route for anyone.
    pub fn open<A, H: Handler<A>>(method: Method, path: &'static str, handler: H) -> Self {
        let takes = if has_body(&method) { Takes::Json { optional: false } } else { Takes::Nothing };
        Self {
            method,
            path,
            takes,
            answers: &["application/json"],
            signed: false,
            counted: true,
            limit: None,
            slow: false,
            parameters: H::describe(),
            handler: Arc::new(move |app, request| handler.call(app, request)),
        }
    }

    /// A route for users: its handler takes a [`Caller`](crate::auth::tokens::Caller).
    pub fn signed<A, H: Handler<A>>(method: Method, path: &'static str, handler: H) -> Self {
        Self { signed: true, ..Self::open(method, path, handler) }
    }

    pub fn takes(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }

    pub fn answers(self, answers: &'static [&'static str]) -> Self {
        Self { answers, ..self }
    }

    pub fn up_to(self, bytes: usize) -> Self {
        Self { limit: Some(bytes), ..self }
    }

    pub fn slow(self) -> Self {
        Self { slow: true, ..self }
    }

    /// Does not count for the rate limit.
    pub fn uncounted(self) -> Self {
        Self { counted: false, ..self }
    }
}

fn has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// All methods of one path.
pub struct Entry {
    pub template: &'static str,
    pub allow: HeaderValue,
    routes: Vec<Route>,
}

impl Entry {
    /// The route of this method; `HEAD` is answered like `GET`.
    pub fn route(&self, method: &Method) -> Result<&Route, ApiError> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.routes.iter().find(|route| route.method == wanted).ok_or_else(|| {
            let detail = format!(
                "{method} is not allowed here; use one of: {}",
                self.allow.to_str().unwrap_or_default()
            );
            ApiError::new(ErrorCode::MethodNotAllowed, detail).with_header(header::ALLOW, self.allow.clone())
        })
    }
}

#[derive(Default)]
pub struct Table {
    index: matchit::Router<usize>,
    entries: Vec<Entry>,
}

impl Table {
    /// Panics where two templates contradict each other: that is a mistake in this program.
    pub fn new(routes: Vec<Route>) -> Self {
        let mut table = Self::default();
        for route in routes {
            match table.entries.iter_mut().find(|entry| entry.template == route.path) {
                Some(entry) => entry.routes.push(route),
                None => table.add(route),
            }
        }
        table.entries.iter_mut().for_each(|entry| entry.allow = allow(&entry.routes));
        table
    }

    fn add(&mut self, route: Route) {
        self.index.insert(route.path, self.entries.len()).expect("route templates agree");
        self.entries.push(Entry {
            template: route.path,
            allow: HeaderValue::from_static(""),
            routes: vec![route],
        });
    }

    /// The entry of a path, with or without a trailing slash, and the path's parameters, decoded.
    pub fn find(&self, path: &str) -> Option<(&Entry, Vec<(String, String)>)> {
        let path = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
        let found = self.index.at(path).ok()?;
        let params =
            found.params.iter().map(|(name, value)| (name.to_owned(), request::decode(value))).collect();
        Some((&self.entries[*found.value], params))
    }
}

fn allow(routes: &[Route]) -> HeaderValue {
    let mut names: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Runs the checks in their order, then the handler. `quota` receives what the rate limiter said, for the headers.
pub async fn run(
    app: &Arc<App>,
    route: &Route,
    mut request: Request,
    quota: &mut Option<Quota>,
) -> ApiResult {
    let caller = if route.signed { Some(caller(app, &request.headers).await) } else { None };
    if route.counted {
        let key = match &caller {
            Some(Ok(caller)) => Key::User(caller.user_id),
            _ => Key::Address(request.peer),
        };
        *quota = app.limiter.count(key);
        check_quota(*quota)?;
    }
    request.caller = caller.transpose()?;
    check_accept(route, &request.headers)?;
    check_body(app, route, &mut request)?;
    let http = &app.config.http;
    let seconds = if route.slow { http.upload_timeout_s } else { http.request_timeout_s };
    let timeout = Duration::from_secs(seconds);
    let late = |_| ApiError::new(ErrorCode::Timeout, format!("it took longer than {} s", timeout.as_secs()));
    tokio::time::timeout(timeout, (route.handler)(app.clone(), request)).await.map_err(late)?
}

/// The caller that the `Authorization` header proves.
async fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    Ok(app.tokens.caller(bearer(headers)?).await?)
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let missing = || ApiError::unauthenticated("send Authorization: Bearer <access token>");
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(ApiError::unauthenticated("the Authorization header must be: Bearer <access token>"));
    }
    Ok(token.trim())
}

fn check_quota(quota: Option<Quota>) -> Result<(), ApiError> {
    match quota {
        Some(quota) if !quota.allowed => {
            let detail = format!("at most {} requests a minute; try again in {} s", quota.limit, quota.reset);
            Err(ApiError::new(ErrorCode::RateLimited, detail)
                .with_header(header::RETRY_AFTER, quota.reset.into()))
        }
        _ => Ok(()),
    }
}

fn check_accept(route: &Route, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    if route.answers.is_empty()
        || accept.trim().is_empty()
        || route.answers.iter().any(|offer| accepts(accept, offer))
    {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::NotAcceptable, format!("this answers {}", route.answers.join(" or "))))
}

/// Whether an `Accept` header takes `offer`.
pub fn accepts(accept: &str, offer: &str) -> bool {
    let group = offer.split('/').next().unwrap_or_default();
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)));
        let fits = kind == "*/*"
            || kind.eq_ignore_ascii_case(offer)
            || kind.strip_suffix("/*").is_some_and(|g| g.eq_ignore_ascii_case(group));
        fits && !refused
    })
}

fn check_body(app: &App, route: &Route, request: &mut Request) -> Result<(), ApiError> {
    request.body_limit = route.limit.unwrap_or(app.config.http.body_limit_mb << 20);
    let length = request.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if route.takes == Takes::Nothing {
        return Ok(());
    }
    let empty =
        length == Some(0) || (length.is_none() && !request.headers.contains_key(header::TRANSFER_ENCODING));
    if !(empty && matches!(route.takes, Takes::Json { optional: true })) {
        check_content_type(route.takes, request.header(header::CONTENT_TYPE))?;
        check_encoding(route.takes, request.header(header::CONTENT_ENCODING))?;
    }
    match length {
        Some(length) if length > request.body_limit as u64 => Err(request::too_large(request.body_limit)),
        _ => Ok(()),
    }
}

/// Bodies are taken as they are: a packed one would be refused as broken, which says less.
fn check_encoding(takes: Takes, encoding: Option<&str>) -> Result<(), ApiError> {
    match encoding {
        Some(encoding) if takes != Takes::Bytes && !encoding.eq_ignore_ascii_case("identity") => {
            Err(ApiError::new(
                ErrorCode::UnsupportedMediaType,
                format!("send it without Content-Encoding, not as {encoding}"),
            ))
        }
        _ => Ok(()),
    }
}

fn check_content_type(takes: Takes, content_type: Option<&str>) -> Result<(), ApiError> {
    let kind =
        content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let wanted = match takes {
        Takes::Json { .. }
            if kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json")) =>
        {
            return Ok(());
        }
        Takes::Multipart if kind == "multipart/form-data" => return Ok(()),
        Takes::Bytes | Takes::Nothing => return Ok(()),
        Takes::Json { .. } => "application/json",
        Takes::Multipart => "multipart/form-data",
    };
    let detail = match content_type {
        Some(given) => format!("this takes {wanted}, not {given}"),
        None => format!("this takes {wanted}: send a Content-Type header"),
    };
    Err(ApiError::new(ErrorCode::UnsupportedMediaType, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_accept_headers() {
        for (accept, taken) in [
            ("*/*", true),
            ("application/*;q=0.5", true),
            ("text/html, application/json", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("APPLICATION/JSON", true),
        ] {
            assert_eq!(accepts(accept, "application/json"), taken, "{accept}");
        }
    }

    fn route(method: Method, path: &'static str) -> Route {
        Route::open(method, path, |_: Arc<App>, _: Request| async { super::super::reply::no_content() })
    }

    #[test]
    fn finds_static_paths_before_parameters() {
        let table = Table::new(vec![
            route(Method::GET, "/code"),
            route(Method::GET, "/code/{project_id}"),
            route(Method::POST, "/code/refine"),
            route(Method::PATCH, "/code/files/{file_id}"),
            route(Method::DELETE, "/code/files/{file_id}"),
            route(Method::GET, "/jobs/{job_id}/artifacts/{*path}"),
        ]);
        let template = |path| table.find(path).map(|(entry, _)| entry.template);
        assert_eq!(template("/code/"), Some("/code"));
        assert_eq!(template("/code/refine/"), Some("/code/refine"));
        assert_eq!(template("/code/x"), Some("/code/{project_id}"));
        assert_eq!(template("/nothing"), None);
        let (entry, params) = table.find("/jobs/1/artifacts/a%20b/c.txt").unwrap();
        assert_eq!(params, [("job_id".into(), "1".into()), ("path".into(), "a b/c.txt".into())]);
        assert!(entry.route(&Method::HEAD).is_ok());
        let allow = table.find("/code/files/1").unwrap().0.allow.clone();
        assert_eq!(allow, "PATCH, DELETE, OPTIONS");
    }
}
