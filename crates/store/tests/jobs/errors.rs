//! Errors of the server come as their own cases, and keep what the server said as their source.

use std::error::Error;

use engunity_protocol::UserId;
use engunity_store::{Admission, StoreError};
use tokio_postgres::error::SqlState;

use crate::lab::Lab;

/// The code of the server's error that led to this one.
fn source_code(error: &StoreError) -> Option<SqlState> {
    error.source()?.downcast_ref::<tokio_postgres::Error>()?.code().cloned()
}

#[tokio::test]
async fn errors_keep_what_the_server_said() {
    let lab = Lab::start().await;
    lab.user("ann").await;

    let twice = lab.store.register_user("ANN@example.com", None, "x", Admission::Open, 0).await.unwrap_err();
    assert!(matches!(&twice, StoreError::Conflict { constraint, .. } if !constraint.is_empty()), "{twice:?}");
    assert_eq!(source_code(&twice), Some(SqlState::UNIQUE_VIOLATION));

    let nobody = lab.store.add_ticket(UserId(-1), None, b"hash", chrono::Utc::now()).await.unwrap_err();
    assert!(matches!(&nobody, StoreError::Gone { constraint, .. } if !constraint.is_empty()), "{nobody:?}");
    assert_eq!(source_code(&nobody), Some(SqlState::FOREIGN_KEY_VIOLATION));

    let nul = lab.store.register_user("a\0b@example.com", None, "x", Admission::Open, 0).await.unwrap_err();
    assert!(matches!(&nul, StoreError::Unstorable(_)), "{nul:?}");
    assert_eq!(source_code(&nul), Some(SqlState::CHARACTER_NOT_IN_REPERTOIRE));
    assert!(nul.to_string().contains("invalid byte sequence"), "{nul}");
    lab.finish().await;
}
