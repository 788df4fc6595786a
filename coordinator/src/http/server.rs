//! Accepts connections and hands each request to the warp service: HTTP/1.1 with upgrades, a deadline for the
//! headers (a slow client can't hold a connection), and a graceful shutdown with its own deadline.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;
use warp::http::Uri;
use warp::hyper::body::Incoming;
use warp::hyper::server::conn::http1;
use warp::hyper::service::service_fn;
use warp::reply::Response;

use super::guarded_stream::{GuardedStream, RawConnection};

/// The client's address, as an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Largest request head (line and headers).
const HEAD_BYTES: usize = 64 << 10;

/// Serves until `stop`; then waits at most `drain` for requests in progress.
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
                // Without this, small answers wait for the acknowledgement of earlier ones.
                let _ = stream.set_nodelay(true);
                let (stream, returned) = GuardedStream::new(stream);
                let connection = connection(http.clone(), service.clone(), stream, peer, stop.clone());
                drop(open.spawn(serve_and_finish(connection, returned, header_timeout)))
            }
            Err(error) => wait_after(error).await,
        }
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(drain, open.wait()).await.is_err() {
        tracing::warn!(seconds = drain.as_secs(), "some connections were still busy at the drain deadline");
    }
}

/// Serves one connection. If hyper rejected its input, answers with a problem document.
async fn serve_and_finish(
    connection: impl Future<Output = warp::hyper::Result<()>>,
    mut returned: oneshot::Receiver<RawConnection>,
    header_timeout: Duration,
) {
    let ended = connection.await;
    if let Ok(returned) = returned.try_recv() {
        returned.finish(ended.err(), header_timeout, HEAD_BYTES).await;
    }
}

/// Serves one connection to its end; after `stop` the answer in progress is the last one.
async fn connection<S>(
    http: http1::Builder,
    service: S,
    stream: GuardedStream,
    peer: SocketAddr,
    stop: CancellationToken,
) -> warp::hyper::Result<()>
where
    S: Service<warp::http::Request<Incoming>, Response = Response, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    let service = service_fn(move |mut request: warp::http::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        // CONNECT requests have a host and no path; warp panics without a path.
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
    if let Err(error) = &ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
    ended
}

/// Waits after an error such as too many open files, which an immediate retry would only repeat.
async fn wait_after(error: std::io::Error) {
    tracing::warn!(%error, "could not accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use warp::{Filter, Reply};

    use super::*;

    /// A body that looks like an answer of hyper.
    const LOOKALIKE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";

    async fn start() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let with_id = |reply| warp::reply::with_header(reply, "x-request-id", "1").into_response();
        let lookalike = warp::path("lookalike").map(move || {
            let pieces = futures::stream::iter(["a", LOOKALIKE].map(Ok::<_, std::io::Error>));
            with_id(warp::reply::stream(pieces).into_response())
        });
        let fine = warp::any().map(move || with_id("fine".into_response()));
        let service = warp::service(lookalike.or(fine).unify());
        let second = Duration::from_secs(1);
        tokio::spawn(serve(listener, service, second, CancellationToken::new(), second));
        address
    }

    /// Sends `words` and returns everything received until the connection ends.
    async fn exchange(address: SocketAddr, words: &str) -> String {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(words.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let reading = socket.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn malformed_requests_get_a_problem_document() {
        let address = start().await;
        let good = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
        let long = "x".repeat(2 * HEAD_BYTES);
        for (words, status, code) in [
            ("NONSENSE\r\n\r\n".to_owned(), 400, "malformed_request"),
            ("GET / HTTP/1.1\r\nhost: h\r\ncontent-length: x\r\n\r\n".to_owned(), 400, "malformed_request"),
            ("GET / HTTP/1.1\r\nbad header: \r\n\r\n".to_owned(), 400, "malformed_request"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400, "malformed_request"),
            (format!("{good}NONSENSE\r\n\r\n"), 400, "malformed_request"),
            (format!("GET /{long} HTTP/1.1\r\n\r\n"), 414, "uri_too_long"),
            (format!("GET / HTTP/1.1\r\nx: {long}\r\n\r\n"), 431, "headers_too_large"),
            (format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200)), 431, "headers_too_large"),
            ("GET / HTTP/1.1\r\nhost: h\r\n".to_owned(), 408, "timeout"),
        ] {
            let answer = exchange(address, &words).await;
            let start = &words[..words.len().min(60)];
            let last = &answer[answer.rfind("HTTP/1.1 4").unwrap_or_default()..];
            assert!(last.starts_with(&format!("HTTP/1.1 {status} ")), "{start:?}: {answer:?}");
            let (head, body) = last.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("content-type: application/problem+json"), "{head}");
            let problem: engunity_protocol::problem::Problem = serde_json::from_str(body).unwrap();
            assert_eq!((problem.status, problem.code.to_string().as_str()), (status, code), "{start:?}");
        }
    }

    #[tokio::test]
    async fn a_quiet_connection_ends_without_a_word() {
        let address = start().await;
        assert_eq!(exchange(address, "").await, "");
        let answer = exchange(address, "GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nfine"), "{answer}");
    }

    #[tokio::test]
    async fn a_body_that_looks_like_a_refusal_arrives_as_it_is() {
        let address = start().await;
        for end in ["connection: close\r\n", ""] {
            let words = format!("GET /lookalike HTTP/1.1\r\nhost: h\r\n{end}\r\n");
            let times = if end.is_empty() { 2 } else { 1 };
            let answer = exchange(address, &words.repeat(times)).await;
            assert_eq!(answer.matches(LOOKALIKE).count(), times, "{answer}");
            assert_eq!(answer.matches("\r\n0\r\n\r\n").count(), times, "{answer}");
        }
    }
}
