//! What administrators see and change: accounts, invitations, the queue, limits.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    InvitationId, UserId,
    account::{Role, User},
    limits::{LimitsPatch, LimitsView, UsageView},
    schema,
};

/// An account in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    #[serde(flatten)]
    pub user: User,
    pub disabled: bool,
    /// The last sign-in or renewal of one.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// One account with its limits and what it uses.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccountDetail {
    #[serde(flatten)]
    pub account: AccountView,
    pub limits: LimitsView,
    /// What differs from the installation's limits.
    pub own_limits: LimitsPatch,
    pub usage: UsageView,
}

/// A change of an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    #[serde(default)]
    #[schema(nullable = false)]
    pub role: Option<Role>,
    /// A disabled account cannot sign in, and all its sessions, tokens, streams and jobs end.
    #[serde(default)]
    #[schema(nullable = false)]
    pub disabled: Option<bool>,
    #[serde(default)]
    #[schema(nullable = false)]
    pub limits: Option<LimitsPatch>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Only this address may use it; absent: any.
    #[serde(default)]
    #[schema(schema_with = schema::optional_email)]
    pub email: Option<String>,
    #[serde(default = "week")]
    #[schema(schema_with = schema::invitation_days)]
    pub expires_in_days: u32,
}

fn week() -> u32 {
    7
}

/// An invitation; `code` is there only in the answer that made it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    #[schema(value_type = String)]
    pub id: InvitationId,
    pub email: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What waits and what runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct QueueView {
    /// Jobs that wait, released or not.
    pub queued: i64,
    pub running: i64,
    /// Seconds that the oldest waiting job has waited.
    pub oldest_s: Option<i64>,
    pub pools: Vec<PoolView>,
    /// Users with jobs, most first; at most 100.
    pub users: Vec<QueuedUser>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PoolView {
    pub pool: String,
    /// Slots of living workers that take jobs.
    pub slots: i64,
    pub running: i64,
    /// Handed to the broker and not claimed yet.
    pub released: i64,
    pub queued: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueuedUser {
    #[schema(value_type = i32)]
    pub user_id: UserId,
    pub email: String,
    pub queued: i64,
    pub running: i64,
}

/// The limits of the installation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LimitsAnswer {
    /// What each user may use, where the account has no limits of its own.
    pub per_user: LimitsView,
    pub installation: InstallationLimits,
}

/// What all users together may use; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstallationLimits {
    pub users: i64,
    pub queued_jobs: i64,
    pub stored_bytes: i64,
    /// Of each coordinator.
    pub open_streams: i64,
    /// Of each coordinator.
    pub concurrent_uploads: i64,
}

/// A change of the installation's limits; `null` goes back to the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstallationLimitsPatch {
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::limit)]
    pub users: Option<Option<i64>>,
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::limit)]
    pub queued_jobs: Option<Option<i64>>,
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::limit)]
    pub stored_bytes: Option<Option<i64>>,
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::limit)]
    pub open_streams: Option<Option<i64>>,
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::limit)]
    pub concurrent_uploads: Option<Option<i64>>,
}

/// The body of `PATCH /admin/limits`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllLimitsPatch {
    #[serde(default)]
    #[schema(nullable = false)]
    pub per_user: LimitsPatch,
    #[serde(default)]
    #[schema(nullable = false)]
    pub installation: InstallationLimitsPatch,
}

impl InstallationLimitsPatch {
    fn fields(&self) -> [(&'static str, Option<Option<i64>>); 5] {
        [
            ("users", self.users),
            ("queued_jobs", self.queued_jobs),
            ("stored_bytes", self.stored_bytes),
            ("open_streams", self.open_streams),
            ("concurrent_uploads", self.concurrent_uploads),
        ]
    }

    /// The first number that is out of range, by name.
    pub fn out_of_range(&self) -> Option<&'static str> {
        let bad = |value: Option<Option<i64>>| {
            value.flatten().is_some_and(|value| !(0..=schema::MAX_LIMIT).contains(&value))
        };
        self.fields().into_iter().find(|(_, value)| bad(*value)).map(|(name, _)| name)
    }

    /// This patch, then `later` over it; what becomes `null` is left out.
    pub fn then(self, later: &Self) -> Self {
        let over = |mine: Option<Option<i64>>, later: Option<Option<i64>>| match later {
            None => mine,
            Some(value) => value.map(Some),
        };
        Self {
            users: over(self.users, later.users),
            queued_jobs: over(self.queued_jobs, later.queued_jobs),
            stored_bytes: over(self.stored_bytes, later.stored_bytes),
            open_streams: over(self.open_streams, later.open_streams),
            concurrent_uploads: over(self.concurrent_uploads, later.concurrent_uploads),
        }
    }
}

impl InstallationLimits {
    /// These limits with what `patch` sets.
    pub fn with(self, patch: &InstallationLimitsPatch) -> Self {
        Self {
            users: patch.users.flatten().unwrap_or(self.users),
            queued_jobs: patch.queued_jobs.flatten().unwrap_or(self.queued_jobs),
            stored_bytes: patch.stored_bytes.flatten().unwrap_or(self.stored_bytes),
            open_streams: patch.open_streams.flatten().unwrap_or(self.open_streams),
            concurrent_uploads: patch.concurrent_uploads.flatten().unwrap_or(self.concurrent_uploads),
        }
    }
}

impl AllLimitsPatch {
    /// This patch, then `later` over it.
    pub fn then(self, later: &Self) -> Self {
        Self {
            per_user: self.per_user.then(&later.per_user),
            installation: self.installation.then(&later.installation),
        }
    }
}

fn said<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::<i64>::deserialize(input).map(Some)
}
