//! Everything that handlers and actors share, built once: configuration, the outer services, keys and limits.

use std::sync::Arc;

use anyhow::Context;
use engunity_artifacts::ObjectStore;
use engunity_languages::Catalog;
use engunity_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::auth::rate_limit::Limiter;
use crate::auth::tokens::Keys;
use crate::config::Config;
use crate::orchestrator::{Orchestrator, Settings};
use crate::projects::ProjectBatcher;
use crate::telemetry;

/// Requests with live input that one user may send: twenty a second, for several programs together.
const INPUTS_PER_MINUTE: u32 = 1200;

pub struct App {
    pub config: Config,
    pub store: Store,
    /// Projects, where many requests share a statement.
    pub projects: ProjectBatcher,
    /// Jobs, fleet and sessions.
    pub orchestrator: Arc<Orchestrator>,
    pub objects: ObjectStore,
    pub catalog: Arc<Catalog>,
    pub keys: Keys,
    pub limiter: Limiter,
    /// Counts what is typed into running programs.
    pub input_limiter: Limiter,
    /// Counts failed logins by address and email.
    pub login_failures: Limiter,
    pub metrics: PrometheusHandle,
}

impl App {
    /// Builds all dependencies; connects to none that may be down.
    pub async fn build(config: Config) -> anyhow::Result<Arc<Self>> {
        let store = Store::new(&config.postgres.url, config.postgres.pool_size).context("postgres.url")?;
        let objects = ObjectStore::new(config.s3.clone()).context("s3")?;
        let catalog =
            Catalog::load(&config.runtimes.dir).context("runtimes.dir")?.with_limits(&config.limits);
        let orchestrator =
            Orchestrator::new(settings(&config), store.clone(), objects.clone()).context("broker.url")?;
        let keys = Keys::new(&config.auth.secret, config.auth.access_token_minutes);
        let projects = ProjectBatcher::open(&store);
        let limiter = Limiter::new(config.rate_limit.per_minute);
        let input_limiter = Limiter::new(INPUTS_PER_MINUTE);
        let login_failures = Limiter::new(config.auth.login_failures_per_minute);
        let metrics = telemetry::metrics()?;
        Ok(Arc::new(Self {
            config,
            store,
            projects,
            orchestrator,
            objects,
            catalog: Arc::new(catalog),
            keys,
            limiter,
            input_limiter,
            login_failures,
            metrics,
        }))
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        broker_url: config.broker.url.clone(),
        id: config.coordinator.id.clone(),
        output_days: config.retention.output_days,
        job_days: config.retention.job_days,
    }
}
