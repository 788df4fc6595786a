//! A channel that is opened when it is needed, and again after it or its link was lost.

use lapin::Channel;
use tokio::sync::Mutex;

use crate::{
    BrokerError, Result,
    connection::{Link, Links},
};

/// `T` is state that belongs to the current channel and is dropped with it.
pub(crate) struct RecoveringChannel<T> {
    links: Links,
    current: Mutex<Option<Current<T>>>,
}

struct Current<T> {
    link: u64,
    channel: Channel,
    more: T,
}

impl<T: Clone> RecoveringChannel<T> {
    pub(crate) fn new(links: Links) -> Self {
        Self { links, current: Mutex::new(None) }
    }

    /// Returns the channel, after waiting for a link if there is none; a new one is set up by `prepare`.
    pub(crate) async fn get(
        &self,
        prepare: impl AsyncFnOnce(&Channel) -> lapin::Result<T>,
    ) -> Result<(Channel, T)> {
        let link = link(&mut self.links.clone()).await?;
        let mut current = self.current.lock().await;
        if let Some(current) = current.as_ref().filter(|current| current.is_good(&link)) {
            return Ok((current.channel.clone(), current.more.clone()));
        }
        let channel = link.connection.create_channel().await?;
        let more = prepare(&channel).await?;
        *current = Some(Current { link: link.number, channel: channel.clone(), more: more.clone() });
        Ok((channel, more))
    }

    /// Drops the channel: the next caller opens a new one.
    pub(crate) async fn discard(&self) {
        self.current.lock().await.take();
    }

    pub(crate) fn has_link(&self) -> bool {
        self.links.borrow().is_some()
    }

    /// Whether what is sent now would only fill memory until the broker takes messages again.
    pub(crate) fn is_blocked(&self) -> bool {
        self.links.borrow().as_ref().is_some_and(|link| link.connection.status().blocked())
    }
}

impl<T> Current<T> {
    fn is_good(&self, link: &Link) -> bool {
        self.link == link.number && self.channel.status().connected()
    }
}

/// Waits for a link; fails only when the connection was closed for good.
pub(crate) async fn link(links: &mut Links) -> Result<Link> {
    let found = links.wait_for(Option::is_some).await.map_err(|_| closed())?;
    found.clone().ok_or_else(closed)
}

fn closed() -> BrokerError {
    BrokerError::Lost("the connection was closed".into())
}
