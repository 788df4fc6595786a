//! Services: what a coordinator reaches by a stream, without a job row. A service answers a request (search) or keeps a
//! stream open (terminals, previews). Nothing that passes here is recorded.
//!
//! To add a service: a file here with a [`Service`], and a line in [`start`].

mod echo;
mod input;
mod search;

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use engunity_broker::{
    Connection,
    streams::{Accept, Stream, StreamServer},
};
use engunity_protocol::{search::SEARCH_SERVICE, stream::ResetReason};

use crate::context::WorkerContext;

/// Starts to accept streams on a connection of their own.
pub fn start(connection: Connection, context: Arc<WorkerContext>) -> StreamServer {
    let (worker, input) = (context.identity.id.clone(), input::Input(context.status.clone()));
    let services = Registry::default()
        .with("echo", echo::Echo)
        .with("input", input)
        .with(SEARCH_SERVICE, search::Search::new(context));
    StreamServer::start(connection, worker, services)
}

/// One kind of stream.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Serves one stream to its end. Dropped when the stream is reset or its peer is lost; an error resets it.
    async fn serve(&self, params: Vec<u8>, stream: &mut Stream) -> anyhow::Result<()>;
}

/// The services of this worker, by name.
#[derive(Default)]
pub struct Registry {
    services: HashMap<&'static str, Arc<dyn Service>>,
}

impl Registry {
    pub fn with(mut self, name: &'static str, service: impl Service) -> Self {
        self.services.insert(name, Arc::new(service));
        self
    }
}

impl Accept for Registry {
    fn accept(&self, service: &str, params: Vec<u8>, stream: Stream) {
        match self.services.get(service) {
            Some(service) => drop(tokio::spawn(serve(service.clone(), params, stream))),
            None => stream.control().reset(ResetReason::UnknownService, service),
        }
    }
}

async fn serve(service: Arc<dyn Service>, params: Vec<u8>, mut stream: Stream) {
    let control = stream.control();
    let served = tokio::select! {
        biased;
        _ = control.failed() => return,
        served = service.serve(params, &mut stream) => served,
    };
    match served {
        Ok(()) => stream.close().await,
        Err(error) => control.reset(ResetReason::Failed, &format!("{error:#}")),
    }
}
