//! A TCP proxy between a process and a service, with the faults of networks: cut, refuse, freeze (in one direction or both),
//! slow, and connections that only one end still believes in.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

const PIECE: usize = 64 * 1024;

/// What happens to bytes of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Open,
    /// They wait; the connections stay.
    Frozen,
    /// Each piece is this late.
    Slow(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flows {
    /// From the process to the service.
    up: Flow,
    down: Flow,
}

/// Passes connections on to a target (the broker, the database, object storage).
pub struct Proxy {
    pub address: SocketAddr,
    switch: Arc<Switch>,
}

struct Switch {
    open: AtomicBool,
    /// Number of connections refused while the proxy was closed.
    refused: AtomicU64,
    /// Number of cuts. A connection ends when the number changes.
    cuts: watch::Sender<u64>,
    flows: watch::Sender<Flows>,
    /// Number of times that connections were stranded. One of an earlier number passes nothing more.
    stranded: watch::Sender<u64>,
}

impl Proxy {
    pub async fn start(target: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let switch = Arc::new(Switch {
            open: AtomicBool::new(true),
            refused: AtomicU64::new(0),
            cuts: watch::channel(0).0,
            flows: watch::channel(Flows { up: Flow::Open, down: Flow::Open }).0,
            stranded: watch::channel(0).0,
        });
        tokio::spawn(accept(listener, target, switch.clone()));
        Ok(Self { address, switch })
    }

    /// Closes all connections and accepts new ones.
    pub fn cut(&self) {
        self.switch.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Closes all connections and refuses new ones until [`Proxy::open`].
    pub fn close(&self) {
        self.switch.open.store(false, Ordering::SeqCst);
        self.cut();
    }

    /// Undoes [`Proxy::close`] and [`Proxy::set_flow`].
    pub fn open(&self) {
        self.switch.open.store(true, Ordering::SeqCst);
        self.set_flow(Flow::Open, Flow::Open);
    }

    /// Sets what happens to bytes to and from the target, on all connections.
    pub fn set_flow(&self, up: Flow, down: Flow) {
        self.switch.flows.send_replace(Flows { up, down });
    }

    /// No byte passes, and no connection ends, until [`Proxy::open`].
    pub fn freeze(&self) {
        self.set_flow(Flow::Frozen, Flow::Frozen);
    }

    /// Closes the target's end of all connections; the other end hears of it only by silence. New ones are fine.
    pub fn strand(&self) {
        self.switch.stranded.send_modify(|number| *number += 1);
    }

    /// Number of connections refused while closed.
    pub fn refused(&self) -> u64 {
        self.switch.refused.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, target: String, switch: Arc<Switch>) {
    while let Ok((client, _)) = listener.accept().await {
        if switch.open.load(Ordering::SeqCst) {
            tokio::spawn(pass(client, target.clone(), switch.clone()));
        } else {
            switch.refused.fetch_add(1, Ordering::SeqCst);
        }
    }
}

async fn pass(client: TcpStream, target: String, switch: Arc<Switch>) {
    let (mut cuts, mut stranded) = (switch.cuts.subscribe(), switch.stranded.subscribe());
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let both = async {
        tokio::join!(
            copy(&mut from_client, &mut to_server, switch.flows.subscribe(), |flows| flows.up),
            copy(&mut from_server, &mut to_client, switch.flows.subscribe(), |flows| flows.down),
        );
    };
    tokio::select! {
        () = both => return,
        _ = cuts.changed() => return,
        _ = stranded.changed() => {}
    }
    drop((from_server, to_server));
    let _ = tokio::join!(cuts.changed(), discard(&mut from_client));
}

/// Copies until the source ends, and then ends the sink.
async fn copy(
    source: &mut OwnedReadHalf,
    sink: &mut OwnedWriteHalf,
    mut flows: watch::Receiver<Flows>,
    of: fn(&Flows) -> Flow,
) {
    let mut piece = vec![0; PIECE];
    loop {
        // Before the read, so that a frozen direction fills the buffers of the system, as a frozen host would.
        let Ok(flow) = flows.wait_for(|flows| of(flows) != Flow::Frozen).await.map(|flows| of(&flows)) else {
            return;
        };
        let read = tokio::select! {
            read = source.read(&mut piece) => read.unwrap_or(0),
            _ = flows.changed() => continue,
        };
        if let Flow::Slow(delay) = flow {
            sleep(delay).await;
        }
        if read == 0 || sink.write_all(&piece[..read]).await.is_err() {
            let _ = sink.shutdown().await;
            return;
        }
    }
}

/// Takes what the process still sends, as a network does that loses it.
async fn discard(source: &mut OwnedReadHalf) {
    let mut piece = vec![0; PIECE];
    while source.read(&mut piece).await.is_ok_and(|read| read > 0) {}
}
