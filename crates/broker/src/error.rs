//! Errors of the broker, in the cases that callers distinguish.

pub type Result<T> = std::result::Result<T, BrokerError>;

#[derive(Debug, Clone, thiserror::Error)]
pub enum BrokerError {
    #[error("the broker URL is wrong: {0}")]
    Url(String),
    /// No confirmation or answer in time. A message may have arrived all the same.
    #[error("the broker did not answer in time")]
    Timeout,
    /// The connection ended in the middle. A message may have arrived all the same.
    #[error("the connection to the broker was lost: {0}")]
    Lost(String),
    /// A resource alarm of the broker (memory, disk): it takes no messages from anyone until that is over.
    #[error("the broker takes no messages at present: a resource alarm")]
    Blocked,
    /// No queue is bound to the route: for example, the worker has ended.
    #[error("no queue takes messages for {0}")]
    Unroutable(String),
    /// A queue is full, or the broker could not store the message.
    #[error("the broker refused a message for {0}")]
    Refused(String),
}

impl From<lapin::Error> for BrokerError {
    fn from(error: lapin::Error) -> Self {
        Self::Lost(error.to_string())
    }
}
