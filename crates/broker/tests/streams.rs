//! Who may use which queue of streams: a worker that was taken over can neither read nor write the streams of others.
//! Needs `ENGUNITY__BROKER__MANAGEMENT_URL` (`./dev test` sets it).

use std::time::Duration;

use engunity_broker::{Connection, Queue, Route};
use engunity_protocol::{CoordinatorId, WorkerId};
use engunity_testkit::broker::{Permissions, Vhost};
use lapin::{
    Channel, ConnectionProperties,
    options::{
        BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::FieldTable,
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// What a broker user of one worker needs for its streams.
fn permissions(worker: &WorkerId) -> Permissions {
    let own_queue = format!("^{}$", regex_escape(&Queue::WorkerStreams(worker.clone()).name()));
    Permissions { configure: own_queue.clone(), write: "^streams$".into(), read: own_queue }
}

fn regex_escape(name: &str) -> String {
    name.replace('.', "\\.")
}

/// A channel on a connection of its own, because each refusal ends the channel.
async fn channel(url: &str) -> (lapin::Connection, Channel) {
    let connection =
        lapin::Connection::connect(url, ConnectionProperties::default()).await.expect("a connection");
    let channel = connection.create_channel().await.expect("a channel");
    (connection, channel)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reaches_its_own_streams_only() {
    let vhost = Vhost::create().await.unwrap();
    let coordinator = CoordinatorId("c-1".into());
    let (own, other) = (WorkerId("w-1".into()), WorkerId("w-2".into()));
    let trusted = Connection::open(&vhost.url(), "coordinator").unwrap();
    assert!(trusted.wait_connected(TIMEOUT).await, "declares the topology");
    let mut inbox = trusted.consume(Queue::CoordinatorStreams(coordinator.clone()), 8);
    let restricted = vhost.create_user(&permissions(&own)).await.unwrap();
    let own_queue = Queue::WorkerStreams(own.clone()).name();
    let other_queue = Queue::WorkerStreams(other).name();

    let (_connection, worker) = channel(&restricted.url).await;
    let exclusive = QueueDeclareOptions::exclusive();
    worker.queue_declare(own_queue.as_str().into(), exclusive, FieldTable::default()).await.unwrap();
    // It reads what is sent to it, and writes to any coordinator.
    trusted
        .publisher(1, TIMEOUT)
        .publish(Route::queue(&Queue::WorkerStreams(own)), b"a".to_vec())
        .await
        .unwrap();
    let get = BasicGetOptions { no_ack: true };
    let message = worker.basic_get(own_queue.as_str().into(), get).await.unwrap().expect("its message");
    assert_eq!(message.data, b"a");
    let (exchange, key) = ("streams", coordinator.to_string());
    worker.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let mandatory = BasicPublishOptions { mandatory: true, ..Default::default() };
    let arrives = async {
        loop {
            // The queue of the coordinator is declared by a task of its own.
            let publish = worker.basic_publish(
                exchange.into(),
                key.as_str().into(),
                mandatory,
                b"b",
                Default::default(),
            );
            if publish.await.unwrap().await.unwrap() == lapin::Confirmation::Ack(None) {
                return inbox.next().await.unwrap().body;
            }
        }
    };
    assert_eq!(tokio::time::timeout(TIMEOUT, arrives).await.unwrap(), b"b");

    // Everything else is refused.
    let consume = BasicConsumeOptions::default();
    let (_connection, read) = channel(&restricted.url).await;
    let refused =
        read.basic_consume(other_queue.as_str().into(), "".into(), consume, FieldTable::default()).await;
    assert_refused(refused.map(drop));
    let (_connection, declare) = channel(&restricted.url).await;
    let refused = declare.queue_declare(other_queue.as_str().into(), exclusive, FieldTable::default()).await;
    assert_refused(refused.map(drop));
    let bind = QueueBindOptions::default();
    let refused = worker
        .queue_bind(
            own_queue.as_str().into(),
            exchange.into(),
            key.as_str().into(),
            bind,
            FieldTable::default(),
        )
        .await;
    assert_refused(refused);
    let (_connection, write) = channel(&restricted.url).await;
    write.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let publish =
        write.basic_publish("".into(), other_queue.as_str().into(), mandatory, b"x", Default::default());
    let refused = match publish.await {
        Ok(confirm) => confirm.await.map(drop),
        Err(error) => Err(error),
    };
    assert_refused(refused);

    trusted.close().await;
    vhost.delete_user(&restricted).await.unwrap();
    vhost.delete().await.unwrap();
}

#[track_caller]
fn assert_refused(result: lapin::Result<()>) {
    let error = result.expect_err("is refused").to_string();
    assert!(error.contains("ACCESS_REFUSED") || error.contains("invalid channel state"), "{error}");
}
