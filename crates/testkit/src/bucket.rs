//! One bucket per test.

use anyhow::Result;
use engunity_artifacts::{ObjectError, ObjectStore, S3Config};

use crate::ServiceConfig;

pub fn config(services: &ServiceConfig, name: &str) -> S3Config {
    S3Config { bucket: name.to_owned(), ..services.s3.clone() }
}

pub async fn create(services: &ServiceConfig, name: &str) -> Result<ObjectStore> {
    let objects = ObjectStore::new(config(services, name))?;
    objects.ensure_bucket().await?;
    Ok(objects)
}

/// Removes the bucket and its objects. Succeeds if the bucket does not exist.
pub async fn remove(services: &ServiceConfig, name: &str) -> Result<()> {
    let objects = ObjectStore::new(config(services, name))?;
    match objects.remove_bucket().await {
        Ok(()) | Err(ObjectError::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
