//! Who is calling and how much they may ask: tokens, passwords, rate limits. Knows neither HTTP routes nor handlers.

pub mod password;
pub mod rate_limit;
pub mod tokens;
