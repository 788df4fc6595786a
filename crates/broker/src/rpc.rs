//! Request and answer over the broker: direct reply-to on the asking side, a consumer on the answering one.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use lapin::{
    BasicProperties, Channel,
    options::{BasicConsumeOptions, BasicPublishOptions},
    types::FieldTable,
};
use tokio::{sync::oneshot, time::timeout};
use uuid::Uuid;

use crate::{
    BrokerError, Connection, Queue, Result, Route, connection::Links, party::Party,
    recovering_channel::RecoveringChannel,
};

/// RabbitMQ's pseudo-queue: answers come straight to the asking channel.
const REPLIES: &str = "amq.rabbitmq.reply-to";

/// Sends requests and waits for their answers: clone it freely.
#[derive(Clone)]
pub struct RpcClient {
    channel: Arc<RecoveringChannel<Waiting>>,
    party: Party,
}

impl RpcClient {
    pub(crate) fn new(links: Links, party: Party) -> Self {
        Self { channel: Arc::new(RecoveringChannel::new(links)), party }
    }

    /// Sends `body` to `queue` and waits for the answer, all within `reply_timeout`. A request that is not answered by
    /// then is dropped by the broker; it may have been served.
    pub async fn call(&self, queue: &Queue, body: &[u8], reply_timeout: Duration) -> Result<Vec<u8>> {
        timeout(reply_timeout, self.ask(queue, body, reply_timeout))
            .await
            .unwrap_or(Err(BrokerError::Timeout))
    }

    async fn ask(&self, queue: &Queue, body: &[u8], reply_timeout: Duration) -> Result<Vec<u8>> {
        if self.channel.is_blocked() {
            return Err(BrokerError::Blocked);
        }
        let (channel, waiting) = self.channel.get(receive).await?;
        let question = waiting.enter();
        let Route { exchange, key, mandatory, .. } = Route::queue(queue);
        let properties = BasicProperties::default()
            .with_reply_to(REPLIES.into())
            .with_correlation_id(question.id.as_str().into())
            .with_expiration(reply_timeout.as_millis().max(1).to_string().into())
            .with_delivery_mode(1);
        let properties = self.party.sign(properties);
        let options = BasicPublishOptions { mandatory, immediate: false };
        channel.basic_publish(exchange.into(), key.into(), options, body, properties).await?;
        question.answer().await
    }
}

/// Starts to take in the answers that come to `channel`.
async fn receive(channel: &Channel) -> lapin::Result<Waiting> {
    let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
    let mut answers =
        channel.basic_consume(REPLIES.into(), "".into(), options, FieldTable::default()).await?;
    let waiting = Waiting::default();
    let listed = waiting.clone();
    tokio::spawn(async move {
        while let Some(Ok(answer)) = answers.next().await {
            if let Some(id) = answer.properties.correlation_id() {
                listed.answer(id.as_str(), answer.data);
            }
        }
        // No answer will come on this channel any more.
        listed.lock().clear();
    });
    Ok(waiting)
}

type Askers = HashMap<String, oneshot::Sender<Vec<u8>>>;

/// The requests on one channel that wait for their answers.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Askers>>);

impl Waiting {
    fn enter(&self) -> Question {
        let (sender, answer) = oneshot::channel();
        let id = Uuid::new_v4().simple().to_string();
        self.lock().insert(id.clone(), sender);
        Question { id, answer: Some(answer), waiting: self.clone() }
    }

    fn answer(&self, id: &str, body: Vec<u8>) {
        if let Some(asker) = self.lock().remove(id) {
            let _ = asker.send(body);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Askers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One wait; leaves the list when dropped.
struct Question {
    id: String,
    answer: Option<oneshot::Receiver<Vec<u8>>>,
    waiting: Waiting,
}

impl Question {
    async fn answer(mut self) -> Result<Vec<u8>> {
        let lost = || BrokerError::Lost("before the answer came".into());
        self.answer.take().ok_or_else(lost)?.await.map_err(|_| lost())
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.waiting.lock().remove(&self.id);
    }
}

/// A request, and the broker user that sent it ([`crate::Delivery::sender`]).
pub struct Request {
    pub body: Vec<u8>,
    pub sender: Option<String>,
}

/// Answers requests from `queue` for as long as the returned future is polled, up to `at_once` at the same time.
/// A request is acknowledged after its answer; where `handle` returns `None` there is no answer, and the request times out at its
/// sender.
pub async fn serve<H, F>(connection: &Connection, queue: Queue, at_once: u16, handle: H)
where
    H: Fn(Request) -> F,
    F: Future<Output = Option<Vec<u8>>>,
{
    let mut requests = connection.consume(queue, at_once);
    let incoming = futures::stream::poll_fn(move |context| {
        let next = std::pin::pin!(requests.next());
        next.poll(context)
    });
    let served = incoming.for_each_concurrent(usize::from(at_once), |mut request| {
        let (body, sender) = (std::mem::take(&mut request.body), request.sender.take());
        let work = handle(Request { body, sender });
        async move {
            if let Some(answer) = work.await {
                request.reply(&answer).await;
            }
            request.ack().await;
        }
    });
    served.await;
}
