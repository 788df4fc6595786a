//! Receiving: a stream of deliveries that goes on after every loss.

use std::collections::HashMap;

use futures::StreamExt;
use lapin::{
    Acker, BasicProperties, Channel,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, BasicRejectOptions,
    },
    types::{FieldTable, ShortString},
};
use tokio::sync::mpsc;

use crate::{
    Queue,
    backoff::Backoff,
    connection::{Link, Links},
    packing,
    party::Party,
    recovering_channel,
};

/// A message from a queue. Dropped without an answer it stays unacknowledged until its consumer's channel ends;
/// then the broker delivers it again.
#[derive(Debug)]
pub struct Delivery {
    pub body: Vec<u8>,
    /// Its size as it was sent, compressed or not.
    pub wire_bytes: usize,
    pub routing_key: String,
    /// It was delivered before, perhaps to someone else.
    pub redelivered: bool,
    /// The broker user that sent it, verified by the broker; `None`: the sender gave no name.
    pub sender: Option<String>,
    acker: Acker,
    channel: Channel,
    reply_to: Option<(ShortString, ShortString)>,
}

impl Delivery {
    fn new(channel: &Channel, delivery: lapin::message::Delivery) -> Self {
        let properties = &delivery.properties;
        let reply_to = properties.reply_to().clone().zip(properties.correlation_id().clone());
        Self {
            wire_bytes: delivery.data.len(),
            body: packing::unpack(delivery.data, properties),
            routing_key: delivery.routing_key.to_string(),
            redelivered: delivery.redelivered,
            sender: properties.user_id().as_ref().map(ToString::to_string),
            acker: delivery.acker,
            channel: channel.clone(),
            reply_to,
        }
    }

    /// Acknowledges the message; returns false, without effect, if its link is lost (it will be delivered again).
    pub async fn ack(&self) -> bool {
        self.acker.ack(BasicAckOptions::default()).await.unwrap_or(false)
    }

    /// Gives the message back to the queue (`requeue`), or to the dead letters.
    pub async fn reject(&self, requeue: bool) -> bool {
        self.acker.reject(BasicRejectOptions { requeue }).await.unwrap_or(false)
    }

    /// Whether it can still be acknowledged.
    pub fn is_current(&self) -> bool {
        self.acker.usable()
    }

    /// Answers a request; returns false if the message is not a request or the link is lost.
    pub async fn reply(&self, body: &[u8]) -> bool {
        let Some((reply_to, correlation)) = self.reply_to.clone() else { return false };
        let properties = BasicProperties::default().with_correlation_id(correlation).with_delivery_mode(1);
        let options = BasicPublishOptions::default();
        self.channel.basic_publish("".into(), reply_to, options, body, properties).await.is_ok()
    }
}

/// Acknowledges a batch, and everything its queue's consumer received before it, with one frame. Only where one
/// task acknowledges everything a consumer yields, in order.
pub async fn ack_batch(batch: &[Delivery]) -> bool {
    let Some(last) = batch.iter().rev().find(|delivery| delivery.is_current()) else { return false };
    last.acker.ack(BasicAckOptions { multiple: true }).await.unwrap_or(false)
}

/// The same for a batch from several consumers, in the order in which each yielded them.
pub async fn ack_batches<'a>(batch: impl IntoIterator<Item = &'a Delivery>) {
    let current = batch.into_iter().filter(|delivery| delivery.is_current());
    let last: HashMap<u16, &Delivery> = current.map(|delivery| (delivery.channel.id(), delivery)).collect();
    for delivery in last.into_values() {
        let _ = delivery.acker.ack(BasicAckOptions { multiple: true }).await;
    }
}

/// Deliveries of one queue, link after link. Dropping it cancels; deliveries in hand can still be acknowledged.
pub struct Consumer {
    deliveries: mpsc::Receiver<Delivery>,
}

impl Consumer {
    pub(crate) fn start(links: Links, party: &Party, queue: Queue, prefetch: u16) -> Self {
        let (sender, deliveries) = mpsc::channel(usize::from(prefetch).clamp(1, 1024));
        let restores = party.declares_topology();
        let pump = Pump { queue, restores, prefetch, out: sender };
        tokio::spawn(async move { pump.run(links).await });
        Self { deliveries }
    }

    /// Waits for the next delivery; `None` only after the connection was closed for good. Safe to cancel.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let delivery = self.deliveries.recv().await?;
            if delivery.is_current() {
                return Some(delivery);
            }
        }
    }

    /// Waits for a delivery and takes what is there beside it, at most `most`; empty only after the connection was
    /// closed for good. Safe to cancel.
    pub async fn next_batch(&mut self, most: usize) -> Vec<Delivery> {
        let mut batch = Vec::new();
        while batch.is_empty() {
            if self.deliveries.recv_many(&mut batch, most).await == 0 {
                break;
            }
            batch.retain(Delivery::is_current);
        }
        batch
    }
}

impl Consumer {
    /// Takes what is there, at most `most`, without waiting.
    pub fn waiting(&mut self, most: usize) -> Vec<Delivery> {
        let there = std::iter::from_fn(|| self.deliveries.try_recv().ok());
        there.filter(Delivery::is_current).take(most).collect()
    }
}

/// The task behind a [`Consumer`].
struct Pump {
    queue: Queue,
    /// May declare a shared queue that is missing.
    restores: bool,
    prefetch: u16,
    out: mpsc::Sender<Delivery>,
}

impl Pump {
    async fn run(&self, mut links: Links) {
        let mut backoff = Backoff::new();
        while let Some(Ok(link)) = self.unless_dropped(recovering_channel::link(&mut links)).await {
            // Never cancelled in the middle: the broker would keep a consumer without a receiver.
            match self.subscribe(&link).await {
                Ok((channel, deliveries)) => {
                    backoff.reset();
                    if self.unless_dropped(self.forward(&channel, deliveries)).await.is_none() {
                        return;
                    }
                    tracing::debug!(queue = self.queue.name(), "a consumer ended; subscribing again");
                }
                Err(error) => {
                    tracing::warn!(queue = self.queue.name(), %error, "could not subscribe; trying again");
                    self.restore(&link).await;
                }
            }
            if self.unless_dropped(backoff.pause()).await.is_none() {
                return;
            }
        }
    }

    /// Waits for `work`; `None` as soon as the consumer is dropped.
    async fn unless_dropped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.out.closed() => None,
            result = work => Some(result),
        }
    }

    /// Declares a shared queue again that someone has deleted.
    async fn restore(&self, link: &Link) {
        if self.restores
            && !self.queue.is_exclusive()
            && let Err(error) = self.queue.ensure(&link.connection).await
        {
            tracing::debug!(queue = self.queue.name(), %error, "could not declare a queue");
        }
    }

    async fn subscribe(&self, link: &Link) -> lapin::Result<(Channel, lapin::Consumer)> {
        let channel = link.connection.create_channel().await?;
        // The shared ones came with the link.
        if self.queue.is_exclusive() {
            self.queue.declare(&channel).await?;
        }
        channel.basic_qos(self.prefetch, BasicQosOptions::default()).await?;
        let (name, options) = (self.queue.name().into(), BasicConsumeOptions::default());
        let deliveries = channel.basic_consume(name, "".into(), options, FieldTable::default()).await?;
        Ok((channel, deliveries))
    }

    /// Forwards deliveries until the channel ends or the consumer is dropped.
    async fn forward(&self, channel: &Channel, mut deliveries: lapin::Consumer) {
        while let Some(Ok(delivery)) = deliveries.next().await {
            if self.out.send(Delivery::new(channel, delivery)).await.is_err() {
                return;
            }
        }
    }
}
