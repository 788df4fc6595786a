//! The broker crate against a real RabbitMQ, with a proxy in between that cuts connections.
//! Needs `ENGUNITY__BROKER__MANAGEMENT_URL` (`./dev test` sets it).

use std::time::{Duration, Instant};

use engunity_broker::{BrokerError, Connection, Message, Queue, Route, ack_batch, serve};
use engunity_protocol::{
    WorkerId,
    job::{JobClass, JobKind},
};
use engunity_testkit::{Proxy, broker::Vhost};

const TIMEOUT: Duration = Duration::from_secs(10);
const JOBS: Queue = Queue::Jobs(JobKind::Noop, JobClass::Bulk);

/// A vhost of its own, a proxy in front and a connection through it.
struct Lab {
    vhost: Vhost,
    proxy: Proxy,
    connection: Connection,
}

impl Lab {
    async fn start() -> Self {
        let vhost = Vhost::create().await.expect("a vhost");
        let proxy = Proxy::start(vhost.address()).await.expect("a proxy");
        let connection = Connection::open(&vhost.url_through(&proxy), "broker-test").expect("a URL");
        assert!(connection.wait_connected(TIMEOUT).await, "connects and declares the topology");
        Self { vhost, proxy, connection }
    }

    async fn cut_and_return(&self) {
        let mut up = self.connection.connected();
        self.proxy.cut();
        up.wait_for(|up| !*up).await.expect("the loss is noticed");
        assert!(self.connection.wait_connected(TIMEOUT).await, "comes back");
    }

    async fn end(self) {
        self.connection.close().await;
        self.vhost.delete().await.expect("the vhost goes");
    }
}

fn job() -> Route {
    Route::job(JobKind::Noop, JobClass::Bulk)
}

#[tokio::test(flavor = "multi_thread")]
async fn delivers_in_order_and_acknowledges_in_batches() {
    let lab = Lab::start().await;
    let publisher = lab.connection.publisher(64, TIMEOUT);
    let messages: Vec<_> =
        (0..500u32).map(|n| Message::new(Route::events(), n.to_be_bytes().to_vec())).collect();
    assert!(publisher.publish_all(&messages).await.iter().all(Result::is_ok));
    let mut consumer = lab.connection.consume(Queue::Events, 200);
    let mut seen = Vec::new();
    while seen.len() < 500 {
        let batch = consumer.next_batch(100).await;
        seen.extend(batch.iter().map(|d| u32::from_be_bytes(d.body.as_slice().try_into().unwrap())));
        assert!(ack_batch(&batch).await);
    }
    assert_eq!(seen, (0..500).collect::<Vec<_>>());
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_comes_as_it_was_and_takes_less_room_on_the_way() {
    let lab = Lab::start().await;
    let body: Vec<u8> = (0..100_000).flat_map(|n: u32| format!("line {n}\n").into_bytes()).collect();
    lab.connection.publisher(64, TIMEOUT).publish(Route::events(), body.clone()).await.unwrap();
    let delivery = lab.connection.consume(Queue::Events, 1).next().await.unwrap();
    assert!(delivery.body == body);
    assert!(delivery.wire_bytes < body.len() / 3, "{} of {}", delivery.wire_bytes, body.len());
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_cuts_without_losing_a_confirmed_message() {
    let lab = Lab::start().await;
    let publisher = lab.connection.publisher(64, TIMEOUT);
    let mut consumer = lab.connection.consume(JOBS, 16);
    let sender = tokio::spawn(async move {
        for n in 0..300u32 {
            publisher.publish(job(), n.to_be_bytes().to_vec()).await.expect("confirmed in the end");
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 300 {
        let delivery =
            tokio::time::timeout(TIMEOUT, consumer.next()).await.expect("goes on").expect("a delivery");
        let n = u32::from_be_bytes(delivery.body.as_slice().try_into().unwrap());
        if seen.insert(n) && n % 60 == 30 {
            lab.cut_and_return().await;
            assert!(!delivery.ack().await, "an old delivery is acknowledged without effect");
        } else {
            delivery.ack().await;
        }
    }
    sender.await.expect("the sender ends");
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exclusive_queues_come_back_and_missing_ones_are_told() {
    let lab = Lab::start().await;
    let worker = WorkerId("w-1".into());
    let publisher = lab.connection.publisher(8, TIMEOUT);
    let gone = publisher.publish(Route::control(&worker), b"x".to_vec()).await;
    assert!(matches!(gone, Err(BrokerError::Unroutable(_))), "{gone:?}");
    let mut control = lab.connection.consume(Queue::Control(worker.clone()), 8);
    for round in 0..2 {
        let deadline = Instant::now() + TIMEOUT;
        while publisher.publish(Route::control(&worker), vec![round]).await.is_err() {
            assert!(Instant::now() < deadline, "the queue is there in time");
        }
        let delivery = control.next().await.expect("a delivery");
        assert_eq!(delivery.body, [round]);
        delivery.ack().await;
        lab.cut_and_return().await;
    }
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_while_the_broker_is_away_and_gives_up_in_time() {
    let lab = Lab::start().await;
    lab.proxy.close();
    let hasty = lab.connection.publisher(8, Duration::from_millis(300));
    let patient = lab.connection.publisher(8, TIMEOUT);
    let begin = Instant::now();
    assert!(hasty.publish(job(), b"a".to_vec()).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(2));
    let waiting = tokio::spawn(async move { patient.publish(job(), b"b".to_vec()).await });
    lab.proxy.open();
    waiting.await.unwrap().expect("sent after the broker came back");
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_and_answers_across_a_loss() {
    let lab = Lab::start().await;
    let server = lab.connection.clone();
    let serving = tokio::spawn(async move {
        serve(&server, Queue::Claims, 8, |request| async move {
            let mut body = request.body;
            body.reverse();
            (body != b"silence").then_some(body)
        })
        .await;
    });
    let rpc = lab.connection.rpc();
    for _ in 0..2 {
        let answers = futures::future::join_all((0..50u8).map(|n| {
            let rpc = rpc.clone();
            async move { rpc.call(&Queue::Claims, &[n, 1], TIMEOUT).await }
        }));
        for (n, answer) in answers.await.into_iter().enumerate() {
            assert_eq!(answer.expect("an answer"), [1, n as u8]);
        }
        lab.cut_and_return().await;
    }
    let none = rpc.call(&Queue::Claims, b"ecnelis", Duration::from_millis(200)).await;
    assert!(matches!(none, Err(BrokerError::Timeout)), "{none:?}");
    serving.abort();
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_message_goes_to_the_dead_letters() {
    let lab = Lab::start().await;
    let publisher = lab.connection.publisher(8, TIMEOUT);
    publisher.publish(job(), b"poison".to_vec()).await.unwrap();
    let mut consumer = lab.connection.consume(JOBS, 1);
    assert!(consumer.next().await.unwrap().reject(false).await);
    let mut dead = lab.connection.consume(Queue::DeadLetters, 1);
    let letter = tokio::time::timeout(TIMEOUT, dead.next()).await.expect("in time").unwrap();
    assert_eq!(letter.body, b"poison");
    lab.end().await;
}
