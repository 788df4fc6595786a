//! Who is calling and how much they may ask: accounts, tokens, passwords, rate limits. Knows neither HTTP nor handlers.

pub mod accounts;
mod error;
pub mod password;
pub mod rate_limit;
pub mod tokens;

pub use accounts::Accounts;
pub use error::AuthError;
pub use tokens::Caller;
