//! Serves the built web application from `web.root`: only files below it, compressed if the browser supports it, with a
//! Content-Security-Policy that lists the hashes of each page's inline scripts (from `csp.json` of the build).

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use engunity_protocol::problem::ErrorCode;
use serde::Deserialize;
use sync_wrapper::SyncStream;
use tokio_util::io::ReaderStream;
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

use super::error::{ApiError, ApiResult};
use super::request::{self, Request};
use super::{reply, router};

/// All file names below this path contain a hash of the content.
const BUILD: &str = "/_next/static/";
/// Monaco: most file names contain a hash, some (its loader) do not.
const MONACO: &str = "/vs/";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Files up to this size are read into memory; larger ones are streamed.
const MAX_IN_MEMORY: u64 = 256 << 10;

pub struct Web {
    root: Option<PathBuf>,
}

/// The hashes of the inline scripts, by page.
#[derive(Default, Deserialize)]
struct Csp {
    #[serde(default)]
    pages: HashMap<String, Vec<String>>,
}

/// A file to send: its path on disk, its path on the web and its encoding.
struct Found {
    disk: PathBuf,
    /// `/code/index.html`
    web: String,
    metadata: Metadata,
    encoding: Option<&'static str>,
}

impl Web {
    pub fn new(root: &str) -> Self {
        Self { root: (!root.is_empty()).then(|| PathBuf::from(root)) }
    }

    /// Answers a request that matches no route.
    pub async fn answer(&self, request: &Request) -> ApiResult {
        let missing = || ApiError::not_found(&format!("{} {}", request.method, request.path));
        let Some(root) = self.root.as_deref().filter(|_| !request.path.starts_with("/api/")) else {
            return Err(missing());
        };
        if request.method != Method::GET && request.method != Method::HEAD {
            let error = ApiError::new(ErrorCode::MethodNotAllowed, "only GET and HEAD are allowed here");
            return Err(error.with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD")));
        }
        if let Some(found) = find(root, &request.path, &request.headers).await {
            return send(root, found, StatusCode::OK, &request.headers).await;
        }
        let wants_page =
            request.header(header::ACCEPT).is_some_and(|accept| router::accepts(accept, "text/html"));
        match find(root, "/404.html", &request.headers).await.filter(|_| wants_page) {
            Some(page) => send(root, page, StatusCode::NOT_FOUND, &request.headers).await,
            None => Err(missing()),
        }
    }
}

/// The file for a path: the file itself, `<path>.html` or `<path>/index.html`.
async fn find(root: &Path, path: &str, headers: &HeaderMap) -> Option<Found> {
    let path = request::decode(path);
    let path = path.trim_matches('/');
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || path.contains('\0') {
        return None;
    }
    let page = if path.is_empty() { "index.html".to_owned() } else { format!("{path}/index.html") };
    for name in [path.to_owned(), format!("{path}.html"), page] {
        if let Some(metadata) = file(&root.join(&name)).await {
            return Some(compressed(root, name, metadata, headers).await);
        }
    }
    None
}

async fn file(path: &Path) -> Option<Metadata> {
    tokio::fs::metadata(path).await.ok().filter(Metadata::is_file)
}

/// The best compressed variant that the browser accepts, or the file itself.
async fn compressed(root: &Path, name: String, metadata: Metadata, headers: &HeaderMap) -> Found {
    let web = format!("/{name}");
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (encoding, extension) in [("br", "br"), ("gzip", "gz")] {
        if !accepts_encoding(accepted, encoding) {
            continue;
        }
        let disk = root.join(format!("{name}.{extension}"));
        if let Some(metadata) = file(&disk).await {
            return Found { disk, web, metadata, encoding: Some(encoding) };
        }
    }
    Found { disk: root.join(&name), web, metadata, encoding: None }
}

fn accepts_encoding(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next() == Some(encoding)
            && !parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)))
    })
}

async fn send(root: &Path, found: Found, status: StatusCode, headers: &HeaderMap) -> ApiResult {
    let etag = etag(&found);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if status == StatusCode::OK && known.split(',').any(|tag| tag.trim() == etag) {
        let mut response = Response::new(Vec::new().into());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        body(&found, status)
            .await
            .map_err(|error| ApiError::internal(format_args!("{}: {error}", found.disk.display())))?
    };
    reply::set(&mut response, header::ETAG, &etag);
    reply::set(&mut response, header::VARY, "accept-encoding");
    reply::set(
        &mut response,
        header::CACHE_CONTROL,
        if is_immutable(&found.web) { IMMUTABLE } else { "no-cache" },
    );
    let policy = policy(root, &found.web).await;
    reply::set(&mut response, header::CONTENT_SECURITY_POLICY, &policy);
    reply::set(&mut response, header::X_FRAME_OPTIONS, "DENY");
    Ok(response)
}

fn is_immutable(web: &str) -> bool {
    web.starts_with(BUILD) || (web.starts_with(MONACO) && has_hash(web))
}

/// Whether a name ends like `kotlin-IUYPiTV8.js`.
fn has_hash(web: &str) -> bool {
    let name = web.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem.len() > 9 && stem.is_char_boundary(stem.len() - 9) && stem[stem.len() - 9..].starts_with('-')
}

async fn body(found: &Found, status: StatusCode) -> std::io::Result<Response> {
    let mut response = if found.metadata.len() <= MAX_IN_MEMORY {
        reply::bytes(status, "application/octet-stream", tokio::fs::read(&found.disk).await?)
    } else {
        let file = tokio::fs::File::open(&found.disk).await?;
        let mut response = reply::stream(
            "application/octet-stream",
            SyncStream::new(ReaderStream::with_capacity(file, 64 << 10)),
        );
        response.headers_mut().insert(header::CONTENT_LENGTH, found.metadata.len().into());
        response
    };
    *response.status_mut() = status;
    let kind = mime_guess::from_path(&found.web).first_or_octet_stream();
    let text = kind.type_() == "text" || kind.subtype() == "javascript" || kind.subtype() == "json";
    reply::set(
        &mut response,
        header::CONTENT_TYPE,
        &if text { format!("{kind}; charset=utf-8") } else { kind.to_string() },
    );
    if let Some(encoding) = found.encoding {
        reply::set(&mut response, header::CONTENT_ENCODING, encoding);
    }
    Ok(response)
}

/// Derived from modification time, size and encoding, because each encoding is a representation of its own.
fn etag(found: &Found) -> String {
    let changed = found
        .metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    format!("\"{:x}-{:x}{}\"", changed.as_nanos(), found.metadata.len(), found.encoding.unwrap_or_default())
}

/// Allows scripts from this origin and the page's own inline scripts. Monaco sets inline styles and starts workers from
/// blobs.
async fn policy(root: &Path, web: &str) -> String {
    let hashes = if web.ends_with(".html") { hashes(root, web).await } else { String::new() };
    format!(
        "default-src 'self'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-src 'self' blob:; media-src 'self' blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

async fn hashes(root: &Path, web: &str) -> String {
    let text = tokio::fs::read(root.join("csp.json")).await.unwrap_or_default();
    let csp: Csp = serde_json::from_slice(&text).unwrap_or_default();
    csp.pages
        .get(web)
        .map(|hashes| hashes.iter().map(|hash| format!(" '{hash}'")).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn found(
        root: &Path,
        path: &str,
        encodings: &'static str,
    ) -> Option<(String, Option<&'static str>)> {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(encodings))]);
        find(root, path, &headers).await.map(|found| (found.web, found.encoding))
    }

    #[test]
    fn only_names_with_a_hash_last_for_ever() {
        for (path, lasts) in [
            ("/_next/static/chunks/app.js", true),
            ("/vs/kotlin-IUYPiTV8.js", true),
            ("/vs/wgsl-Bh_XM-R0.js", true),
            ("/vs/loader.js", false),
            ("/index.html", false),
        ] {
            assert_eq!(is_immutable(path), lasts, "{path}");
        }
    }

    #[tokio::test]
    async fn finds_files_pages_and_compressed_variants() {
        let root = tempfile::tempdir().unwrap();
        for name in
            ["index.html", "index.html.br", "index.html.gz", "about.html", "code/index.html", "secret"]
        {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        let root = root.path();
        assert_eq!(found(root, "/", "gzip, br").await, Some(("/index.html".into(), Some("br"))));
        assert_eq!(
            found(root, "/index.html", "gzip, br;q=0").await,
            Some(("/index.html".into(), Some("gzip")))
        );
        assert_eq!(found(root, "/about", "").await, Some(("/about.html".into(), None)));
        assert_eq!(found(root, "/code/", "br").await, Some(("/code/index.html".into(), None)));
        assert_eq!(found(root, "/nothing", "").await, None);
        for path in ["/../secret", "/%2e%2e/secret", "/code/../secret", "/a%00b", "//etc/passwd"] {
            assert_eq!(found(&root.join("code"), path, "").await, None, "{path}");
        }
    }
}
