//! What an operator can set: built-in defaults, then a file, then the environment. Reads those, nothing else.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, ensure};
use config::{Environment, File, FileFormat};
use engunity_artifacts::S3Config;
use engunity_broker::worker_users::SenderCheck;
use engunity_languages::LimitsConfig;
use engunity_protocol::{admin::InstallationLimits, limits::LimitsView};
use engunity_store::Deadlines;
use serde::{Deserialize, Deserializer};

const DEFAULTS: &str = include_str!("../defaults.toml");

/// Shorter secrets could be guessed from a token.
const MIN_SECRET: usize = 32;

#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    pub postgres: Postgres,
    pub broker: Broker,
    pub s3: S3Config,
    pub http: Http,
    pub auth: Auth,
    pub rate_limit: RateLimit,
    pub smtp: Smtp,
    pub web: Web,
    pub runtimes: Runtimes,
    pub quota: Quota,
    /// What one user may use.
    pub user_limits: LimitsView,
    /// What all users together may use.
    pub installation_limits: InstallationLimits,
    pub fairness: Fairness,
    pub index: Index,
    #[serde(default)]
    pub limits: LimitsConfig,
    pub load_tests: LoadTests,
    pub retention: Retention,
    pub coordinator: Coordinator,
    pub log: Log,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Postgres {
    pub url: String,
    pub pool_size: usize,
    pub connect_timeout_s: f64,
    pub pool_wait_s: f64,
    pub statement_timeout_s: f64,
    pub batch_timeout_s: f64,
    pub migration_timeout_s: f64,
    pub lock_timeout_s: f64,
    pub idle_transaction_timeout_s: f64,
    pub idle_batch_timeout_s: f64,
    pub peer_timeout_s: f64,
}

impl Postgres {
    pub fn deadlines(&self) -> anyhow::Result<Deadlines> {
        let seconds = |key: &str, value: f64| {
            ensure!(
                (0.001..=1e6).contains(&value),
                "postgres.{key} must be more than 0 seconds, at most a million"
            );
            Ok(Duration::from_secs_f64(value))
        };
        Ok(Deadlines {
            connect: seconds("connect_timeout_s", self.connect_timeout_s)?,
            pool_wait: seconds("pool_wait_s", self.pool_wait_s)?,
            statement: seconds("statement_timeout_s", self.statement_timeout_s)?,
            batch_statement: seconds("batch_timeout_s", self.batch_timeout_s)?,
            migration_statement: seconds("migration_timeout_s", self.migration_timeout_s)?,
            lock: seconds("lock_timeout_s", self.lock_timeout_s)?,
            idle_transaction: seconds("idle_transaction_timeout_s", self.idle_transaction_timeout_s)?,
            idle_batch: seconds("idle_batch_timeout_s", self.idle_batch_timeout_s)?,
            peer: seconds("peer_timeout_s", self.peer_timeout_s)?,
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Broker {
    pub url: String,
    /// Each worker has a broker user of its own.
    pub worker_users: bool,
}

impl Broker {
    pub fn sender_check(&self) -> SenderCheck {
        if self.worker_users { SenderCheck::Enforced } else { SenderCheck::Off }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Http {
    pub listen: SocketAddr,
    pub public_url: String,
    #[serde(deserialize_with = "list")]
    pub cors_origins: Vec<String>,
    pub body_limit_mb: usize,
    pub header_timeout_s: u64,
    pub request_timeout_s: u64,
    pub upload_timeout_s: u64,
    pub port_file: String,
    pub trust_proxy: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Auth {
    pub secret: String,
    pub access_token_minutes: i64,
    pub refresh_token_days: i64,
    /// How long a used refresh token is taken once more, for a client that lost the answer; 0 is not at all.
    pub refresh_grace_seconds: f64,
    pub registration: Registration,
    pub login_failures_per_minute: u32,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    Open,
    /// Those whom an administrator invited.
    Invitation,
    Closed,
}

/// Where mail is sent through; an empty URL is nowhere.
#[derive(Debug, Clone, Deserialize)]
pub struct Smtp {
    pub url: String,
    pub from: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RateLimit {
    pub per_minute: u32,
    pub address_per_minute: u32,
    pub guesses_per_minute: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Web {
    pub root: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Runtimes {
    pub dir: String,
    pub image_prefix: String,
}

/// What one project may hold.
#[derive(Debug, Clone, Deserialize)]
pub struct Quota {
    pub project_files: u64,
    pub project_mb: u64,
    pub file_mb: u64,
    pub upload_mb: u64,
}

/// Search indexes.
#[derive(Debug, Clone, Deserialize)]
pub struct Index {
    /// Builds them by itself after changes; else only on request and for projects that are searched.
    pub automatic: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct LoadTests {
    pub enabled: bool,
}

/// What users leave to each other.
#[derive(Debug, Clone, Deserialize)]
pub struct Fairness {
    /// The share of a pool's slots that is kept for users who have nothing there yet.
    pub reserved_share: f64,
}

/// How long things are kept.
#[derive(Debug, Clone, Deserialize)]
pub struct Retention {
    pub output_days: f64,
    pub job_days: f64,
    pub history_days: f64,
    pub history_versions: u32,
    pub history_share: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Coordinator {
    pub id: String,
    pub drain_seconds: u64,
    /// Between "not ready" and the end of the listener.
    pub shutdown_grace_seconds: f64,
    pub overdue_seconds: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    pub filter: String,
    pub format: String,
}

impl Config {
    /// Reads all layers and refuses what could not work.
    pub fn load() -> anyhow::Result<Self> {
        let mut layers = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Ok(path) = std::env::var("ENGUNITY_CONFIG") {
            layers = layers.add_source(File::with_name(&path).format(FileFormat::Toml));
        }
        let environment = Environment::with_prefix("ENGUNITY").prefix_separator("__").separator("__");
        let config: Self =
            layers.add_source(environment).build()?.try_deserialize().context("the configuration")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.auth.secret.len() >= MIN_SECRET,
            "auth.secret (ENGUNITY__AUTH__SECRET) must have at least {MIN_SECRET} characters; \
             make one with: head -c 32 /dev/urandom | base64"
        );
        ensure!(self.postgres.pool_size > 0, "postgres.pool_size must be at least 1");
        self.postgres.deadlines()?;
        ensure!(self.auth.access_token_minutes > 0, "auth.access_token_minutes must be at least 1");
        ensure!(
            (0.0..=0.9).contains(&self.fairness.reserved_share),
            "fairness.reserved_share must be from 0 to 0.9"
        );
        ensure!(
            self.smtp.url.is_empty() || !self.smtp.from.is_empty(),
            "smtp.from (ENGUNITY__SMTP__FROM) is the sender's address; it is needed with smtp.url"
        );
        ensure!(
            self.smtp.url.is_empty() || !self.http.public_url.is_empty(),
            "http.public_url (ENGUNITY__HTTP__PUBLIC_URL) is needed with smtp.url: mails have links"
        );
        ensure!(
            (0.0..=100.0).contains(&self.retention.history_share),
            "retention.history_share is a part of quota.project_mb: 0.5 is half"
        );
        ensure!(self.http.request_timeout_s > 0, "http.request_timeout_s must be at least 1");
        Ok(())
    }

    pub fn shutdown_grace(&self) -> Duration {
        Duration::try_from_secs_f64(self.coordinator.shutdown_grace_seconds).unwrap_or_default()
    }

    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.coordinator.drain_seconds)
    }
}

/// A list, or (from the environment) one text with commas.
fn list<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Many(Vec<String>),
        One(String),
    }
    Ok(match Either::deserialize(input)? {
        Either::Many(items) => items,
        Either::One(text) => {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(String::from).collect()
        }
    })
}
