//! Migrations: from nothing, from each version before, and by two coordinators that start together.

use anyhow::{Result, ensure};
use engunity_store::Store;
use engunity_testkit::{Facts, database, gc};

async fn store(facts: &Facts, name: &str) -> Result<Store> {
    database::create_empty(facts, name).await?;
    Ok(Store::new(&database::url_of(facts, name), 4)?)
}

#[tokio::test]
async fn from_nothing_and_from_each_version() -> Result<()> {
    let facts = Facts::read()?;
    let versions = engunity_store::MIGRATIONS.len();
    for version in 0..=versions as i32 {
        let name = gc::new_name();
        let store = store(&facts, &name).await?;
        let first = store.migrate_to(version).await?;
        let rest = store.migrate().await?;
        let again = store.migrate().await?;
        drop(store);
        database::drop_database(&facts, &name).await?;
        ensure!(
            first == version as usize && first + rest == versions && again == 0,
            "{version}: {first} + {rest}, then {again}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn two_at_once() -> Result<()> {
    let facts = Facts::read()?;
    let name = gc::new_name();
    let one = store(&facts, &name).await?;
    let other = Store::new(&database::url_of(&facts, &name), 4)?;
    let (a, b) = tokio::try_join!(one.migrate(), other.migrate())?;
    drop((one, other));
    database::drop_database(&facts, &name).await?;
    ensure!(a.min(b) == 0 && a.max(b) >= 2, "one of them does it all: {a} and {b}");
    Ok(())
}
