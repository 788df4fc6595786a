//! A keep-alive connection that repeats one POST request. A full HTTP client would cost more than the request it sends,
//! and the benchmark would measure the client.

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Poster {
    socket: TcpStream,
    request: String,
    read: BytesMut,
}

impl Poster {
    /// Connects to `base` (`http://host:port`); every request posts `body` to `path` with this token.
    pub async fn connect(base: &str, token: &str, path: &str, body: &str) -> Result<Self> {
        let host = base.trim_start_matches("http://");
        let socket = TcpStream::connect(host).await?;
        socket.set_nodelay(true)?;
        let request = format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Ok(Self { socket, request, read: BytesMut::new() })
    }

    /// Sends the request once and returns the body of the response, which must be a success.
    pub async fn post(&mut self) -> Result<Vec<u8>> {
        self.socket.write_all(self.request.as_bytes()).await?;
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break String::from_utf8_lossy(&self.read.split_to(end + 4)).into_owned();
            }
            self.more().await?;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("a response without a length")?.trim().parse()?;
        while self.read.len() < length {
            self.more().await?;
        }
        let body = self.read.copy_to_bytes(length).to_vec();
        ensure!(head.starts_with("HTTP/1.1 2"), "{head}{}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    async fn more(&mut self) -> Result<()> {
        if self.socket.read_buf(&mut self.read).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }
}
