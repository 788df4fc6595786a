//! Accounts: users, their sessions and the tokens that authenticate them, and what administrators do with them.

mod admin;
mod sessions;
mod tokens;
mod usage;
mod users;

pub use admin::AccountChange;
pub use sessions::{Device, Revocation, Rotation};
pub use users::{Admission, Registered, StoredAccount};
