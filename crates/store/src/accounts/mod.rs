//! Accounts: users and the tokens that authenticate them.

mod tokens;
mod users;

pub use tokens::Rotation;
