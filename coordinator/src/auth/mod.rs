//! Who is calling and how much they may ask: accounts, sessions, tokens, passwords, mail, rate limits. Knows neither HTTP nor handlers.

pub mod accounts;
mod admin;
mod error;
mod guesses;
mod login_guard;
pub mod mail;
pub mod password;
mod passwords;
pub mod rate_limit;
pub mod revocations;
pub mod tokens;

pub use accounts::Accounts;
pub use error::AuthError;
pub use guesses::Guesses;
pub use tokens::Caller;
