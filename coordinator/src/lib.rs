//! The coordinator: serves the API and dispatches jobs. Handlers (`api`) call services (`files`, `auth`, `jobs`, `projects`,
//! `search`, `session`), which commit and then notify (`notify`).
//! [`start`] runs a whole coordinator within a process, so that tests can run several.

mod api;
pub mod app;
mod auth;
pub mod config;
mod database_watch;
mod files;
mod http;
mod jobs;
mod limits;
mod maintenance;
mod notify;
pub mod orchestrator;
mod projects;
mod search;
mod session;
mod supervisor;
pub mod telemetry;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Config;
use crate::maintenance::{clocks, gc_accounts};
use crate::supervisor::{Background, Service, every};

/// Pause between attempts to reach a database that is not up yet.
const RETRY: Duration = Duration::from_secs(1);

/// How often the rest of deleted accounts is looked for.
const ACCOUNTS_INTERVAL: Duration = Duration::from_secs(10);

/// A running coordinator.
pub struct Running {
    pub address: SocketAddr,
    pub app: Arc<App>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    background: Background,
}

/// Brings the database up to date, starts all parts and listens.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    let app = App::build(config).await?;
    migrate(&app).await?;
    ensure_bucket(&app);
    app.revocations.load().await?;
    let background = app.orchestrator.start(services(&app)).await?;
    let listener = TcpListener::bind(app.config.http.listen)
        .await
        .with_context(|| format!("http.listen {}", app.config.http.listen))?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let serving = tokio::spawn(http::serve(app.clone(), api::routes(), listener, stop.clone()));
    write_port(&app.config, address)?;
    Ok(Running { address, app, stop, serving, background })
}

/// Periodic work, beside the orchestrator's own services.
fn services(app: &Arc<App>) -> Vec<Service> {
    let mut services = clocks::services(&app.orchestrator);
    services.push(telemetry::upkeep(app.metrics.clone()));
    let (revocations, limits) = (app.revocations.clone(), app.limits.clone());
    services.push(Service::new("revocations", move || {
        let revocations = revocations.clone();
        async move { revocations.follow().await }
    }));
    services.push(Service::new("limits", move || {
        let limits = limits.clone();
        async move { limits.follow().await }
    }));
    let app = app.clone();
    services.push(Service::new("gc-accounts", move || {
        let app = app.clone();
        every(ACCOUNTS_INTERVAL, "remove deleted accounts", move || gc_accounts::collect(app.clone()))
    }));
    services
}

impl Running {
    /// Says that it is not ready, and after a grace stops listening, finishes requests in progress, and returns within the drain period.
    pub async fn stop(self) {
        self.app.leaving.cancel();
        tokio::time::sleep(self.app.config.shutdown_grace()).await;
        self.stop.cancel();
        self.app.orchestrator.drain();
        let _ = self.serving.await;
        self.app.orchestrator.stop(self.background).await;
    }
}

/// Waits for the database: services start in any order. A migration that fails is fatal.
async fn migrate(app: &App) -> anyhow::Result<()> {
    loop {
        match app.store.migrate().await {
            Ok(0) => return Ok(()),
            Ok(count) => {
                tracing::info!(count, "migrated the database");
                return Ok(());
            }
            Err(engunity_store::StoreError::Unavailable(cause)) => {
                tracing::warn!(%cause, "waiting for the database");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Object storage may be down now; `/readyz` creates the bucket later.
fn ensure_bucket(app: &Arc<App>) {
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = app.objects.ensure_bucket().await {
            tracing::warn!(%error, "could not create the bucket in object storage");
        }
    });
}

fn write_port(config: &Config, address: SocketAddr) -> anyhow::Result<()> {
    if config.http.port_file.is_empty() {
        return Ok(());
    }
    std::fs::write(&config.http.port_file, address.port().to_string()).context("http.port_file")
}
