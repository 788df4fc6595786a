//! `./dev bench stream`: streams between a coordinator and a worker over RabbitMQ, beside a direct TCP connection that
//! carries the same frames. See `docs/adr/0009-streams-over-the-broker.md`.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use engunity_broker::{
    Connection,
    streams::{Accept, Stream, StreamClient, StreamServer, WINDOW},
    worker_users::SenderCheck,
};
use engunity_load_tests::{Row, Setting, Times, alone, table};
use engunity_protocol::{
    CoordinatorId, WorkerId,
    stream::{FrameBody, StreamFrame, StreamId, StreamMessage, StreamPeer},
    wire,
};
use engunity_testkit::broker::Vhost;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const ROUND_TRIPS: usize = 3000;
const WARM_UP: usize = 300;
const BULK_BYTES: usize = 64 * 1024 * 1024;
const FRAME_BYTES: usize = 32 * 1024;
const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<()> {
    let setting = Setting::record(&[]).await?;
    let ours = ours().await?;
    let direct = direct().await?;
    let rows = [
        Row::time(
            "round trip of 1 byte, p50",
            ours.idle.percentile_ms(50.0),
            direct.idle.percentile_ms(50.0),
        ),
        Row::time(
            "round trip of 1 byte, p99",
            ours.idle.percentile_ms(99.0),
            direct.idle.percentile_ms(99.0),
        ),
        Row::time(
            "the same beside a bulk stream, p50",
            ours.busy.percentile_ms(50.0),
            direct.busy.percentile_ms(50.0),
        ),
        Row::time(
            "the same beside a bulk stream, p99",
            ours.busy.percentile_ms(99.0),
            direct.busy.percentile_ms(99.0),
        ),
        Row::time(
            "request and answer (opens a stream), p50",
            ours.requests.percentile_ms(50.0),
            direct.requests.percentile_ms(50.0),
        ),
        Row::time(
            "request and answer (opens a stream), p99",
            ours.requests.percentile_ms(99.0),
            direct.requests.percentile_ms(99.0),
        ),
        Row { unit: " MiB/s", ..Row::rate("bulk, there and back", ours.bulk_rate, direct.bulk_rate) },
    ];
    let body = format!(
        "{}\n- {ROUND_TRIPS} round trips each, one at a time. Both ends are in one process, so neither side pays for a \
         network; a direct connection has no hop over the broker.\n- Direct: one TCP connection per stream, \
         `TCP_NODELAY`, the same MessagePack frames with a length before each. It has no flow control of its own, no \
         offsets and no resume.\n- Bulk: {} MiB echoed, with a window of {} KiB per direction.\n",
        table("direct TCP", &rows),
        BULK_BYTES >> 20,
        WINDOW >> 10
    );
    if alone() {
        println!("{body}");
        return Ok(());
    }
    setting.report("stream", "Streams between coordinator and worker", &body)
}

struct Measured {
    idle: Times,
    busy: Times,
    requests: Times,
    /// MiB a second.
    bulk_rate: f64,
}

/// Serves every stream as an echo.
struct Echo;

impl Accept for Echo {
    fn accept(&self, _service: &str, _params: Vec<u8>, mut stream: Stream) {
        tokio::spawn(async move {
            while let Ok(Some(data)) = stream.reader.read().await {
                if stream.writer.write_all(&data).await.is_err() {
                    return;
                }
            }
            stream.close().await;
        });
    }
}

async fn ours() -> Result<Measured> {
    let vhost = Vhost::create().await?;
    let worker = WorkerId("worker".into());
    let server = StreamServer::start(connect(&vhost, "worker").await?, worker.clone(), Echo);
    let client = StreamClient::start(
        connect(&vhost, "coordinator").await?,
        CoordinatorId("coordinator".into()),
        SenderCheck::Off,
    );
    let open = async || client.open(&worker, "echo", &[], TIMEOUT).await;
    let mut stream = open().await?;
    let idle = round_trips(&mut stream).await?;
    let (bulk_rate, busy) = tokio::join!(bulk(open().await?), round_trips(&mut stream));
    let mut requests = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let began = Instant::now();
        client.request(&worker, "echo", b"?", FRAME_BYTES, TIMEOUT).await?;
        requests.push(began.elapsed());
    }
    client.close().await;
    server.close().await;
    vhost.delete().await?;
    Ok(Measured { idle, busy: busy?, requests: Times::new(requests), bulk_rate: bulk_rate? })
}

async fn connect(vhost: &Vhost, name: &str) -> Result<Connection> {
    let connection = Connection::open(&vhost.url(), name)?;
    ensure!(connection.wait_connected(TIMEOUT).await, "no connection to the broker");
    Ok(connection)
}

async fn round_trips(stream: &mut Stream) -> Result<Times> {
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    for n in 0..WARM_UP + ROUND_TRIPS {
        let began = Instant::now();
        stream.writer.write_all(b"x").await?;
        stream.reader.read().await?.context("the stream ended")?;
        if n >= WARM_UP {
            times.push(began.elapsed());
        }
    }
    Ok(Times::new(times))
}

async fn bulk(stream: Stream) -> Result<f64> {
    let began = Instant::now();
    let Stream { mut reader, mut writer } = stream;
    let writing = tokio::spawn(async move {
        for _ in 0..BULK_BYTES / FRAME_BYTES {
            writer.write_all(&noise()).await?;
        }
        writer.finish();
        Ok::<_, anyhow::Error>(writer)
    });
    let mut received = 0;
    while let Some(data) = reader.read().await? {
        received += data.len();
    }
    ensure!(received == BULK_BYTES, "{received} bytes came back");
    drop(writing.await??);
    Ok(rate(began))
}

fn rate(began: Instant) -> f64 {
    (BULK_BYTES >> 20) as f64 / began.elapsed().as_secs_f64()
}

/// Bytes that compress no better than most.
fn noise() -> Vec<u8> {
    (0..FRAME_BYTES as u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u8).collect()
}

async fn direct() -> Result<Measured> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(Direct::new(socket).echo());
        }
    });
    let mut connection = Direct::connect(address).await?;
    let idle = connection.round_trips().await?;
    let (bulk_rate, busy) = tokio::join!(direct_bulk(address), connection.round_trips());
    let mut requests = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let began = Instant::now();
        let mut connection = Direct::connect(address).await?;
        connection.send(b"?".to_vec()).await?;
        connection.receive().await?;
        requests.push(began.elapsed());
    }
    serving.abort();
    Ok(Measured { idle, busy: busy?, requests: Times::new(requests), bulk_rate: bulk_rate? })
}

async fn direct_bulk(address: SocketAddr) -> Result<f64> {
    let began = Instant::now();
    let connection = Direct::connect(address).await?;
    let (mut reader, mut writer) = connection.socket.into_split();
    let writing = tokio::spawn(async move {
        for _ in 0..BULK_BYTES / FRAME_BYTES {
            writer.write_all(&encode(noise())?).await?;
        }
        Ok::<_, anyhow::Error>(writer)
    });
    let mut buffer = Vec::new();
    for _ in 0..BULK_BYTES / FRAME_BYTES {
        let length = reader.read_u32().await? as usize;
        buffer.resize(length, 0);
        reader.read_exact(&mut buffer).await?;
        wire::decode::<StreamMessage>(&buffer)?;
    }
    drop(writing.await??);
    Ok(rate(began))
}

/// The alternative: a connection that carries frames, each with its length before it.
struct Direct {
    socket: TcpStream,
}

impl Direct {
    fn new(socket: TcpStream) -> Self {
        let _ = socket.set_nodelay(true);
        Self { socket }
    }

    async fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self::new(TcpStream::connect(address).await?))
    }

    async fn send(&mut self, data: Vec<u8>) -> Result<()> {
        Ok(self.socket.write_all(&encode(data)?).await?)
    }

    async fn receive(&mut self) -> Result<Vec<u8>> {
        let length = self.socket.read_u32().await? as usize;
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).await?;
        let message: StreamMessage = wire::decode(&body)?;
        match message.frames.into_iter().next().map(|frame| frame.body) {
            Some(FrameBody::Data { data, .. }) => Ok(data),
            other => anyhow::bail!("{other:?} instead of data"),
        }
    }

    async fn echo(mut self) {
        while let Ok(data) = self.receive().await {
            if self.send(data).await.is_err() {
                return;
            }
        }
    }

    async fn round_trips(&mut self) -> Result<Times> {
        let mut times = Vec::with_capacity(ROUND_TRIPS);
        for n in 0..WARM_UP + ROUND_TRIPS {
            let began = Instant::now();
            self.send(b"x".to_vec()).await?;
            self.receive().await?;
            if n >= WARM_UP {
                times.push(began.elapsed());
            }
        }
        Ok(Times::new(times))
    }
}

fn encode(data: Vec<u8>) -> Result<Vec<u8>> {
    let from = StreamPeer::Worker(WorkerId("worker".into()));
    let body = FrameBody::Data { offset: 0, data, end: false };
    let message = wire::encode(&StreamMessage {
        from,
        frames: vec![StreamFrame { stream: StreamId::random(), body }],
    })?;
    Ok([&(message.len() as u32).to_be_bytes(), message.as_slice()].concat())
}
