//! The calls for administrators.

use std::time::Duration;

use engunity_protocol::{
    admin::{
        AccountDetail, AccountPatch, AccountView, AllLimitsPatch, Invitation, LimitsAnswer, NewInvitation,
        QueueView,
    },
    fleet::Worker,
    problem::ErrorCode,
};
use reqwest::Method;

use super::Client;
use crate::error::{About, CliError, Result};

const TIMEOUT: Duration = Duration::from_secs(60);
const EVERYTHING: usize = 100_000;

impl Client {
    pub async fn admin_users(&self, search: &str) -> Result<Vec<AccountView>> {
        let request =
            self.request(Method::GET, &["admin", "users"]).query(&[("limit", "200"), ("q", search)]);
        self.pages(request.timeout(TIMEOUT), EVERYTHING).await
    }

    pub async fn admin_user(&self, id: &str) -> Result<AccountDetail> {
        let request = self.request(Method::GET, &["admin", "users", id]);
        self.json(request.timeout(TIMEOUT)).await.map_err(no_user)
    }

    pub async fn admin_change_user(&self, id: &str, patch: &AccountPatch) -> Result<AccountDetail> {
        let request = self.request(Method::PATCH, &["admin", "users", id]).json(&without_nulls(patch)?);
        self.json(request.timeout(TIMEOUT)).await.map_err(no_user)
    }

    pub async fn admin_delete_user(&self, id: &str) -> Result<()> {
        let request = self.request(Method::DELETE, &["admin", "users", id]);
        self.send(request.timeout(TIMEOUT)).await.map(drop).map_err(no_user)
    }

    pub async fn admin_queue(&self) -> Result<QueueView> {
        self.json(self.request(Method::GET, &["admin", "queue"]).timeout(TIMEOUT)).await
    }

    /// `action` is `drain` or `resume`.
    pub async fn admin_worker(&self, id: &str, action: &str) -> Result<Worker> {
        let request = self.request(Method::POST, &["admin", "workers", id, action]);
        self.json(request.timeout(TIMEOUT))
            .await
            .map_err(|error| error.when(ErrorCode::NotFound, "engunity workers"))
    }

    pub async fn admin_limits(&self) -> Result<LimitsAnswer> {
        self.json(self.request(Method::GET, &["admin", "limits"]).timeout(TIMEOUT)).await
    }

    pub async fn admin_change_limits(&self, patch: &AllLimitsPatch) -> Result<LimitsAnswer> {
        self.json(self.request(Method::PATCH, &["admin", "limits"]).json(patch).timeout(TIMEOUT)).await
    }

    pub async fn invite(&self, new: &NewInvitation) -> Result<Invitation> {
        self.json(self.request(Method::POST, &["admin", "invitations"]).json(new).timeout(TIMEOUT)).await
    }

    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        self.json(self.request(Method::GET, &["admin", "invitations"]).timeout(TIMEOUT)).await
    }

    pub async fn delete_invitation(&self, id: &str) -> Result<()> {
        let request = self.request(Method::DELETE, &["admin", "invitations", id]);
        self.send(request.timeout(TIMEOUT)).await.map(drop)
    }
}

/// What is not changed is not sent.
fn without_nulls(patch: &AccountPatch) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(patch).about("json")?;
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Ok(value)
}

fn no_user(failure: CliError) -> CliError {
    failure.when(ErrorCode::NotFound, "engunity admin users")
}
