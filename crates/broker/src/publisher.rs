//! Publishing: confirmed and in order, or best effort.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::{AMQPValue, FieldTable},
};
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    BrokerError, Queue, Result, Route, connection::Links, packing, party::Party,
    recovering_channel::RecoveringChannel,
};

/// Pause before a publish is tried again on a new link.
const RETRY_PAUSE: Duration = Duration::from_millis(20);
/// Pause before it is looked again whether the broker takes messages.
const BLOCKED_PAUSE: Duration = Duration::from_millis(100);

/// A body and where it goes.
#[derive(Debug, Clone)]
pub struct Message {
    pub route: Route,
    pub body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl Message {
    pub fn new(route: Route, body: Vec<u8>) -> Self {
        Self { route, body, headers: Vec::new() }
    }

    /// For the dead letters: what nobody can use, where it was found and why it is there.
    pub fn dead_letter(queue: &Queue, reason: &str, body: Vec<u8>) -> Self {
        let headers = vec![("engunity-queue", queue.name()), ("engunity-reason", reason.to_owned())];
        Self { route: Route::dead_letters(), body, headers }
    }

    fn properties(&self) -> BasicProperties {
        let properties = properties(self.route.persistent);
        if self.headers.is_empty() {
            return properties;
        }
        let mut table = FieldTable::default();
        for (name, value) in &self.headers {
            table.insert((*name).into(), AMQPValue::LongString(value.as_str().into()));
        }
        properties.with_headers(table)
    }
}

/// Sends messages: clone it freely.
#[derive(Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
}

struct Shared {
    party: Party,
    confirmed: RecoveringChannel<()>,
    /// A channel without confirms, for best-effort messages.
    passing: RecoveringChannel<()>,
    permits: Semaphore,
    in_flight: usize,
    confirm_timeout: Duration,
}

impl Publisher {
    pub(crate) fn new(links: Links, party: Party, in_flight: usize, confirm_timeout: Duration) -> Self {
        let shared = Shared {
            party,
            confirmed: RecoveringChannel::new(links.clone()),
            passing: RecoveringChannel::new(links),
            permits: Semaphore::new(in_flight),
            in_flight,
            confirm_timeout,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sends one message; returns when the broker has confirmed it. While there is no link it waits, up to the
    /// publisher's confirm timeout; when one is lost in the middle it sends again, so the message may arrive twice.
    pub async fn publish(&self, route: Route, body: Vec<u8>) -> Result<()> {
        let mut results = self.publish_all(&[Message::new(route, body)]).await;
        results.pop().unwrap_or(Err(BrokerError::Timeout))
    }

    /// Whether the broker takes no messages at present because of a resource alarm.
    pub fn is_blocked(&self) -> bool {
        self.shared.confirmed.is_blocked()
    }

    /// Sends many in their order without waiting in between; returns what became of each. After a loss the
    /// unconfirmed ones are sent again, in their order.
    pub async fn publish_all(&self, messages: &[Message]) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(messages.len());
        for part in messages.chunks(self.shared.in_flight) {
            results.extend(self.publish_part(part).await);
        }
        results
    }

    /// Sends without waiting for a link or a confirmation; returns whether it was written.
    pub async fn notify(&self, route: Route, body: &[u8]) -> bool {
        if !self.shared.passing.has_link() || self.shared.passing.is_blocked() {
            return false;
        }
        let sending = async {
            let (channel, ()) = self.shared.passing.get(async |_| Ok(())).await?;
            let options = BasicPublishOptions::default();
            let (body, properties) = packing::pack(body, self.shared.party.sign(properties(false)));
            channel
                .basic_publish(route.exchange.into(), route.key.into(), options, &body, properties)
                .await?;
            Ok::<(), BrokerError>(())
        };
        matches!(timeout(self.shared.confirm_timeout, sending).await, Ok(Ok(())))
    }

    async fn publish_part(&self, messages: &[Message]) -> Vec<Result<()>> {
        let mut results: Vec<_> = messages.iter().map(|_| Err(BrokerError::Timeout)).collect();
        if timeout(self.shared.confirm_timeout, self.until_confirmed(messages, &mut results)).await.is_err() {
            // The channel would keep the confirms of messages that were given up.
            self.shared.confirmed.discard().await;
        }
        results
    }

    async fn until_confirmed(&self, messages: &[Message], results: &mut [Result<()>]) {
        let Ok(_permits) = self.shared.permits.acquire_many(messages.len() as u32).await else { return };
        loop {
            let waiting: Vec<usize> =
                (0..messages.len()).filter(|i| wants_another_try(&results[*i])).collect();
            if waiting.is_empty() {
                return;
            }
            // Sent now, it would wait in memory, and again with each try.
            if self.shared.confirmed.is_blocked() {
                waiting.iter().for_each(|i| results[*i] = Err(BrokerError::Blocked));
                tokio::time::sleep(BLOCKED_PAUSE).await;
                continue;
            }
            match self.shared.confirmed.get(prepare).await {
                Ok((channel, ())) => {
                    let party = &self.shared.party;
                    let sent = join_all(waiting.iter().map(|i| send(&channel, party, &messages[*i]))).await;
                    waiting.iter().zip(sent).for_each(|(i, result)| results[*i] = result);
                }
                Err(error) => waiting.iter().for_each(|i| results[*i] = Err(error.clone())),
            }
            if results.iter().any(wants_another_try) {
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
    }
}

fn wants_another_try(result: &Result<()>) -> bool {
    matches!(result, Err(BrokerError::Timeout | BrokerError::Lost(_) | BrokerError::Blocked))
}

async fn prepare(channel: &Channel) -> lapin::Result<()> {
    channel.confirm_select(ConfirmSelectOptions::default()).await
}

/// Sends one message; its frames are queued at the first poll, so that joined sends keep their order.
async fn send(channel: &Channel, party: &Party, message: &Message) -> Result<()> {
    let Route { exchange, key, mandatory, .. } = &message.route;
    let options = BasicPublishOptions { mandatory: *mandatory, immediate: false };
    let (body, properties) = packing::pack(&message.body, party.sign(message.properties()));
    let confirm =
        channel.basic_publish((*exchange).into(), key.as_str().into(), options, &body, properties).await?;
    match confirm.await? {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => Err(BrokerError::Unroutable(key.clone())),
        Confirmation::Nack(_) => Err(BrokerError::Refused(key.clone())),
        Confirmation::NotRequested => Err(BrokerError::Lost("the channel does not confirm".into())),
    }
}

fn properties(persistent: bool) -> BasicProperties {
    BasicProperties::default().with_delivery_mode(if persistent { 2 } else { 1 })
}
