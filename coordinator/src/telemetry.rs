//! Logs and metrics of this process: set up once, however many coordinators a test runs in it.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, anyhow};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::Log;
use crate::supervisor::Service;

/// Histograms keep every value until they are aggregated.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Writes log lines to standard error, with the configured filter and format.
pub fn logs(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter).context("log.filter")?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let set = if log.format == "json" { logs.json().try_init() } else { logs.try_init() };
    set.map_err(|error| anyhow!("could not start logging: {error}"))
}

/// The process's metrics, for `/metrics` to render.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)?;
    let handle = builder.install_recorder().context("metrics")?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// Bounds the memory of metrics that are not scraped.
pub fn upkeep(metrics: PrometheusHandle) -> Service {
    Service::new("metrics", move || {
        let metrics = metrics.clone();
        async move {
            loop {
                tokio::time::sleep(UPKEEP_INTERVAL).await;
                metrics.run_upkeep();
            }
        }
    })
}
