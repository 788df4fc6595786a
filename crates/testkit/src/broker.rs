//! One vhost per test.

use anyhow::{Context, Result, ensure};
use engunity_broker::worker_users::{self, Permissions};
use reqwest::{Client, Method, Url};
use serde_json::json;

use crate::{Proxy, ServiceConfig, names};

/// A vhost of a lab, on the broker that the environment names.
#[derive(Clone)]
pub struct Vhost {
    pub name: String,
    broker: Url,
    management: Url,
}

impl Vhost {
    /// Creates a vhost with a new name.
    pub async fn create() -> Result<Self> {
        let services = ServiceConfig::from_env()?;
        Self::create_named(&services, &names::new_name()).await
    }

    pub async fn create_named(services: &ServiceConfig, name: &str) -> Result<Self> {
        let vhost = Self::at(&services.broker_url, &services.management_url, name)?;
        vhost.manage(Method::PUT, &format!("vhosts/{name}"), json!({})).await?;
        let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
        vhost
            .manage(Method::PUT, &format!("permissions/{name}/{}", vhost.broker.username()), everything)
            .await?;
        Ok(vhost)
    }

    /// A handle for a vhost. Does not create it.
    pub fn at(broker_url: &str, management_url: &str, name: &str) -> Result<Self> {
        let mut broker = Url::parse(broker_url)?;
        broker.set_path(name);
        Ok(Self { name: name.to_owned(), broker, management: Url::parse(management_url)? })
    }

    pub fn url(&self) -> String {
        self.broker.to_string()
    }

    /// The broker's own address, without the proxy.
    pub fn address(&self) -> String {
        format!("{}:{}", self.broker.host_str().unwrap_or("127.0.0.1"), self.broker.port().unwrap_or(5672))
    }

    pub fn url_through(&self, proxy: &Proxy) -> String {
        through(self.broker.clone(), proxy).to_string()
    }

    /// The URL with which a user connects, if need be through a proxy.
    pub fn url_of(&self, user: &User, proxy: Option<&Proxy>) -> String {
        let mut url = self.broker.clone();
        let _ = url.set_username(&user.name);
        let _ = url.set_password(Some(&user.password));
        proxy.map_or(url.clone(), |proxy| through(url, proxy)).to_string()
    }

    pub async fn delete(&self) -> Result<()> {
        self.manage(Method::DELETE, &format!("vhosts/{}", self.name), json!({})).await
    }

    /// The first messages of a queue, as the management API shows them; they stay there.
    pub async fn messages(&self, queue: &str) -> Result<Vec<serde_json::Value>> {
        let url = self.management.join(&format!("/api/queues/{}/{queue}/get", self.name))?;
        let body = json!({"count": 100, "ackmode": "ack_requeue_true", "encoding": "base64"});
        Ok(Client::new().post(url).json(&body).send().await?.error_for_status()?.json().await?)
    }

    pub async fn exists(&self) -> Result<bool> {
        let url = self.management.join(&format!("/api/vhosts/{}", self.name))?;
        Ok(Client::new().get(url).send().await?.status().is_success())
    }

    /// Creates the user of the worker with this configured name, with the permissions that a worker has.
    pub async fn create_worker_user(&self, worker_name: &str) -> Result<User> {
        self.create_user(worker_users::user_name(worker_name), &worker_users::permissions(worker_name)).await
    }

    /// Creates a user with these permissions in this vhost alone.
    async fn create_user(&self, user: String, permissions: &Permissions) -> Result<User> {
        let password = names::new_name();
        self.manage(Method::PUT, &format!("users/{user}"), json!({"password": password, "tags": ""})).await?;
        let path = format!("permissions/{}/{user}", self.name);
        self.manage(Method::PUT, &path, serde_json::to_value(permissions)?).await?;
        Ok(User { name: user, password })
    }

    pub async fn delete_user(&self, user: &User) -> Result<()> {
        self.manage(Method::DELETE, &format!("users/{}", user.name), json!({})).await
    }

    async fn manage(&self, method: Method, path: &str, body: serde_json::Value) -> Result<()> {
        let url = self.management.join(&format!("/api/{path}"))?;
        let response = Client::new()
            .request(method, url)
            .json(&body)
            .send()
            .await
            .context("the broker's management API")?;
        ensure!(response.status().is_success() || response.status() == 404, "{path}: {}", response.status());
        Ok(())
    }
}

fn through(mut url: Url, proxy: &Proxy) -> Url {
    let _ = url.set_host(Some(&proxy.address.ip().to_string()));
    let _ = url.set_port(Some(proxy.address.port()));
    url
}

/// A user of the broker, for one test.
pub struct User {
    name: String,
    password: String,
}

/// Removes the users of workers whose names `is_removed` selects.
pub async fn remove_worker_users(services: &ServiceConfig, is_removed: impl Fn(&str) -> bool) -> Result<()> {
    let url = Url::parse(&services.management_url)?.join("/api/users?columns=name")?;
    let rows: Vec<serde_json::Value> =
        Client::new().get(url.clone()).send().await?.error_for_status()?.json().await?;
    let prefix = worker_users::user_name("");
    let users = rows.iter().filter_map(|row| row["name"].as_str());
    for user in users.filter(|user| user.strip_prefix(&prefix).is_some_and(&is_removed)) {
        let _ = Client::new().delete(url.join(&format!("/api/users/{user}"))?).send().await?;
    }
    Ok(())
}

/// Names of all test vhosts.
pub async fn vhosts(services: &ServiceConfig) -> Result<Vec<String>> {
    let url = Url::parse(&services.management_url)?.join("/api/vhosts?columns=name")?;
    let rows: Vec<serde_json::Value> =
        Client::new().get(url).send().await?.error_for_status()?.json().await?;
    Ok(rows.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect())
}
