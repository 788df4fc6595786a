//! Accepts connections and hands each request to the warp service: HTTP/1.1 with upgrades, a deadline for the
//! headers (a slow client can't hold a connection), and a graceful end with a deadline of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;
use warp::http::Uri;
use warp::hyper::body::Incoming;
use warp::hyper::server::conn::http1;
use warp::hyper::service::service_fn;
use warp::reply::Response;

/// The address of the other end, as an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Largest request head (line and headers).
const HEAD_BYTES: usize = 64 << 10;

/// Serves until `stop`; then finishes what is under way, for at most `drain`.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    header_timeout: Duration,
    stop: CancellationToken,
    drain: Duration,
) where
    S: Service<warp::http::Request<Incoming>, Response = Response, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(HEAD_BYTES);
    let open = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                drop(open.spawn(connection(http.clone(), service.clone(), stream, peer, stop.clone())))
            }
            Err(error) => wait_after(error).await,
        }
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(drain, open.wait()).await.is_err() {
        tracing::warn!(seconds = drain.as_secs(), "some connections were still busy at the end of the grace");
    }
}

/// Serves one connection to its end; at `stop` the answer under way is the last one.
async fn connection<S>(
    http: http1::Builder,
    service: S,
    stream: TcpStream,
    peer: SocketAddr,
    stop: CancellationToken,
) where
    S: Service<warp::http::Request<Incoming>, Response = Response, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    // Small answers must not wait for an acknowledgement of the ones before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: warp::http::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        // CONNECT names a host and no path; warp can't bear that.
        if request.uri().path_and_query().is_none() {
            *request.uri_mut() = Uri::from_static("/");
        }
        service.clone().call(request)
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// Out of file descriptors or the like: trying again at once would only burn the processor.
async fn wait_after(error: std::io::Error) {
    tracing::warn!(%error, "could not accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
