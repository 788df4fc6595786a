//! Where the services are: read from the environment, as `.dev/env` exports it.

use anyhow::{Context, Result};
use engunity_artifacts::S3Config;

#[derive(Debug, Clone)]
pub struct Facts {
    pub postgres_url: String,
    pub broker_url: String,
    pub management_url: String,
    pub s3: S3Config,
}

impl Facts {
    pub fn read() -> Result<Self> {
        Ok(Self {
            postgres_url: fact("ENGUNITY__POSTGRES__URL")?,
            broker_url: fact("ENGUNITY__BROKER__URL")?,
            management_url: fact("ENGUNITY__BROKER__MANAGEMENT_URL")?,
            s3: S3Config {
                endpoint: fact("ENGUNITY__S3__ENDPOINT")?,
                region: fact("ENGUNITY__S3__REGION")?,
                bucket: fact("ENGUNITY__S3__BUCKET")?,
                access_key: fact("ENGUNITY__S3__ACCESS_KEY")?,
                secret_key: fact("ENGUNITY__S3__SECRET_KEY")?,
            },
        })
    }
}

fn fact(name: &str) -> Result<String> {
    std::env::var(name)
        .with_context(|| format!("{name} is not set: run `./dev test`, or `./dev services` and `. .dev/env`"))
}
