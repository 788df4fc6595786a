//! One request as handlers see it: the matched path's parameters, the query, headers, and a body that is
//! read with a limit and a deadline. Independent of what is requested.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use engunity_protocol::problem::ErrorCode;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use warp::http::{HeaderMap, HeaderName, Method};
use warp::hyper::upgrade::OnUpgrade;

use super::error::ApiError;
use super::input;
use crate::auth::Caller;

/// Timeout for the next piece of a body.
const BODY_PAUSE: Duration = Duration::from_secs(20);

pub struct Request {
    pub method: Method,
    /// Percent-encoded, as received.
    pub path: String,
    /// Without the question mark.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Body,
    /// The client's address, if known.
    pub peer: Option<IpAddr>,
    /// The connection itself, for a WebSocket.
    pub upgrade: Option<OnUpgrade>,
    /// Largest body that the route accepts, in bytes.
    pub(super) body_limit: usize,
    /// Percent-decoded, in the order of the template.
    pub(super) params: Vec<(String, String)>,
    pub(super) caller: Option<Caller>,
}

impl Request {
    /// A parameter of the path, decoded.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        name.find(&self.headers)
    }

    /// A query parameter, decoded; if it is repeated, the last one.
    pub fn query_param(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .filter(|(key, _)| key == name)
            .last()
            .map(|(_, value)| value.into_owned())
    }

    /// The whole body, at most as long as the route allows.
    pub async fn bytes(&mut self) -> Result<Bytes, ApiError> {
        let limit = self.body_limit;
        let Some(first) = self.body.piece().await? else { return Ok(Bytes::new()) };
        check_length(first.len(), limit)?;
        let Some(second) = self.body.piece().await? else { return Ok(first) };
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
        while let Some(piece) = self.body.piece().await? {
            check_length(whole.len() + piece.len(), limit)?;
            whole.extend_from_slice(&piece);
        }
        check_length(whole.len(), limit)?;
        Ok(whole.freeze())
    }

    /// The body as JSON of this type: 400 if it is not JSON, 422 with the field if it is not of the type.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, ApiError> {
        input::json(&self.bytes().await?)
    }

    /// As [`Self::json`]; an empty body is `None`.
    pub async fn json_or_nothing<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ApiError> {
        let body = self.bytes().await?;
        if body.is_empty() { Ok(None) } else { input::json(&body).map(Some) }
    }
}

pub fn too_large(limit: usize) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge, format!("the body may have at most {limit} bytes"))
}

fn check_length(length: usize, limit: usize) -> Result<(), ApiError> {
    if length > limit { Err(too_large(limit)) } else { Ok(()) }
}

pub(super) fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The name of a header: a [`HeaderName`] or a lower-case string.
pub trait AsHeaderName {
    fn find(self, headers: &HeaderMap) -> Option<&str>;
}

impl AsHeaderName for HeaderName {
    fn find(self, headers: &HeaderMap) -> Option<&str> {
        headers.get(self)?.to_str().ok()
    }
}

impl AsHeaderName for &str {
    fn find(self, headers: &HeaderMap) -> Option<&str> {
        headers.get(self)?.to_str().ok()
    }
}

/// The body as it arrives. Clones share one stream: the pipeline keeps one to drain what a handler left unread.
#[derive(Clone)]
pub struct Body(Arc<Mutex<BoxStream<'static, Result<Bytes, warp::Error>>>>);

impl Body {
    pub fn new(stream: impl Stream<Item = Result<Bytes, warp::Error>> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(stream.boxed())))
    }

    /// The next piece; `None` at the end. A pause of more than 20 s is a timeout.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        match tokio::time::timeout(BODY_PAUSE, self.next()).await {
            Err(_) => Err(ApiError::new(ErrorCode::Timeout, "the body stopped arriving")),
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some(piece)),
            Ok(Some(Err(_))) => {
                Err(ApiError::new(ErrorCode::MalformedBody, "the body ended before its announced end"))
            }
        }
    }

    /// The rest of the body as a stream.
    pub fn pieces(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::try_unfold(self, |mut body| async move {
            let piece = body.piece().await.map_err(|error| io::Error::other(error.problem.detail))?;
            Ok(piece.map(|piece| (piece, body)))
        })
    }

    /// Reads and discards the rest, within bounds: a client that is still sending does not read the response.
    pub(super) async fn drain(mut self, most: usize, within: Duration) {
        let mut left = most;
        let reading = async {
            while let Some(Ok(piece)) = self.next().await {
                left = left.saturating_sub(piece.len());
                if left == 0 {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(within, reading).await;
    }
}

impl Stream for Body {
    type Item = Result<Bytes, warp::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.lock() {
            Ok(mut stream) => stream.as_mut().poll_next(cx),
            Err(_) => Poll::Ready(None),
        }
    }
}
