//! Problem documents for requests that hyper rejects before any route sees them. hyper answers input that is not HTTP
//! (400) or whose head is too long (431) itself, with an empty body, and closes the connection without an answer when
//! the head does not arrive in time. [`GuardedStream`] sits between hyper and the socket. It holds back bytes that look
//! like such an answer until the connection ends, because only then is it known whether hyper wrote them. Then
//! [`RawConnection::finish`] sends a problem document instead.

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

/// Upper bound for the length of an answer that hyper generates.
const MAX_HYPER_ANSWER: usize = 256;
/// Deadline for sending the last answer and for the client to stop sending.
const FINISH_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes of further input that are read and discarded: closing a socket with unread input resets the connection, and
/// the client loses the answer.
const DRAIN_BYTES: u64 = 1 << 20;

/// The stream that hyper reads from and writes to.
pub struct GuardedStream {
    connection: Option<RawConnection>,
    returned: Option<oneshot::Sender<RawConnection>>,
}

/// The socket and what is known about its input. It is handed back when hyper drops its stream.
pub struct RawConnection {
    stream: TcpStream,
    /// Bytes that look like an answer of hyper, not sent yet.
    held: Vec<u8>,
    /// Bytes received since the last answer.
    input: usize,
    /// Length of the first line of these bytes, once its end has arrived.
    first_line: Option<usize>,
    /// An answer was sent before.
    has_answered: bool,
}

impl GuardedStream {
    /// Wraps a socket. The receiver gets the connection back at its end, unless it became a WebSocket.
    pub fn new(stream: TcpStream) -> (Self, oneshot::Receiver<RawConnection>) {
        let (returned, connection) = oneshot::channel();
        let inner =
            RawConnection { stream, held: Vec::new(), input: 0, first_line: None, has_answered: false };
        (Self { connection: Some(inner), returned: Some(returned) }, connection)
    }

    fn inner(&mut self) -> io::Result<&mut RawConnection> {
        self.connection.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for GuardedStream {
    fn drop(&mut self) {
        if let (Some(connection), Some(returned)) = (self.connection.take(), self.returned.take()) {
            // If the receiver is gone, the socket closes here.
            let _ = returned.send(connection);
        }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inner = self.inner()?;
        // hyper reads on, so what was held back was not its last answer.
        ready!(inner.release(cx))?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut inner.stream).poll_read(cx, buffer))?;
        let new = &buffer.filled()[before..];
        let end = new.iter().position(|byte| *byte == b'\n');
        inner.first_line = inner.first_line.or(end.map(|end| inner.input + end));
        inner.input += new.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner()?.write(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner()?.write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner()?.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = self.inner()?;
        if inner.held.is_empty() {
            Pin::new(&mut inner.stream).poll_shutdown(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

impl RawConnection {
    fn write(&mut self, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self.release(cx))?;
        if let Some(bytes) = single_slice(slices).filter(|bytes| is_hyper_answer(bytes)) {
            self.held = bytes.to_vec();
            return Poll::Ready(Ok(bytes.len()));
        }
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        (self.input, self.first_line, self.has_answered) = (0, None, true);
        Poll::Ready(Ok(count))
    }

    /// Sends what was held back.
    fn release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held))?;
            self.held.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the last answer of a connection that `ended` this way, and closes it.
    pub async fn finish(mut self, ended: Option<hyper::Error>, head_timeout: Duration, head_bytes: usize) {
        let refusal = ended.and_then(|error| self.problem(&error, head_timeout, head_bytes));
        let answer = match &refusal {
            Some(problem) => response(problem),
            None => std::mem::take(&mut self.held),
        };
        if !answer.is_empty() {
            let _ = tokio::time::timeout(FINISH_TIMEOUT, self.send_last(&answer)).await;
        }
        if let Some(problem) = refusal {
            tracing::info!(target: "access", status = problem.status, "refused a malformed request");
        }
    }

    async fn send_last(&mut self, answer: &[u8]) -> io::Result<()> {
        self.stream.write_all(answer).await?;
        self.stream.shutdown().await?;
        let mut rest = (&mut self.stream).take(DRAIN_BYTES);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
    }

    fn problem(&self, error: &hyper::Error, head_timeout: Duration, head_bytes: usize) -> Option<Problem> {
        let is_first = self.input > 0 && !self.has_answered;
        if error.is_timeout() && self.input > 0 {
            let detail = format!("the request's head did not arrive within {} s", head_timeout.as_secs());
            return Some(Problem::new(ErrorCode::Timeout, detail));
        }
        if !error.is_parse() || (self.held.is_empty() && !is_first) {
            return None;
        }
        // A first line that is short means that the headers are too long, not the address.
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

fn single_slice<'a>(slices: &'a [io::IoSlice<'_>]) -> Option<&'a [u8]> {
    let mut filled = slices.iter().filter(|slice| !slice.is_empty());
    let first = filled.next()?;
    filled.next().is_none().then_some(&**first)
}

/// Whether these bytes may be an answer that hyper generated. Answers of the application always carry a request id.
fn is_hyper_answer(bytes: &[u8]) -> bool {
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    bytes.starts_with(b"HTTP/1.1 4")
        && bytes.len() <= MAX_HYPER_ANSWER
        && bytes.ends_with(b"\r\n\r\n")
        && has(b"content-length: 0")
        && !has(b"x-request-id")
}

/// Serializes a whole HTTP response: hyper can't send one without a request.
fn response(problem: &Problem) -> Vec<u8> {
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
    fn recognizes_answers_of_hyper() {
        let own = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert!(is_hyper_answer(own));
        let ours = b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n";
        assert!(
            !is_hyper_answer(ours)
                && !is_hyper_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                && !is_hyper_answer(b"")
        );
        assert!(single_slice(&[io::IoSlice::new(b""), io::IoSlice::new(own)]).is_some_and(is_hyper_answer));
        assert_eq!(single_slice(&[io::IoSlice::new(own), io::IoSlice::new(own)]), None);
    }
}
