//! A bucket of one's own.

use anyhow::Result;
use engunity_artifacts::{ObjectError, ObjectStore, S3Config};

use crate::Facts;

pub fn config(facts: &Facts, name: &str) -> S3Config {
    S3Config { bucket: name.to_owned(), ..facts.s3.clone() }
}

pub async fn create(facts: &Facts, name: &str) -> Result<ObjectStore> {
    let objects = ObjectStore::new(config(facts, name))?;
    objects.ensure_bucket().await?;
    Ok(objects)
}

/// Removes the bucket with everything in it; one that is not there is fine.
pub async fn remove(facts: &Facts, name: &str) -> Result<()> {
    let objects = ObjectStore::new(config(facts, name))?;
    match objects.remove_bucket().await {
        Ok(()) | Err(ObjectError::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
