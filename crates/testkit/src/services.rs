//! Addresses and credentials of the services, from the environment that `.dev/env` exports.

use anyhow::{Context, Result};
use engunity_artifacts::S3Config;

#[derive(Debug, Clone)]
pub struct ServiceConfig {
    pub postgres_url: String,
    pub broker_url: String,
    pub management_url: String,
    pub s3: S3Config,
}

impl ServiceConfig {
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            postgres_url: variable("ENGUNITY__POSTGRES__URL")?,
            broker_url: variable("ENGUNITY__BROKER__URL")?,
            management_url: variable("ENGUNITY__BROKER__MANAGEMENT_URL")?,
            s3: S3Config {
                endpoint: variable("ENGUNITY__S3__ENDPOINT")?,
                region: variable("ENGUNITY__S3__REGION")?,
                bucket: variable("ENGUNITY__S3__BUCKET")?,
                access_key: variable("ENGUNITY__S3__ACCESS_KEY")?,
                secret_key: variable("ENGUNITY__S3__SECRET_KEY")?,
            },
        })
    }
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name)
        .with_context(|| format!("{name} is not set: run `./dev test`, or `./dev services` and `. .dev/env`"))
}
