//! Removal of what killed test runs left: processes, vhosts, databases and buckets.

use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use tokio::sync::OnceCell;

use crate::{
    ServiceConfig, broker,
    broker::Vhost,
    bucket, database,
    names::{is_stale, stale_processes},
};

/// Removes the leftovers of ended test runs, once per process.
pub async fn run_once(services: &ServiceConfig) -> Result<()> {
    static DONE: OnceCell<()> = OnceCell::const_new();
    DONE.get_or_try_init(|| run(services)).await.copied()
}

async fn run(services: &ServiceConfig) -> Result<()> {
    for pid in stale_processes() {
        let _ = kill(pid, Signal::SIGKILL);
    }
    for name in broker::vhosts(services).await?.iter().filter(|name| is_stale(name)) {
        Vhost::at(&services.broker_url, &services.management_url, name)?.delete().await?;
    }
    broker::remove_worker_users(services, is_stale).await?;
    for name in database::names(services).await?.iter().filter(|name| is_stale(name)) {
        database::drop_database(services, name).await?;
        bucket::remove(services, name).await?;
    }
    Ok(())
}
