//! Accounts: users, tokens and tickets, as the API takes and shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{TokenId, UserId, schema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    #[schema(value_type = i32)]
    pub id: UserId,
    pub email: String,
    pub name: Option<String>,
    pub created_at: DateTime<Utc>,
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
