//! The supervisor: one task that keeps a link to the broker, and the handle everything else is made from.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use lapin::{ConnectionProperties, Event, uri::AMQPUri};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    BrokerError, Consumer, Publisher, Queue, Result, RpcClient, backoff::Backoff, party::Party, topology,
};

/// For connecting, including the declaration of the topology.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// AMQP heartbeat: a peer that is silent twice as long is gone.
const HEARTBEAT_S: u16 = 5;
/// The loss of a link causes an event; the state is polled as well, in case the event is missed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// One life of the connection to the broker.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) number: u64,
    pub(crate) connection: Arc<lapin::Connection>,
}

pub(crate) type Links = watch::Receiver<Option<Link>>;

/// A supervised connection: clone it freely. It ends with [`Connection::close`], or when nothing uses it any more.
#[derive(Clone)]
pub struct Connection {
    links: Links,
    up: watch::Receiver<bool>,
    blocked: watch::Receiver<bool>,
    closing: CancellationToken,
    party: Party,
}

impl Connection {
    /// Starts to connect to `url` and returns at once: everything made from the handle waits for the link.
    /// `name` is what the broker's administrator sees. The connection declares the whole topology.
    pub fn open(url: &str, name: &str) -> Result<Self> {
        Self::start(url, name, |_| Party::Coordinator)
    }

    /// The same for a worker: it declares its own queues only, and every message names its broker user, which the broker
    /// verifies.
    pub fn open_worker(url: &str, name: &str) -> Result<Self> {
        Self::start(url, name, |uri| Party::Worker { user: uri.authority.userinfo.username.as_str().into() })
    }

    fn start(url: &str, name: &str, party: impl FnOnce(&AMQPUri) -> Party) -> Result<Self> {
        let mut uri: AMQPUri = url.parse().map_err(BrokerError::Url)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
        let (link_sender, links) = watch::channel(None);
        let (up_sender, up) = watch::channel(false);
        let (blocked_sender, blocked) = watch::channel(false);
        let closing = CancellationToken::new();
        let party = party(&uri);
        let supervisor = Supervisor {
            uri,
            name: name.to_owned(),
            declares: party.declares_topology(),
            links: link_sender,
            up: up_sender,
            blocked: blocked_sender,
        };
        let stop = closing.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = supervisor.links.closed() => {}
                () = supervisor.run() => {}
            }
            supervisor.shut().await;
        });
        Ok(Self { links, up, blocked, closing, party })
    }

    /// Whether there is a link with its topology, now and on every change.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.up.clone()
    }

    pub fn is_connected(&self) -> bool {
        *self.up.borrow()
    }

    /// Whether the broker takes no messages because of a resource alarm, now and on every change. It still delivers; but
    /// this link sends nothing, not even acknowledgements.
    pub fn blocked(&self) -> watch::Receiver<bool> {
        self.blocked.clone()
    }

    pub fn is_blocked(&self) -> bool {
        *self.blocked.borrow()
    }

    /// Waits for a link, at most `max_wait`; returns whether there is one.
    pub async fn wait_connected(&self, max_wait: Duration) -> bool {
        let mut up = self.up.clone();
        matches!(timeout(max_wait, up.wait_for(|up| *up)).await, Ok(Ok(_)))
    }

    /// A publisher with at most `in_flight` unconfirmed messages, which gives up on one after `confirm_timeout`.
    pub fn publisher(&self, in_flight: usize, confirm_timeout: Duration) -> Publisher {
        Publisher::new(self.links.clone(), self.party.clone(), in_flight, confirm_timeout)
    }

    /// Consumes `queue` with at most `prefetch` unacknowledged deliveries; 0 is no bound. The queue is declared first, but a
    /// worker waits for a shared one until a coordinator has declared it.
    pub fn consume(&self, queue: Queue, prefetch: u16) -> Consumer {
        Consumer::start(self.links.clone(), &self.party, queue, prefetch)
    }

    pub fn rpc(&self) -> RpcClient {
        RpcClient::new(self.links.clone(), self.party.clone())
    }

    /// Closes the connection; what was made from it works no more.
    pub async fn close(&self) {
        self.closing.cancel();
        let mut up = self.up.clone();
        let _ = timeout(CONNECT_TIMEOUT, up.wait_for(|up| !*up)).await;
    }
}

struct Supervisor {
    uri: AMQPUri,
    name: String,
    declares: bool,
    links: watch::Sender<Option<Link>>,
    up: watch::Sender<bool>,
    blocked: watch::Sender<bool>,
}

impl Supervisor {
    async fn run(&self) {
        let mut backoff = Backoff::new();
        for number in 1.. {
            match self.connect().await {
                Ok(connection) => {
                    tracing::info!(broker.link = number, "connected to the broker");
                    backoff.reset();
                    self.hold(number, connection).await;
                }
                Err(error) if backoff.is_fresh() => {
                    tracing::warn!(%error, "could not connect to the broker; trying again")
                }
                Err(error) => tracing::debug!(%error, "could not connect to the broker"),
            }
            backoff.pause().await;
        }
    }

    async fn connect(&self) -> Result<lapin::Connection> {
        timeout(CONNECT_TIMEOUT, self.connect_and_declare()).await.unwrap_or(Err(BrokerError::Timeout))
    }

    async fn connect_and_declare(&self) -> Result<lapin::Connection> {
        let properties = ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let connection = lapin::Connection::connect_uri(self.uri.clone(), properties).await?;
        if self.declares {
            topology::declare(&connection).await?;
        }
        Ok(connection)
    }

    /// Shares the link until it is lost.
    async fn hold(&self, number: u64, connection: lapin::Connection) {
        let connection = Arc::new(connection);
        self.links.send_replace(Some(Link { number, connection: connection.clone() }));
        self.up.send_replace(true);
        let reason = self.until_lost(&connection).await;
        self.blocked.send_replace(false);
        self.up.send_replace(false);
        self.links.send_replace(None);
        tracing::warn!(broker.link = number, %reason, "lost the connection to the broker");
    }

    async fn shut(&self) {
        let link = self.links.send_replace(None);
        if let Some(link) = link {
            let _ = timeout(Duration::from_secs(2), link.connection.close(200, "bye".into())).await;
        }
        self.up.send_replace(false);
    }

    /// Waits until the connection is lost, and tells when it is blocked; returns the reason, if the broker gave one.
    async fn until_lost(&self, connection: &lapin::Connection) -> String {
        let mut events = Box::pin(connection.events_listener());
        let mut reason = "it ended".to_owned();
        while connection.status().connected() {
            match timeout(LOOK_EVERY, events.next()).await {
                Ok(Some(Event::Error(error))) => reason = error.to_string(),
                Ok(None) => break,
                _ => {}
            }
            self.set_blocked(connection.status().blocked());
        }
        reason
    }

    fn set_blocked(&self, blocked: bool) {
        let changed = self.blocked.send_if_modified(|before| std::mem::replace(before, blocked) != blocked);
        if changed && blocked {
            tracing::warn!(name = self.name, "the broker takes no messages at present: a resource alarm");
        } else if changed {
            tracing::info!(name = self.name, "the broker takes messages again");
        }
    }
}
