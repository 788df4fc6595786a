//! `engunity-worker`: reads the configuration and runs the worker. SIGTERM and SIGINT drain it: short runs finish, long
//! ones are handed back.

use std::io::{self, IsTerminal};

use anyhow::{Context, anyhow};
use engunity_worker::{
    config::{Config, Log},
    start,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::load()?;
    init_logging(&config.log)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let worker = tokio::select! {
        worker = start(config) => worker?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    println!("ready as {}", worker.id());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    worker.drain().await;
    Ok(())
}

/// Writes log lines to stderr in the configured format.
fn init_logging(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter).context("log.filter")?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let initialized = if log.format == "json" { logs.json().try_init() } else { logs.try_init() };
    initialized.map_err(|error| anyhow!("could not start logging: {error}"))
}
