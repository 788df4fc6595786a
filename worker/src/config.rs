//! The configuration: built-in defaults, overridden by a file, overridden by environment variables.

use std::{collections::BTreeMap, fs, path::PathBuf, thread::available_parallelism, time::Duration};

use anyhow::{Context, ensure};
use config::{Environment, File, FileFormat};
use engunity_artifacts::S3Config;
use engunity_protocol::job::Pool;
use serde::Deserialize;

use crate::embedding::Settings;

const DEFAULTS: &str = include_str!("../defaults.toml");

#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    pub broker: Broker,
    pub s3: S3Config,
    pub docker: Docker,
    pub runtimes: Runtimes,
    pub worker: Worker,
    pub embedding: Embedding,
    pub log: Log,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Broker {
    pub url: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Docker {
    pub socket: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Runtimes {
    pub dir: PathBuf,
    pub image_prefix: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Worker {
    pub name: String,
    pub slots: u32,
    pub noop_slots: u32,
    /// Slots of pools that have no setting of their own, by the pool's name.
    #[serde(default)]
    pub pools: BTreeMap<String, u32>,
    pub scratch_dir: PathBuf,
    pub cache_mb: u64,
    pub index_cache_mb: u64,
    pub drain_seconds: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Embedding {
    pub program: PathBuf,
    pub model: PathBuf,
    pub libtorch: PathBuf,
    pub threads: u32,
    pub precision: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    pub filter: String,
    pub format: String,
}

impl Config {
    /// Reads all layers and fills in what they leave open.
    pub fn load() -> anyhow::Result<Self> {
        let mut layers = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Ok(path) = std::env::var("ENGUNITY_CONFIG") {
            layers = layers.add_source(File::with_name(&path).format(FileFormat::Toml));
        }
        let environment = Environment::with_prefix("ENGUNITY").prefix_separator("__").separator("__");
        let mut config: Self =
            layers.add_source(environment).build()?.try_deserialize().context("the configuration")?;
        config.worker.validate_and_fill()?;
        Ok(config)
    }
}

impl Worker {
    fn validate_and_fill(&mut self) -> anyhow::Result<()> {
        if self.name.is_empty() {
            self.name = host_name();
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        ensure!(
            self.name.len() <= 64 && self.name.chars().all(is_allowed),
            "worker.name must be at most 64 letters, digits, '-', '_' and '.'"
        );
        if self.slots == 0 {
            self.slots = 2 * available_parallelism().map_or(1, |n| n.get() as u32);
        }
        if self.scratch_dir.as_os_str().is_empty() {
            self.scratch_dir = std::env::temp_dir().join("engunity").join(&self.name);
        }
        Ok(())
    }

    /// How many jobs of this pool run at the same time.
    pub fn slots_of(&self, pool: Pool) -> u32 {
        match pool {
            Pool::Sandbox => self.slots,
            Pool::Noop => self.noop_slots,
            other => self.pools.get(other.as_str()).copied().unwrap_or(1),
        }
    }

    pub fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

impl Embedding {
    pub fn settings(&self) -> Settings {
        let beside = || Some(std::env::current_exe().ok()?.with_file_name("engunity-embedder"));
        let named = Some(self.program.clone()).filter(|program| !program.as_os_str().is_empty());
        Settings {
            program: named.or_else(beside).unwrap_or_default(),
            model: self.model.clone(),
            libtorch: self.libtorch.clone(),
            threads: self.threads,
            precision: self.precision.clone(),
            ..Settings::default()
        }
    }
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "worker".into() } else { name.into() }
}
