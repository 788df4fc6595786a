//! A database of one's own, copied from a template that is migrated once for each set of migrations.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use engunity_store::Store;
use reqwest::Url;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls, error::SqlState};

use crate::Facts;

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
/// Held while a template is made; any number of our own.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// A migrated, empty database.
pub struct Database {
    facts: Facts,
    pub name: String,
}

impl Database {
    pub async fn create(facts: &Facts, name: &str) -> Result<Self> {
        let admin = connect(&facts.postgres_url).await?;
        let template = template(facts, &admin).await?;
        admin.batch_execute(&format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#)).await?;
        Ok(Self { facts: facts.clone(), name: name.to_owned() })
    }

    pub fn url(&self) -> String {
        url_of(&self.facts, &self.name)
    }

    /// A connection for looking at what is stored.
    pub async fn client(&self) -> Result<Client> {
        connect(&self.url()).await
    }

    /// Ends all connections and takes none, or takes them again: to its users the server is away, or back.
    pub async fn set_reachable(&self, reachable: bool) -> Result<()> {
        let (admin, name) = (connect(&self.facts.postgres_url).await?, &self.name);
        admin.batch_execute(&format!(r#"ALTER DATABASE "{name}" ALLOW_CONNECTIONS {reachable}"#)).await?;
        if !reachable {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'";
            admin.query(end, &[name]).await?;
        }
        Ok(())
    }

    pub fn store(&self) -> Result<Store> {
        Ok(Store::new(&self.url(), 4)?)
    }
}

/// A database without tables.
pub async fn create_empty(facts: &Facts, name: &str) -> Result<()> {
    let admin = connect(&facts.postgres_url).await?;
    Ok(admin.batch_execute(&format!(r#"CREATE DATABASE "{name}""#)).await?)
}

pub async fn drop_database(facts: &Facts, name: &str) -> Result<()> {
    drop_through(&connect(&facts.postgres_url).await?, name).await
}

/// While autovacuum is in a database, `FORCE` is refused to all but superusers: then it is tried again.
async fn drop_through(admin: &Client, name: &str) -> Result<()> {
    let sql = format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#);
    for _ in 0..100 {
        match admin.batch_execute(&sql).await {
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                sleep(Duration::from_millis(100)).await;
            }
            done => return Ok(done?),
        }
    }
    Ok(admin.batch_execute(&sql).await?)
}

/// The server's version.
pub async fn version(facts: &Facts) -> Result<String> {
    let admin = connect(&facts.postgres_url).await?;
    Ok(admin.query_one("SHOW server_version", &[]).await?.get(0))
}

/// Names of all databases.
pub async fn names(facts: &Facts) -> Result<Vec<String>> {
    let admin = connect(&facts.postgres_url).await?;
    let rows = admin.query("SELECT datname::text FROM pg_database", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Returns the template's name, after making it if it is missing; older ones go.
async fn template(facts: &Facts, admin: &Client) -> Result<String> {
    let name = format!("template-{}", migrations_hash()?);
    admin.execute("SELECT pg_advisory_lock($1)", &[&TEMPLATE_LOCK]).await?;
    let all = names(facts).await?;
    if !all.contains(&name) {
        for old in all.iter().filter(|old| old.starts_with("template-") || old.starts_with("raw-template-")) {
            drop_through(admin, old).await?;
        }
        make_template(facts, admin, &name).await?;
    }
    admin.execute("SELECT pg_advisory_unlock($1)", &[&TEMPLATE_LOCK]).await?;
    Ok(name)
}

/// Takes its final name only when it is complete.
async fn make_template(facts: &Facts, admin: &Client, name: &str) -> Result<()> {
    let raw = format!("raw-{name}");
    admin.batch_execute(&format!(r#"CREATE DATABASE "{raw}""#)).await?;
    let store = Store::new(&url_of(facts, &raw), 1)?;
    store.migrate().await?;
    drop(store);
    crate::eventually(
        "nobody is connected to the new template",
        std::time::Duration::from_secs(60),
        || async {
            let renamed = admin.batch_execute(&format!(r#"ALTER DATABASE "{raw}" RENAME TO "{name}""#)).await;
            Ok(renamed.map(Some)?)
        },
    )
    .await
}

fn migrations_hash() -> Result<String> {
    let mut files: Vec<_> =
        std::fs::read_dir(Path::new(MIGRATIONS)).context(MIGRATIONS)?.flatten().map(|e| e.path()).collect();
    files.sort();
    let mut hash = blake3::Hasher::new();
    for file in files {
        hash.update(&std::fs::read(file)?);
    }
    Ok(hash.finalize().to_hex()[..16].to_owned())
}

/// The URL of any database on the same server.
pub fn url_of(facts: &Facts, name: &str) -> String {
    let mut url = Url::parse(&facts.postgres_url).expect("postgres.url is a URL");
    url.set_path(name);
    url.to_string()
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("PostgreSQL")?;
    tokio::spawn(connection);
    Ok(client)
}
