//! HTTP plumbing that is common to all requests. Only this folder and `api` use warp.
//!
//! The path of a request: `server` (connection) -> warp filter below (extracts its parts) -> `pipeline` (id, log,
//! metrics, headers) -> `router` (path, method, caller, rate, content type, length) -> a handler, a plain async function
//! `(Arc<App>, Caller, Request) -> ApiResult`.

pub mod conditional;
mod cors;
pub mod error;
mod guarded_stream;
pub mod input;
pub mod paging;
pub mod parameter;
mod pipeline;
pub mod range;
pub mod reply;
pub mod request;
pub mod router;
mod server;
mod strict;
mod web;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use engunity_protocol::problem::ErrorCode;
use futures::{Stream, StreamExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use warp::http::{HeaderMap, Method};
use warp::hyper::upgrade::OnUpgrade;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Reply};

use self::error::ApiError;
use self::pipeline::Pipeline;
use self::request::{Body, Request};
use self::router::{Route, Table};
use self::server::Peer;
use crate::app::App;

/// Serves `routes` on the listener until `stop`.
pub async fn serve(app: Arc<App>, routes: Vec<Route>, listener: TcpListener, stop: CancellationToken) {
    let (header_timeout, drain) = (Duration::from_secs(app.config.http.header_timeout_s), app.config.drain());
    let service = warp::service(filter(app, routes));
    server::serve(listener, service, header_timeout, stop, drain).await;
}

/// One warp filter for all routes. It never rejects.
fn filter(
    app: Arc<App>,
    routes: Vec<Route>,
) -> impl Filter<Extract = (impl Reply + use<>,), Error = Infallible> + Clone + Send + Sync + 'static + use<>
{
    let trust_proxy = app.config.http.trust_proxy;
    let pipeline = Arc::new(Pipeline::new(app, Table::new(routes)));
    warp::method()
        .and(warp::path::full())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::body::stream())
        .map(move |method, path, query, headers, peer, upgrade, body| {
            assemble(trust_proxy, method, path, query, headers, peer, upgrade, body)
        })
        .then(move |request| answer(pipeline.clone(), request))
        .recover(|_| async { Ok::<_, Infallible>(malformed().into_response()) })
}

/// The answer to a request that the filter above can't parse.
fn malformed() -> ApiError {
    ApiError::new(ErrorCode::MalformedRequest, "this is no request that could be answered")
}

async fn answer(pipeline: Arc<Pipeline>, request: Request) -> Response {
    pipeline.serve(request).await
}

#[allow(clippy::too_many_arguments)] // warp passes the result of each filter separately
fn assemble(
    trust_proxy: bool,
    method: Method,
    path: FullPath,
    query: String,
    headers: HeaderMap,
    peer: Option<Peer>,
    upgrade: Option<OnUpgrade>,
    body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static,
) -> Request {
    let body = Body::new(
        body.map(|piece| piece.map(|mut piece| -> Bytes { piece.copy_to_bytes(piece.remaining()) })),
    );
    let forwarded =
        headers.get("x-forwarded-for").filter(|_| trust_proxy).and_then(|value| value.to_str().ok());
    let forwarded = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    let peer = forwarded.or(peer.map(|Peer(address)| address.ip()));
    let path = path.as_str().to_owned();
    Request {
        method,
        path,
        query,
        headers,
        body,
        peer,
        upgrade,
        body_limit: 0,
        params: Vec::new(),
        caller: None,
    }
}
