//! Typed ids: a job id can't be passed where a project id is meant.

use std::{convert::Infallible, fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A user's number, as the `users` table hands it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = i32)]
pub struct UserId(pub i32);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for UserId {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Defines an id that is a UUID in memory and its hyphenated text on the wire and in the database.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Returns a new id; later ids sort after earlier ones (UUID version 7).
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// A project (`code_projects.id`).
    ProjectId
);
uuid_id!(
    /// A file or folder (`code_files.id`).
    FileId
);
uuid_id!(
    /// A job (`jobs.id`).
    JobId
);
uuid_id!(
    /// One content that a file has or had.
    VersionId
);
uuid_id!(
    /// A deleted file or folder, with all that was in it.
    TrashId
);
uuid_id!(
    /// All that one change deleted.
    DeletionId
);
uuid_id!(
    /// A personal access token (`personal_tokens.id`).
    TokenId
);
uuid_id!(
    /// A sign-in: a family of refresh tokens.
    SessionId
);
uuid_id!(
    /// An invitation to register.
    InvitationId
);

/// Defines an id that is a short name chosen by the process that carries it.
macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.to_owned()))
            }
        }
    };
}

name_id!(
    /// One life of a worker process: a restarted worker has a new id, so that its old leases are not its own.
    WorkerId
);
name_id!(
    /// One life of a coordinator process.
    CoordinatorId
);
name_id!(
    /// One connection of a session: a tab, a terminal.
    ConnectionId
);
