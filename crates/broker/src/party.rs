//! Who is at our end of a connection: what it may declare, and the name that its messages carry.

use lapin::{BasicProperties, types::ShortString};

#[derive(Debug, Clone)]
pub(crate) enum Party {
    /// Trusted: declares everything.
    Coordinator,
    /// Runs strangers' code. The broker checks that `user` is the user of the connection.
    Worker { user: ShortString },
}

impl Party {
    pub(crate) fn declares_topology(&self) -> bool {
        matches!(self, Self::Coordinator)
    }

    /// Puts the sender's name on a message.
    pub(crate) fn sign(&self, properties: BasicProperties) -> BasicProperties {
        match self {
            Self::Coordinator => properties,
            Self::Worker { user } => properties.with_user_id(user.clone()),
        }
    }
}
