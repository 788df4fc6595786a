//! What a worker that was taken over can do at the broker with its own credentials: read its own queues and offered jobs, and
//! write events, heartbeats, claims and answers on streams in its own name. Everything else is refused.
//! Needs `ENGUNITY__BROKER__MANAGEMENT_URL` (`./dev test` sets it).

use std::time::Duration;

use engunity_broker::{Connection, Queue, Request, Route, serve, worker_users};
use engunity_protocol::{
    CoordinatorId, WorkerId,
    job::{JobClass, JobKind},
};
use engunity_testkit::broker::{User, Vhost};
use lapin::{
    BasicProperties, Channel, ConnectionProperties, ExchangeKind,
    options::{
        BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
        QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
    },
    types::FieldTable,
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A vhost with its topology, and the user of one worker.
struct Lab {
    vhost: Vhost,
    trusted: Connection,
    worker: WorkerId,
    user: User,
    url: String,
}

impl Lab {
    async fn start() -> Self {
        let vhost = Vhost::create().await.expect("a vhost");
        let trusted = Connection::open(&vhost.url(), "coordinator").expect("a URL");
        assert!(trusted.wait_connected(TIMEOUT).await, "declares the topology");
        let name = format!("{}-w.1", vhost.name);
        let user = vhost.create_worker_user(&name).await.expect("a user");
        let url = vhost.url_of(&user, None);
        Self { vhost, trusted, worker: WorkerId(format!("{name}-0123abcd")), user, url }
    }

    fn own_name(&self) -> String {
        worker_users::user_name(self.worker.0.rsplit_once('-').expect("a suffix").0)
    }

    /// A channel on a connection of its own, because each refusal ends the channel.
    async fn channel(&self) -> (lapin::Connection, Channel) {
        let connection = lapin::Connection::connect(&self.url, ConnectionProperties::default())
            .await
            .expect("a connection");
        let channel = connection.create_channel().await.expect("a channel");
        (connection, channel)
    }

    async fn end(self) {
        self.trusted.close().await;
        self.vhost.delete_user(&self.user).await.expect("the user goes");
        self.vhost.delete().await.expect("the vhost goes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_can_do_its_work() {
    let lab = Lab::start().await;
    let worker = Connection::open_worker(&lab.url, "worker").unwrap();
    assert!(worker.wait_connected(TIMEOUT).await);
    let publisher = worker.publisher(8, TIMEOUT);
    let coordinator = CoordinatorId("c-1".into());
    let own_name = Some(lab.own_name());

    for (queue, route) in [
        (Queue::Events, Route::events()),
        (Queue::Heartbeats, Route::heartbeats()),
        (Queue::CoordinatorStreams(coordinator.clone()), Route::coordinator_streams(&coordinator)),
    ] {
        let mut inbox = lab.trusted.consume(queue, 8);
        // The queue of a coordinator's streams is declared by a task of its own: what comes before that is dropped.
        let delivery = loop {
            publisher.publish(route.clone(), b"x".to_vec()).await.unwrap();
            if let Ok(delivery) = tokio::time::timeout(Duration::from_secs(1), inbox.next()).await {
                break delivery.unwrap();
            }
        };
        assert_eq!((delivery.body, delivery.sender), (b"x".to_vec(), own_name.clone()), "{route:?}");
    }

    let serving = lab.trusted.clone();
    let answer = |Request { sender, .. }| async move { Some(sender.unwrap_or_default().into_bytes()) };
    let server = tokio::spawn(async move { serve(&serving, Queue::Claims, 1, answer).await });
    let answer = worker.rpc().call(&Queue::Claims, b"?", TIMEOUT).await.unwrap();
    assert_eq!(String::from_utf8(answer).ok(), own_name);
    server.abort();

    let (kind, class) = (JobKind::Execute, JobClass::Bulk);
    let to_worker = lab.trusted.publisher(8, TIMEOUT);
    for (queue, route) in [
        (Queue::Control(lab.worker.clone()), Route::control(&lab.worker)),
        (Queue::WorkerStreams(lab.worker.clone()), Route::worker_streams(&lab.worker)),
        (Queue::Jobs(kind, class), Route::job(kind, class)),
    ] {
        let mut inbox = worker.consume(queue, 8);
        let delivery = loop {
            let _ = to_worker.publish(route.clone(), b"y".to_vec()).await;
            if let Ok(delivery) = tokio::time::timeout(Duration::from_secs(1), inbox.next()).await {
                break delivery.unwrap();
            }
        };
        assert_eq!(delivery.body, b"y", "{route:?}");
    }
    worker.close().await;
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reads_nothing_of_others() {
    let lab = Lab::start().await;
    let other = WorkerId(lab.worker.0.replace("w.1", "w.2"));
    let coordinator = CoordinatorId("c-1".into());
    let mut kept = Vec::new();
    for queue in [
        Queue::Control(other.clone()),
        Queue::WorkerStreams(other.clone()),
        Queue::CoordinatorStreams(coordinator.clone()),
        Queue::Coordinator(coordinator.clone()),
        Queue::Live(coordinator),
    ] {
        kept.push(lab.trusted.consume(queue.clone(), 1));
        assert_unreadable(&lab, &queue).await;
        let (_connection, channel) = lab.channel().await;
        let declared = channel.queue_declare(
            queue.name().into(),
            QueueDeclareOptions::exclusive(),
            FieldTable::default(),
        );
        assert_refused(declared.await.map(drop), &queue.name());
    }
    for queue in [Queue::Events, Queue::Heartbeats, Queue::Claims, Queue::DeadLetters] {
        assert_unreadable(&lab, &queue).await;
        let (_connection, channel) = lab.channel().await;
        let purged = channel.queue_purge(queue.name().into(), QueuePurgeOptions::default()).await;
        assert_refused(purged.map(drop), &queue.name());
        let (_connection, channel) = lab.channel().await;
        let deleted = channel.queue_delete(queue.name().into(), QueueDeleteOptions::default()).await;
        assert_refused(deleted.map(drop), &queue.name());
    }
    lab.end().await;
}

async fn assert_unreadable(lab: &Lab, queue: &Queue) {
    let (_connection, channel) = lab.channel().await;
    let consume = BasicConsumeOptions::default();
    let consumed =
        channel.basic_consume(queue.name().into(), "".into(), consume, FieldTable::default()).await;
    assert_refused(consumed.map(drop), &queue.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_binds_its_queues_to_nothing() {
    let lab = Lab::start().await;
    let own = Queue::Control(lab.worker.clone()).name();
    for exchange in ["live", "coordinators", "jobs", "events", "streams", "claims", "dead"] {
        let (_connection, channel) = lab.channel().await;
        channel
            .queue_declare(own.as_str().into(), QueueDeclareOptions::exclusive(), FieldTable::default())
            .await
            .expect("its own queue");
        let bind = QueueBindOptions::default();
        let bound =
            channel.queue_bind(own.as_str().into(), exchange.into(), "".into(), bind, FieldTable::default());
        assert_refused(bound.await, exchange);
        let (_connection, channel) = lab.channel().await;
        let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let kind = if exchange == "live" || exchange == "dead" {
            ExchangeKind::Fanout
        } else {
            ExchangeKind::Direct
        };
        let declared = channel.exchange_declare(exchange.into(), kind, options, FieldTable::default()).await;
        assert_refused(declared, exchange);
    }
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_writes_to_nobody_else_and_in_no_other_name() {
    let lab = Lab::start().await;
    let other = Queue::Control(WorkerId(lab.worker.0.replace("w.1", "w.2"))).name();
    for (exchange, key) in [
        ("", other.as_str()),
        ("", "jobs.execute.bulk"),
        ("jobs", "execute.bulk"),
        ("live", ""),
        ("coordinators", "c-1"),
        ("dead", ""),
    ] {
        let sent = publish(&lab, exchange, key, BasicProperties::default()).await;
        assert_refused(sent, &format!("{exchange}/{key}"));
    }
    let forged = BasicProperties::default().with_user_id("worker.other".into());
    let sent = publish(&lab, "events", "events", forged).await.expect_err("another name").to_string();
    assert!(sent.contains("PRECONDITION") || sent.contains("invalid channel state"), "{sent}");
    let own = BasicProperties::default().with_user_id(lab.own_name().into());
    publish(&lab, "events", "events", own).await.expect("its own name");
    lab.end().await;
}

async fn publish(lab: &Lab, exchange: &str, key: &str, properties: BasicProperties) -> lapin::Result<()> {
    let (_connection, channel) = lab.channel().await;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let options = BasicPublishOptions::default();
    channel.basic_publish(exchange.into(), key.into(), options, b"x", properties).await?.await.map(drop)
}

#[track_caller]
fn assert_refused(result: lapin::Result<()>, what: &str) {
    let error = result.expect_err(what).to_string();
    let refused = ["ACCESS_REFUSED", "invalid channel state"];
    assert!(refused.iter().any(|word| error.contains(word)), "{what}: {error}");
}
