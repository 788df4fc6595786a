//! Everything that handlers share, built once: configuration, services, limits.

use std::sync::Arc;

use anyhow::Context;
use engunity_artifacts::ObjectStore;
use engunity_languages::Catalog;
use engunity_store::Store;
use engunity_store::files::ProjectQuota;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::auth::Accounts;
use crate::auth::rate_limit::Limiter;
use crate::auth::tokens::{Keys, Tokens};
use crate::config::Config;
use crate::files::snapshot::Snapshots;
use crate::files::{Files, Limits};
use crate::jobs::Jobs;
use crate::orchestrator::{Orchestrator, Settings};
use crate::projects::Projects;
use crate::telemetry;

/// Requests with live input that one user may send: twenty a second, for several programs together.
const INPUTS_PER_MINUTE: u32 = 1200;

pub struct App {
    pub config: Config,
    pub store: Store,
    pub objects: ObjectStore,
    pub catalog: Arc<Catalog>,
    pub accounts: Accounts,
    pub tokens: Tokens,
    pub projects: Projects,
    pub files: Files,
    pub snapshots: Snapshots,
    pub jobs: Jobs,
    /// Workers, sessions and everything that runs in the background.
    pub orchestrator: Arc<Orchestrator>,
    /// Counts requests by user, or by address.
    pub limiter: Limiter,
    /// Counts what is typed into running programs.
    pub input_limiter: Limiter,
    pub metrics: PrometheusHandle,
}

impl App {
    /// Builds all dependencies; connects to none that may be down.
    pub async fn build(config: Config) -> anyhow::Result<Arc<Self>> {
        let store = Store::new(&config.postgres.url, config.postgres.pool_size).context("postgres.url")?;
        let objects = ObjectStore::new(config.s3.clone()).context("s3")?;
        let catalog =
            Catalog::load(&config.runtimes.dir).context("runtimes.dir")?.with_limits(&config.limits);
        let catalog = Arc::new(catalog);
        let orchestrator =
            Orchestrator::new(settings(&config), store.clone(), objects.clone()).context("broker.url")?;
        let notifier = orchestrator.notifier.clone();
        let auth = &config.auth;
        let keys = Arc::new(Keys::new(&auth.secret, auth.access_token_minutes));
        let limits = limits(&config);
        Ok(Arc::new(Self {
            accounts: Accounts::new(
                store.clone(),
                keys.clone(),
                auth.refresh_token_days,
                auth.login_failures_per_minute,
            ),
            tokens: Tokens::new(store.clone(), keys),
            projects: Projects::new(store.clone(), catalog.clone(), notifier.clone()),
            files: Files::new(store.clone(), objects.clone(), catalog.clone(), limits, notifier),
            snapshots: Snapshots::new(store.clone(), objects.clone()),
            jobs: orchestrator.jobs(),
            limiter: Limiter::new(config.rate_limit.per_minute),
            input_limiter: Limiter::new(INPUTS_PER_MINUTE),
            metrics: telemetry::metrics()?,
            config,
            store,
            objects,
            catalog,
            orchestrator,
        }))
    }
}

fn limits(config: &Config) -> Limits {
    let quota = &config.quota;
    let bytes = (quota.project_mb << 20) as i64;
    let quota_of_project = ProjectQuota { files: quota.project_files as i64, bytes };
    let history_days = config.retention.history_days;
    Limits { quota: quota_of_project, file_bytes: quota.file_mb << 20, history_days }
}

fn settings(config: &Config) -> Settings {
    Settings {
        broker_url: config.broker.url.clone(),
        sender_check: config.broker.sender_check(),
        id: config.coordinator.id.clone(),
        output_days: config.retention.output_days,
        job_days: config.retention.job_days,
    }
}
