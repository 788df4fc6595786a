//! The table of routes, and the checks before a handler runs: path, method, caller, rate limit, `Accept`, content type
//! and length. A table is used instead of combined warp filters: each error names its exact cause, and a handler is a
//! plain async function.

use std::sync::Arc;
use std::time::Duration;

use engunity_protocol::problem::ErrorCode;
use futures::future::BoxFuture;
use warp::http::{HeaderMap, HeaderValue, Method, header};

use super::error::{ApiError, ApiResult};
use super::parameter::{Handler, ParameterSpec};
use super::request::{self, Request};
use crate::app::App;
use crate::auth::Caller;
use crate::auth::rate_limit::{Key, Network, Quota};
use crate::auth::tokens::PERSONAL_PREFIX;
use crate::limits::Permit;

type Call = Arc<dyn Fn(Arc<App>, Request) -> BoxFuture<'static, ApiResult> + Send + Sync>;

/// The kind of body that a route accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestBody {
    /// No body; one that is sent is ignored.
    None,
    Json {
        /// The body may be missing.
        optional: bool,
    },
    Multipart,
    /// Any bytes, with any content type.
    Bytes,
}

pub struct Route {
    pub method: Method,
    /// `/api/v1/code/{project_id}`; names in braces are path parameters.
    pub path: &'static str,
    pub body: RequestBody,
    /// Media types of the responses; empty: any.
    pub produces: &'static [&'static str],
    /// Requires an authenticated caller.
    pub authenticated: bool,
    /// Requires that the caller is an administrator.
    pub admin: bool,
    /// Stores content: refused where the caller has stored all one may.
    pub stores: bool,
    /// Counts as an upload for as long as it lasts.
    pub uploads: bool,
    /// Counts against the rate limit.
    pub rate_limited: bool,
    /// Largest body in bytes; `None`: `http.body_limit_mb`.
    pub max_body: Option<usize>,
    /// Uses `http.upload_timeout_s` instead of `http.request_timeout_s`.
    pub slow: bool,
    /// The path, query and header parameters of the handler.
    pub parameters: Vec<ParameterSpec>,
    handler: Call,
}

impl Route {
    /// A route that needs no caller. By default it takes and returns JSON.
    pub fn public<A, H: Handler<A>>(method: Method, path: &'static str, handler: H) -> Self {
        let body = if has_body(&method) { RequestBody::Json { optional: false } } else { RequestBody::None };
        Self {
            method,
            path,
            body,
            produces: &["application/json"],
            authenticated: false,
            admin: false,
            stores: false,
            uploads: false,
            rate_limited: true,
            max_body: None,
            slow: false,
            parameters: H::describe(),
            handler: Arc::new(move |app, request| handler.call(app, request)),
        }
    }

    /// A route for users: its handler takes a [`Caller`](crate::auth::tokens::Caller).
    pub fn authenticated<A, H: Handler<A>>(method: Method, path: &'static str, handler: H) -> Self {
        Self { authenticated: true, ..Self::public(method, path, handler) }
    }

    /// A route for administrators.
    pub fn admin<A, H: Handler<A>>(method: Method, path: &'static str, handler: H) -> Self {
        Self { admin: true, ..Self::authenticated(method, path, handler) }
    }

    pub fn body(self, body: RequestBody) -> Self {
        Self { body, ..self }
    }

    pub fn produces(self, media_types: &'static [&'static str]) -> Self {
        Self { produces: media_types, ..self }
    }

    pub fn max_body(self, bytes: usize) -> Self {
        Self { max_body: Some(bytes), ..self }
    }

    /// A route that stores content.
    pub fn stores(self) -> Self {
        Self { stores: true, ..self }
    }

    /// A route that receives much content.
    pub fn uploads(self) -> Self {
        Self { stores: true, uploads: true, ..self }
    }

    pub fn slow(self) -> Self {
        Self { slow: true, ..self }
    }

    /// Does not count against the rate limit.
    pub fn without_rate_limit(self) -> Self {
        Self { rate_limited: false, ..self }
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
    /// The route of this method; `HEAD` uses the route of `GET`.
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
    /// Panics if two templates conflict, which is a bug in this program.
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

/// Runs the checks in order, then the handler. `quota` receives the state of the rate limit, for the response headers.
pub async fn run(
    app: &Arc<App>,
    route: &Route,
    mut request: Request,
    quota: &mut Option<Quota>,
) -> ApiResult {
    let caller = if route.authenticated { Some(caller(app, &request).await) } else { None };
    if route.rate_limited {
        let key = match &caller {
            Some(Ok(caller)) => Key::User(caller.user_id),
            _ => Key::Address(request.peer.map(Network::of)),
        };
        let limiter = if matches!(key, Key::User(_)) { &app.limiter } else { &app.address_limiter };
        *quota = limiter.count(key);
        check_quota(*quota)?;
    }
    request.caller = caller.transpose()?;
    if let Some(caller) = request.caller.as_ref().filter(|_| route.admin) {
        app.accounts.check_admin(caller).await?;
    }
    check_accept(route, &request.headers)?;
    check_body(app, route, &mut request)?;
    let _upload = check_limits(app, route, request.caller.as_ref()).await?;
    let http = &app.config.http;
    let seconds = if route.slow { http.upload_timeout_s } else { http.request_timeout_s };
    let timeout = Duration::from_secs(seconds);
    let timed_out =
        |_| ApiError::new(ErrorCode::Timeout, format!("it took longer than {} s", timeout.as_secs()));
    tokio::time::timeout(timeout, (route.handler)(app.clone(), request)).await.map_err(timed_out)?
}

/// Refuses what the caller may not do any more; the permit counts an upload until it is dropped.
async fn check_limits(app: &App, route: &Route, caller: Option<&Caller>) -> Result<Option<Permit>, ApiError> {
    let Some(caller) = caller else { return Ok(None) };
    if route.stores {
        app.limits.check_stored(caller.user_id).await?;
    }
    Ok(if route.uploads { Some(app.limits.begin_upload(caller.user_id).await?) } else { None })
}

/// Authenticates the caller by the `Authorization` header.
/// Personal tokens are looked up in the database, so an address may present few that are made up.
async fn caller(app: &App, request: &Request) -> Result<Caller, ApiError> {
    let token = bearer(&request.headers)?;
    if !token.starts_with(PERSONAL_PREFIX) {
        return Ok(app.tokens.caller(token).await?);
    }
    app.guesses.check(request.peer)?;
    app.tokens.caller(token).await.map_err(|error| {
        app.guesses.failed(request.peer);
        error.into()
    })
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
    if route.produces.is_empty()
        || accept.trim().is_empty()
        || route.produces.iter().any(|offer| accepts(accept, offer))
    {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::NotAcceptable, format!("this answers {}", route.produces.join(" or "))))
}

/// Whether an `Accept` header allows the media type `offer`.
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
    request.body_limit = route.max_body.unwrap_or(app.config.http.body_limit_mb << 20);
    let length = request.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if route.body == RequestBody::None {
        return Ok(());
    }
    let empty =
        length == Some(0) || (length.is_none() && !request.headers.contains_key(header::TRANSFER_ENCODING));
    if !(empty && matches!(route.body, RequestBody::Json { optional: true })) {
        check_content_type(route.body, request.header(header::CONTENT_TYPE))?;
        check_encoding(route.body, request.header(header::CONTENT_ENCODING))?;
    }
    match length {
        Some(length) if length > request.body_limit as u64 => Err(request::too_large(request.body_limit)),
        _ => Ok(()),
    }
}

/// Compressed bodies are not decoded. Without this check they would fail later, as malformed, with a vaguer error.
fn check_encoding(body: RequestBody, encoding: Option<&str>) -> Result<(), ApiError> {
    match encoding {
        Some(encoding) if body != RequestBody::Bytes && !encoding.eq_ignore_ascii_case("identity") => {
            Err(ApiError::new(
                ErrorCode::UnsupportedMediaType,
                format!("send it without Content-Encoding, not as {encoding}"),
            ))
        }
        _ => Ok(()),
    }
}

fn check_content_type(body: RequestBody, content_type: Option<&str>) -> Result<(), ApiError> {
    let kind =
        content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let wanted = match body {
        RequestBody::Json { .. }
            if kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json")) =>
        {
            return Ok(());
        }
        RequestBody::Multipart if kind == "multipart/form-data" => return Ok(()),
        RequestBody::Bytes | RequestBody::None => return Ok(()),
        RequestBody::Json { .. } => "application/json",
        RequestBody::Multipart => "multipart/form-data",
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
        Route::public(method, path, |_: Arc<App>, _: Request| async { super::super::reply::no_content() })
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
