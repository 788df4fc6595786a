//! One database per test, copied from a template that is migrated once per set of migrations.

use std::time::Duration;

use anyhow::{Context, Result};
use engunity_store::Store;
use reqwest::Url;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls, error::SqlState};

use crate::ServiceConfig;

/// Advisory lock that is held while a template is created.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// A migrated database without rows.
pub struct Database {
    services: ServiceConfig,
    pub name: String,
}

impl Database {
    pub async fn create(services: &ServiceConfig, name: &str) -> Result<Self> {
        let admin = connect(&services.postgres_url).await?;
        let template = template(services, &admin).await?;
        admin.batch_execute(&format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#)).await?;
        Ok(Self { services: services.clone(), name: name.to_owned() })
    }

    pub fn url(&self) -> String {
        url_of(&self.services, &self.name)
    }

    pub fn url_through(&self, proxy: &crate::Proxy) -> String {
        self.url().replace(&address(&self.services), &proxy.address.to_string())
    }

    /// A connection for assertions about stored rows.
    pub async fn client(&self) -> Result<Client> {
        connect(&self.url()).await
    }

    /// Simulates a server outage (`false`: terminates all connections and refuses new ones) or its end (`true`).
    pub async fn set_reachable(&self, reachable: bool) -> Result<()> {
        let (admin, name) = (connect(&self.services.postgres_url).await?, &self.name);
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
pub async fn create_empty(services: &ServiceConfig, name: &str) -> Result<()> {
    let admin = connect(&services.postgres_url).await?;
    Ok(admin.batch_execute(&format!(r#"CREATE DATABASE "{name}""#)).await?)
}

pub async fn drop_database(services: &ServiceConfig, name: &str) -> Result<()> {
    drop_through(&connect(&services.postgres_url).await?, name).await
}

/// Retries while autovacuum works in the database: `FORCE` is then refused to all but superusers.
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
pub async fn version(services: &ServiceConfig) -> Result<String> {
    let admin = connect(&services.postgres_url).await?;
    Ok(admin.query_one("SHOW server_version", &[]).await?.get(0))
}

/// Names of all databases.
pub async fn names(services: &ServiceConfig) -> Result<Vec<String>> {
    let admin = connect(&services.postgres_url).await?;
    let rows = admin.query("SELECT datname::text FROM pg_database", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Returns the template's name. Creates a missing template and drops older ones.
async fn template(services: &ServiceConfig, admin: &Client) -> Result<String> {
    let name = format!("template-{}", migrations_hash());
    admin.execute("SELECT pg_advisory_lock($1)", &[&TEMPLATE_LOCK]).await?;
    let all = names(services).await?;
    if !all.contains(&name) {
        for old in all.iter().filter(|old| old.starts_with("template-") || old.starts_with("raw-template-")) {
            drop_through(admin, old).await?;
        }
        make_template(services, admin, &name).await?;
    }
    admin.execute("SELECT pg_advisory_unlock($1)", &[&TEMPLATE_LOCK]).await?;
    Ok(name)
}

/// Renames the template to its final name when it is complete.
async fn make_template(services: &ServiceConfig, admin: &Client, name: &str) -> Result<()> {
    let raw = format!("raw-{name}");
    admin.batch_execute(&format!(r#"CREATE DATABASE "{raw}""#)).await?;
    let store = Store::new(&url_of(services, &raw), 1)?;
    store.migrate().await?;
    drop(store);
    crate::eventually("nobody is connected to the new template", Duration::from_secs(60), || async {
        let renamed = admin.batch_execute(&format!(r#"ALTER DATABASE "{raw}" RENAME TO "{name}""#)).await;
        Ok(renamed.map(Some)?)
    })
    .await
}

/// Of the migrations in this program, which the template gets: the files may be newer.
fn migrations_hash() -> String {
    let mut hash = blake3::Hasher::new();
    for (version, _, sql) in engunity_store::MIGRATIONS {
        hash.update(&version.to_be_bytes());
        hash.update(sql.as_bytes());
    }
    hash.finalize().to_hex()[..16].to_owned()
}

/// The URL of any database on the same server.
pub fn url_of(services: &ServiceConfig, name: &str) -> String {
    let mut url = Url::parse(&services.postgres_url).expect("postgres.url is a URL");
    url.set_path(name);
    url.to_string()
}

/// The server's address, as in URLs.
pub fn address(services: &ServiceConfig) -> String {
    let url = Url::parse(&services.postgres_url).expect("postgres.url is a URL");
    format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(5432))
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("PostgreSQL")?;
    tokio::spawn(connection);
    Ok(client)
}
