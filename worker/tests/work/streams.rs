//! Streams between a coordinator and a real worker over a real broker: bounded, complete across losses, and always ended.

use std::time::{Duration, Instant};

use engunity_broker::streams::{PEER_TIMEOUT, Stream, StreamClient, TICK, WINDOW};
use engunity_protocol::{WorkerId, stream::ResetReason};
use engunity_testkit::Proxy;
use engunity_worker::{config, config::Config, start};
use tokio::time::{sleep, timeout};

use crate::fake_coordinator::FakeCoordinator;

const TIMEOUT: Duration = Duration::from_secs(60);
const SIZE: usize = 10 * 1024 * 1024;
/// What a stream to the echo may hold: a window at each of four ends (sending and receiving, at both sides), and one read
/// in the hand of the echo.
const MAX_HELD: usize = 4 * WINDOW + 64 * 1024;

async fn open_echo(client: &StreamClient, worker: &WorkerId) -> Stream {
    client.open(worker, "echo", &[], TIMEOUT).await.unwrap()
}

fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n / 251 * 7 + n) as u8).collect()
}

/// Memory of this process in bytes, as the kernel counts it.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_pass_a_slow_reader_in_bounded_memory() {
    let coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let client = coordinator.stream_client(&coordinator.vhost.url()).await;
    let stream = open_echo(&client, worker.id()).await;
    let control = stream.control();
    let Stream { mut reader, mut writer } = stream;
    let data = pattern(SIZE);
    let expected = data.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&data).await.unwrap();
        writer.finish();
        writer
    });
    // Nobody reads: the writer stops when every window is full.
    sleep(Duration::from_secs(2)).await;
    assert!(!writing.is_finished(), "the writer waits for the reader");
    assert!(control.written() <= MAX_HELD as u64, "{} bytes were taken", control.written());
    let (before, mut most, mut read) = (resident(), 0, Vec::with_capacity(SIZE));
    while let Some(data) = timeout(TIMEOUT, reader.read()).await.unwrap().unwrap() {
        read.extend(data);
        most = most.max(control.buffered());
        sleep(Duration::from_millis(2)).await;
    }
    let grown = resident().saturating_sub(before).saturating_sub(read.len());
    assert!(read == expected, "every byte once and in order");
    assert!(most <= 2 * WINDOW, "{most} bytes were kept");
    assert!(grown < 4 * 1024 * 1024, "{grown} bytes of memory were taken");
    drop(writing.await.unwrap());
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_stream_delays_no_other() {
    let coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let client = coordinator.stream_client(&coordinator.vhost.url()).await;
    let Stream { reader: stalled_reader, writer: mut stalled_writer } = open_echo(&client, worker.id()).await;
    let stalled = tokio::spawn(async move { stalled_writer.write_all(&pattern(SIZE)).await });
    let mut other = open_echo(&client, worker.id()).await;
    sleep(Duration::from_millis(500)).await;
    let mut times = Vec::new();
    for n in 0..200u8 {
        let began = Instant::now();
        other.writer.write_all(&[n]).await.unwrap();
        assert_eq!(timeout(TIMEOUT, other.reader.read()).await.unwrap().unwrap().unwrap(), [n]);
        times.push(began.elapsed());
    }
    times.sort();
    println!("beside a stalled stream: median {:?}, worst {:?}", times[100], times[199]);
    assert!(times[100] < Duration::from_millis(250), "{:?}", times[100]);
    assert!(!stalled.is_finished(), "it is still stalled");
    drop(stalled_reader);
    let error = timeout(TIMEOUT, stalled).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.reason, ResetReason::Cancelled);
    other.close().await;
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_the_loss_of_either_connection() {
    let coordinator = FakeCoordinator::open().await;
    let proxies = [(); 2].map(|()| Proxy::start(coordinator.vhost.address()));
    let [own, workers] = proxies;
    let (own, workers) = (own.await.unwrap(), workers.await.unwrap());
    let url = coordinator.vhost.url_through(&workers);
    let worker = start(Config { broker: config::Broker { url }, ..coordinator.config(1) }).await.unwrap();
    let client = coordinator.stream_client(&coordinator.vhost.url_through(&own)).await;
    let Stream { mut reader, mut writer } = open_echo(&client, worker.id()).await;
    let data = pattern(SIZE);
    let expected = data.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&data).await.unwrap();
        writer.finish();
        writer
    });
    let (mut read, mut cuts) = (Vec::new(), 0);
    while let Some(data) = timeout(TIMEOUT, reader.read()).await.unwrap().unwrap() {
        read.extend(data);
        if read.len() > (cuts + 1) * SIZE / 5 {
            [&own, &workers][cuts % 2].cut();
            cuts += 1;
        }
    }
    assert_eq!(cuts, 4);
    assert!(read == expected, "no gap, no repeat");
    drop(writing.await.unwrap());
    worker.drain().await;
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_worker() {
    let coordinator = FakeCoordinator::open().await;
    let client = coordinator.stream_client(&coordinator.vhost.url()).await;
    let (mut process, id) = coordinator.spawn_worker();
    let mut stream = open_echo(&client, &id).await;
    stream.writer.write_all(b"alive").await.unwrap();
    assert_eq!(timeout(TIMEOUT, stream.reader.read()).await.unwrap().unwrap().unwrap(), b"alive");
    process.kill().unwrap();
    process.wait().unwrap();
    let killed = Instant::now();
    let error = timeout(TIMEOUT, stream.reader.read()).await.unwrap().unwrap_err();
    assert_eq!(error.reason, ResetReason::PeerLost);
    assert!(killed.elapsed() < PEER_TIMEOUT + Duration::from_secs(5), "{:?}", killed.elapsed());
    let gone = client.open(&id, "echo", &[], Duration::from_secs(1)).await.err().unwrap();
    assert_eq!(gone.reason, ResetReason::OpenTimeout);
    coordinator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_or_refused() {
    let coordinator = FakeCoordinator::open().await;
    let worker = start(coordinator.config(1)).await.unwrap();
    let client = coordinator.stream_client(&coordinator.vhost.url()).await;
    let ask = async |service: &str, question: &[u8]| {
        client.request(worker.id(), service, question, 500_000, TIMEOUT).await
    };
    assert_eq!(ask("echo", b"question").await.unwrap(), b"question");
    let began = Instant::now();
    open_echo(&client, worker.id()).await;
    assert!(began.elapsed() < TICK, "opening waits for no tick: {:?}", began.elapsed());
    assert_eq!(ask("echo", b"").await.unwrap(), b"");
    let long = pattern(400_000);
    assert!(ask("echo", &long).await.unwrap() == long);
    assert_eq!(ask("echo", &pattern(600_000)).await.unwrap_err().reason, ResetReason::Failed);
    assert_eq!(ask("none", b"x").await.unwrap_err().reason, ResetReason::UnknownService);
    let mut stream = open_echo(&client, worker.id()).await;
    worker.drain().await;
    let error = timeout(TIMEOUT, stream.reader.read()).await.unwrap().unwrap_err();
    assert_eq!(error.reason, ResetReason::Shutdown);
    coordinator.close().await;
}
