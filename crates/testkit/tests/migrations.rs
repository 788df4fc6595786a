//! Migrations: from nothing, from each version before, and by two coordinators that start together.

use anyhow::{Result, ensure};
use engunity_store::Store;
use engunity_testkit::{ServiceConfig, database, names};

async fn store(services: &ServiceConfig, name: &str) -> Result<Store> {
    database::create_empty(services, name).await?;
    Ok(Store::new(&database::url_of(services, name), 4)?)
}

#[tokio::test]
async fn from_nothing_and_from_each_version() -> Result<()> {
    let services = ServiceConfig::from_env()?;
    let versions = engunity_store::MIGRATIONS.len();
    for version in 0..=versions as i32 {
        let name = names::new_name();
        let store = store(&services, &name).await?;
        let first = store.migrate_to(version).await?;
        let rest = store.migrate().await?;
        let again = store.migrate().await?;
        drop(store);
        database::drop_database(&services, &name).await?;
        ensure!(
            first == version as usize && first + rest == versions && again == 0,
            "{version}: {first} + {rest}, then {again}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn two_at_once() -> Result<()> {
    let services = ServiceConfig::from_env()?;
    let name = names::new_name();
    let one = store(&services, &name).await?;
    let other = Store::new(&database::url_of(&services, &name), 4)?;
    let (a, b) = tokio::try_join!(one.migrate(), other.migrate())?;
    drop((one, other));
    database::drop_database(&services, &name).await?;
    ensure!(a.min(b) == 0 && a.max(b) >= 2, "one of them does it all: {a} and {b}");
    Ok(())
}
