//! Everything that handlers share, built once: configuration, services, limits.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engunity_artifacts::ObjectStore;
use engunity_languages::Catalog;
use engunity_store::files::ProjectQuota;
use engunity_store::{HistoryLimits, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::api::health::LastReadiness;
use crate::auth::mail::Mailer;
use crate::auth::rate_limit::Limiter;
use crate::auth::revocations::Revocations;
use crate::auth::tokens::{Keys, Tokens};
use crate::auth::{Accounts, Guesses};
use crate::config::Config;
use crate::files::snapshot::Snapshots;
use crate::files::{self, Files};
use crate::jobs::Jobs;
use crate::limits::Limits;
use crate::orchestrator::{Orchestrator, Settings};
use crate::projects::Projects;
use crate::search::{IndexBuilds, Search};
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
    pub revocations: Arc<Revocations>,
    /// What users and the installation may use.
    pub limits: Arc<Limits>,
    pub projects: Projects,
    pub files: Files,
    pub snapshots: Snapshots,
    pub jobs: Jobs,
    pub index_builds: IndexBuilds,
    pub search: Arc<Search>,
    /// Workers, sessions and everything that runs in the background.
    pub orchestrator: Arc<Orchestrator>,
    /// Counts requests by user.
    pub limiter: Limiter,
    /// Counts requests without a user, by address.
    pub address_limiter: Limiter,
    /// Counts tokens and tickets that are made up.
    pub guesses: Guesses,
    /// Counts what is typed into running programs.
    pub input_limiter: Limiter,
    pub metrics: PrometheusHandle,
    pub readiness: LastReadiness,
    /// Cancelled when the coordinator is about to end: it is not ready any more, and still serves.
    pub leaving: CancellationToken,
}

impl App {
    /// Builds all dependencies; connects to none that may be down.
    pub async fn build(config: Config) -> anyhow::Result<Arc<Self>> {
        let (postgres, deadlines) = (&config.postgres, config.postgres.deadlines()?);
        let store =
            Store::with_deadlines(&postgres.url, postgres.pool_size, deadlines).context("postgres.url")?;
        let objects = ObjectStore::new(config.s3.clone()).context("s3")?;
        let catalog =
            Catalog::load(&config.runtimes.dir).context("runtimes.dir")?.with_limits(&config.limits);
        let catalog = Arc::new(catalog);
        let share = config.fairness.reserved_share;
        let limits = Limits::new(store.clone(), config.user_limits, config.installation_limits, share);
        let limits = Arc::new(limits);
        let orchestrator =
            Orchestrator::new(settings(&config), store.clone(), objects.clone(), limits.clone())
                .context("broker.url")?;
        let notifier = orchestrator.notifier.clone();
        let index_builds = orchestrator.index_builds.clone();
        let search = Search::new(store.clone(), orchestrator.streams.clone(), index_builds.clone());
        let auth = &config.auth;
        let keys = Arc::new(Keys::new(&auth.secret, auth.access_token_minutes));
        let lifetime = Duration::from_secs(auth.access_token_minutes.unsigned_abs() * 60);
        let revocations = Arc::new(Revocations::new(store.clone(), lifetime));
        let mailer = Mailer::new(&config.smtp, &config.http.public_url)?;
        let file_limits = file_limits(&config);
        Ok(Arc::new(Self {
            accounts: Accounts::new(store.clone(), keys.clone(), revocations.clone(), mailer, auth),
            tokens: Tokens::new(store.clone(), keys, revocations.clone()),
            revocations,
            limits,
            projects: Projects::new(store.clone(), catalog.clone(), notifier.clone()),
            files: Files::new(store.clone(), objects.clone(), catalog.clone(), file_limits, notifier),
            snapshots: Snapshots::new(store.clone(), objects.clone()),
            jobs: orchestrator.jobs(),
            index_builds,
            search: Arc::new(search),
            limiter: Limiter::new(config.rate_limit.per_minute),
            address_limiter: Limiter::new(config.rate_limit.address_per_minute),
            guesses: Guesses::new(config.rate_limit.guesses_per_minute),
            input_limiter: Limiter::new(INPUTS_PER_MINUTE),
            metrics: telemetry::metrics()?,
            readiness: LastReadiness::default(),
            leaving: CancellationToken::new(),
            config,
            store,
            objects,
            catalog,
            orchestrator,
        }))
    }
}

fn file_limits(config: &Config) -> files::Limits {
    let quota = &config.quota;
    let bytes = (quota.project_mb << 20) as i64;
    let quota_of_project = ProjectQuota { files: quota.project_files as i64, bytes };
    let history_days = config.retention.history_days;
    files::Limits { quota: quota_of_project, file_bytes: quota.file_mb << 20, history_days }
}

fn settings(config: &Config) -> Settings {
    Settings {
        broker_url: config.broker.url.clone(),
        sender_check: config.broker.sender_check(),
        id: config.coordinator.id.clone(),
        overdue_seconds: config.coordinator.overdue_seconds,
        output_days: config.retention.output_days,
        job_days: config.retention.job_days,
        history: HistoryLimits {
            days: config.retention.history_days,
            versions: config.retention.history_versions.into(),
            bytes: ((config.quota.project_mb << 20) as f64 * config.retention.history_share) as i64,
        },
        index_automatically: config.index.automatic,
    }
}
