//! The WebSocket handshake (RFC 6455), the check of `Origin`, and small buffers.
//!
//! Not warp's own filter, because that leaves a read buffer of 128 KiB to every socket: a thousand idle ones would
//! fill more memory than the whole rest of the coordinator.

use engunity_protocol::problem::ErrorCode;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};
use warp::hyper::upgrade::{OnUpgrade, Upgraded};
use warp::reply::Response;

use crate::{
    config,
    http::{error::ApiError, request::Request},
};

pub type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Clients only send small messages.
pub const MESSAGE_BYTES: usize = 64 << 10;
const READ_BUFFER_BYTES: usize = 2 << 10;

/// A checked request for a WebSocket.
pub struct Handshake {
    upgrade: OnUpgrade,
    accept: String,
}

impl Handshake {
    /// Checks the headers.
    pub fn check(request: &mut Request) -> Result<Self, ApiError> {
        let refuse = |detail: &str| ApiError::new(ErrorCode::InvalidInput, detail);
        if !has_token(&request.headers, header::CONNECTION.as_str(), "upgrade")
            || !has_token(&request.headers, "upgrade", "websocket")
        {
            return Err(refuse(
                "this is a WebSocket: connect with Connection: Upgrade and Upgrade: websocket",
            ));
        }
        if request.header("sec-websocket-version") != Some("13") {
            return Err(refuse("Sec-WebSocket-Version must be 13"));
        }
        let key =
            request.header("sec-websocket-key").ok_or_else(|| refuse("Sec-WebSocket-Key is missing"))?;
        let accept = derive_accept_key(key.as_bytes());
        let upgrade = request.upgrade.take().ok_or_else(|| refuse("this connection can't be upgraded"))?;
        Ok(Self { upgrade, accept })
    }

    /// Answers 101; the socket comes once that is sent.
    pub fn accept(self) -> (Response, impl Future<Output = Option<Socket>> + Send) {
        let mut response = Response::new(Vec::new().into());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::try_from(self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        let socket = async {
            let upgraded = self
                .upgrade
                .await
                .inspect_err(|error| tracing::debug!(%error, "a socket did not open"))
                .ok()?;
            Some(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(limits())).await)
        };
        (response, socket)
    }
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES))
}

fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Browsers send the page's origin: it must be this server, or listed by the operator. Other clients send none.
pub fn check_origin(http: &config::Http, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default().trim_end_matches('/');
    let same_host = origin.split_once("://").map(|(_, host)| host) == text(header::HOST);
    let listed =
        http.cors_origins.iter().any(|allowed| allowed == "*" || allowed.trim_end_matches('/') == origin);
    if same_host || listed || (!http.public_url.is_empty() && public_origin(&http.public_url) == origin) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Unauthenticated,
        format!("pages of {origin:?} may not open sessions here (http.cors_origins)"),
    ))
}

/// Scheme and host of the public URL, without a path.
fn public_origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(public_url: &str, cors: &[&str]) -> config::Http {
        config::Http {
            listen: ([127, 0, 0, 1], 0).into(),
            public_url: public_url.into(),
            cors_origins: cors.iter().map(|origin| origin.to_string()).collect(),
            body_limit_mb: 1,
            header_timeout_s: 1,
            request_timeout_s: 1,
            upload_timeout_s: 1,
            port_file: String::new(),
            trust_proxy: false,
        }
    }

    fn allowed(http: &config::Http, origin: &'static str) -> bool {
        let headers = HeaderMap::from_iter([
            (header::ORIGIN, HeaderValue::from_static(origin)),
            (header::HOST, HeaderValue::from_static("lab.example:8000")),
        ]);
        check_origin(http, &headers).is_ok()
    }

    #[test]
    fn only_our_own_and_listed_pages_open_sockets() {
        let plain = http("", &[]);
        assert!(check_origin(&plain, &HeaderMap::new()).is_ok(), "not a browser");
        assert!(allowed(&plain, "http://lab.example:8000"));
        assert!(!allowed(&plain, "http://lab.example"));
        assert!(!allowed(&plain, "https://evil.example"));
        assert!(!allowed(&plain, "null"));
        assert!(allowed(&http("https://code.example/lab", &[]), "https://code.example"));
        assert!(allowed(&http("", &["https://ide.example/"]), "https://ide.example"));
    }

    #[test]
    fn header_lists_are_read_by_their_tokens() {
        let headers =
            HeaderMap::from_iter([(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"))]);
        assert!(has_token(&headers, "connection", "upgrade"));
        assert!(!has_token(&headers, "upgrade", "websocket"));
    }
}
