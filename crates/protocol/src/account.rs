//! Accounts: users, tokens and tickets, as the API takes and shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    SessionId, TokenId, UserId,
    limits::{LimitsView, UsageView},
    schema,
};

/// What a user may do beside using one's own things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    User,
    /// May see and change accounts, workers and limits. The first user is one.
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    #[schema(value_type = i32)]
    pub id: UserId,
    pub email: String,
    pub name: Option<String>,
    pub created_at: DateTime<Utc>,
    #[serde(default)]
    pub role: Role,
    /// The user has proved that the address is one's own.
    #[serde(default)]
    pub email_verified: bool,
}

/// What `GET /auth/me` answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    pub user: User,
    pub limits: LimitsView,
    pub usage: UsageView,
}

#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    #[schema(schema_with = schema::email)]
    pub email: String,
    #[schema(schema_with = schema::password)]
    pub password: String,
    #[serde(default)]
    #[schema(schema_with = schema::user_name)]
    pub name: Option<String>,
    /// The code of an invitation, where registration is by invitation.
    #[serde(default)]
    #[schema(schema_with = schema::optional_text)]
    pub invitation: Option<String>,
}

/// The body of `POST /auth/password`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(schema_with = schema::any_text)]
    pub current_password: String,
    #[schema(schema_with = schema::password)]
    pub new_password: String,
}

/// The body of `POST /auth/reset`: an email asks for a code; the code and a new password set it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    #[serde(default)]
    #[schema(schema_with = schema::optional_text)]
    pub email: Option<String>,
    #[serde(default)]
    #[schema(schema_with = schema::optional_text)]
    pub token: Option<String>,
    #[serde(default, alias = "password")]
    #[schema(schema_with = schema::optional_password)]
    pub new_password: Option<String>,
}

/// The body of `POST /auth/verify`: the code of the mail.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailProof {
    #[schema(schema_with = schema::any_text)]
    pub token: String,
}

/// A sign-in that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    #[schema(value_type = String)]
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    /// When its tokens were last renewed.
    pub last_used_at: DateTime<Utc>,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    /// This request came from it.
    pub current: bool,
}

#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[schema(schema_with = schema::any_text)]
    pub email: String,
    pub password: String,
}

/// The body of `POST /auth/refresh` and `POST /auth/logout`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    pub refresh_token: String,
}

/// What register, login and refresh answer.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Credentials {
    pub user: User,
    pub access_token: String,
    pub refresh_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// Seconds until the access token ends.
    pub expires_in: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPersonalToken {
    #[schema(schema_with = schema::token_name)]
    pub name: String,
    /// Days until it ends; absent: never.
    #[serde(default)]
    #[schema(schema_with = schema::token_days)]
    pub expires_in_days: Option<u32>,
}

/// A personal access token; `token` is there only in the answer that made it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonalToken {
    #[schema(value_type = String)]
    pub id: TokenId,
    pub name: String,
    /// The first characters, to tell tokens apart.
    pub prefix: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A single-use key for opening one WebSocket.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    pub ticket: String,
    /// Seconds.
    pub expires_in: i64,
}
