//! Selects the server to talk to. Pure.

use reqwest::Url;

use crate::{
    config::link::Folder,
    error::{CliError, Result},
};

pub const DEFAULT: &str = "http://127.0.0.1:8000";

/// Who named the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The command line or the environment.
    Explicit,
    /// `.engunity.toml`.
    Folder,
    /// The last login, or the built-in default.
    Default,
}

/// Selects the requested server, else the folder's, else the last one used.
pub fn choose(
    asked: Option<&str>,
    folder: Option<&Folder>,
    latest: Option<&str>,
) -> Result<(String, Source)> {
    if let Some(asked) = asked.filter(|asked| !asked.is_empty()) {
        return Ok((normalize(asked)?, Source::Explicit));
    }
    match (folder, latest) {
        (Some(folder), _) => Ok((normalize(&folder.link.server)?, Source::Folder)),
        (None, Some(latest)) => Ok((normalize(latest)?, Source::Default)),
        (None, None) => Ok((DEFAULT.to_owned(), Source::Default)),
    }
}

/// Validates an address and normalizes it: no trailing slash, no default port.
fn normalize(text: &str) -> Result<String> {
    let wrong = |why: &str| {
        CliError::new(format!("{text:?} is not a server's address: {why}"))
            .hint(format!("engunity --server {DEFAULT} whoami"))
    };
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "https")) {
        return Err(wrong("it must start with http:// or https://"));
    }
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(wrong("it must have no user, query or fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, kept) in [
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
            ("https://Lab.Example.com:443", "https://lab.example.com"),
            ("https://example.com/lab/", "https://example.com/lab"),
        ] {
            assert_eq!(normalize(text).unwrap(), kept);
        }
        for text in ["127.0.0.1:8000", "localhost:8000", "ftp://x", "http://u:p@x", "http://x?y", ""] {
            assert!(normalize(text).is_err(), "{text}");
        }
    }

    #[test]
    fn who_asks_wins_over_habit() {
        assert_eq!(
            choose(Some("http://a"), None, Some("http://b")).unwrap(),
            ("http://a".into(), Source::Explicit)
        );
        assert_eq!(choose(Some(""), None, Some("http://b")).unwrap(), ("http://b".into(), Source::Default));
        assert_eq!(choose(None, None, None).unwrap(), (DEFAULT.into(), Source::Default));
    }
}
