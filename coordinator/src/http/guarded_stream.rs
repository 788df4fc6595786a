//! Refusals below the router. hyper answers what is no HTTP (400) or has too long a head (431) by itself, with an empty
//! body, and a head that does not come in time (408) not at all. [`Guarded`] stands between hyper and the socket: it
//! keeps back what looks like hyper's own answer until the connection has ended, when it is known whether it was one;
//! then [`Remains::finish`] sends a problem document in its place.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use engunity_protocol::problem::{ErrorCode, Problem};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use warp::http::StatusCode;
use warp::hyper;

/// hyper's own answers are shorter.
const LONGEST_OWN: usize = 256;
/// How long a client may take to read our last words, and to stop talking.
const GRACE: Duration = Duration::from_secs(2);
/// How much of what it still sends is read, so that our answer is not lost with the connection.
const DRAIN: u64 = 1 << 20;

/// A socket for hyper.
pub struct Guarded {
    remains: Option<Remains>,
    back: Option<oneshot::Sender<Remains>>,
}

/// What is left of a connection when hyper is done with it.
pub struct Remains {
    stream: TcpStream,
    /// Looks like hyper's own answer, and is not sent yet.
    held: Vec<u8>,
    /// Bytes that have come since the last answer.
    input: usize,
    /// How many of them came before the first end of a line.
    first_line: Option<usize>,
    /// Something was answered before.
    has_answered: bool,
}

impl Guarded {
    /// The socket, and where it comes out at the end, unless it becomes a WebSocket.
    pub fn new(stream: TcpStream) -> (Self, oneshot::Receiver<Remains>) {
        let (back, remains) = oneshot::channel();
        let inside = Remains { stream, held: Vec::new(), input: 0, first_line: None, has_answered: false };
        (Self { remains: Some(inside), back: Some(back) }, remains)
    }

    fn inside(&mut self) -> io::Result<&mut Remains> {
        self.remains.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let (Some(remains), Some(back)) = (self.remains.take(), self.back.take()) {
            // Where nobody waits for it the socket closes here.
            let _ = back.send(remains);
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inside = self.inside()?;
        // The connection goes on, so it was no last answer.
        ready!(inside.release(cx))?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut inside.stream).poll_read(cx, buffer))?;
        let new = &buffer.filled()[before..];
        let end = new.iter().position(|byte| *byte == b'\n');
        inside.first_line = inside.first_line.or(end.map(|end| inside.input + end));
        inside.input += new.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inside()?.write(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inside()?.write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inside()?.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inside = self.inside()?;
        if inside.held.is_empty() {
            Pin::new(&mut inside.stream).poll_shutdown(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

impl Remains {
    fn write(&mut self, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.release(cx))?;
        if let Some(bytes) = only(slices).filter(|bytes| is_own(bytes)) {
            self.held = bytes.to_vec();
            return Poll::Ready(Ok(bytes.len()));
        }
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        (self.input, self.first_line, self.has_answered) = (0, None, true);
        Poll::Ready(Ok(count))
    }

    /// Sends what was kept back.
    fn release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held))?;
            self.held.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    /// Says the last words of a connection that `ended` like this.
    pub async fn finish(mut self, ended: Option<hyper::Error>, head_timeout: Duration, head_bytes: usize) {
        let refusal = ended.and_then(|error| self.refusal(&error, head_timeout, head_bytes));
        let words = match &refusal {
            Some(problem) => document(problem),
            None => std::mem::take(&mut self.held),
        };
        if !words.is_empty() {
            let _ = tokio::time::timeout(GRACE, self.say(&words)).await;
        }
        if let Some(problem) = refusal {
            tracing::info!(target: "access", status = problem.status, "refused what is no request");
        }
    }

    async fn say(&mut self, words: &[u8]) -> io::Result<()> {
        self.stream.write_all(words).await?;
        self.stream.shutdown().await?;
        let mut rest = (&mut self.stream).take(DRAIN);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
    }

    fn refusal(&self, error: &hyper::Error, head_timeout: Duration, head_bytes: usize) -> Option<Problem> {
        let is_first = self.input > 0 && !self.has_answered;
        if error.is_timeout() && self.input > 0 {
            let detail = format!("the request's head did not arrive within {} s", head_timeout.as_secs());
            return Some(Problem::new(ErrorCode::Timeout, detail));
        }
        if !error.is_parse() || (self.held.is_empty() && !is_first) {
            return None;
        }
        // What fills most of the head is what is too long.
        let has_short_line = self.first_line.is_some_and(|length| length < head_bytes / 2);
        Some(match (error.is_parse_too_large(), has_short_line) {
            (false, _) => {
                Problem::new(ErrorCode::MalformedRequest, format!("this is no HTTP/1.1 request: {error}"))
            }
            (true, false) => Problem::new(
                ErrorCode::UriTooLong,
                format!("a request's head may have at most {head_bytes} bytes"),
            ),
            (true, true) => {
                let detail = format!("a request's head may have at most {head_bytes} bytes and 100 headers");
                Problem::new(ErrorCode::HeadersTooLarge, detail)
            }
        })
    }
}

fn only<'a>(slices: &'a [io::IoSlice<'_>]) -> Option<&'a [u8]> {
    let mut filled = slices.iter().filter(|slice| !slice.is_empty());
    let first = filled.next()?;
    filled.next().is_none().then_some(&**first)
}

/// Whether these bytes may be an answer that hyper gave by itself: every answer of ours has an id.
fn is_own(bytes: &[u8]) -> bool {
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    bytes.starts_with(b"HTTP/1.1 4")
        && bytes.len() <= LONGEST_OWN
        && bytes.ends_with(b"\r\n\r\n")
        && has(b"content-length: 0")
        && !has(b"x-request-id")
}

/// A whole answer, written by hand as no request is there that it would answer.
fn document(problem: &Problem) -> Vec<u8> {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\nx-request-id: {}\r\n\r\n",
        body.len(),
        uuid::Uuid::now_v7().simple()
    );
    [head.into_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_hypers_own_answers() {
        let own = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert!(is_own(own));
        let ours = b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n";
        assert!(!is_own(ours) && !is_own(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") && !is_own(b""));
        assert!(only(&[io::IoSlice::new(b""), io::IoSlice::new(own)]).is_some_and(is_own));
        assert_eq!(only(&[io::IoSlice::new(own), io::IoSlice::new(own)]), None);
    }
}
