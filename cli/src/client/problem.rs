//! Turns a refusal or a broken connection into one line and the next command.

use std::error::Error;

use engunity_protocol::problem::{ErrorCode, Problem};
use reqwest::{Response, StatusCode, Url, header};

use crate::{error::CliError, output::plain};

/// The server did not answer at all, or stopped in the middle.
pub fn unreachable(base: &Url, error: &reqwest::Error) -> CliError {
    let server = base.as_str().trim_end_matches('/');
    let what = if error.is_connect() { "can't connect to" } else { "lost the connection to" };
    let failure = CliError::new(format!("{what} {server}: {}", root_cause(error))).transient();
    if error.is_connect() {
        CliError { unsent: true, ..failure }.hint("engunity --server <url> …, or start one with ./dev up")
    } else {
        failure
    }
}

/// The innermost error: the outer ones only say that something failed.
fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Reads the body of a refusal.
pub async fn read(base: &Url, response: Response) -> CliError {
    let status = response.status();
    if status.is_redirection() {
        return redirected(response.headers().get(header::LOCATION));
    }
    let body = response.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => explain(problem),
        Err(_) => {
            let transient = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            CliError { transient, ..foreign(base, status) }
        }
    }
}

fn redirected(location: Option<&header::HeaderValue>) -> CliError {
    let target = location.and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
    CliError::new(format!("the server redirects to {}", plain(target))).hint("engunity --server <url> …")
}

/// The answer of a proxy or another program, without a problem document.
fn foreign(base: &Url, status: StatusCode) -> CliError {
    let server = base.as_str().trim_end_matches('/');
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return CliError::new(format!("{server} still answers {status}"))
            .hint("the same command again later");
    }
    CliError::new(format!("{server} answered {status}; it does not seem to be an Engunity server"))
        .hint("engunity --server <url> …")
}

fn explain(problem: Problem) -> CliError {
    let mut failure = CliError::new(message(&problem));
    failure.code = Some(problem.code);
    failure.transient = matches!(
        problem.code,
        ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::Timeout | ErrorCode::RateLimited
    );
    match problem.code {
        // A token from the environment takes precedence over the stored one.
        ErrorCode::Unauthenticated if token_is_given() => {
            failure.hint("unset ENGUNITY_TOKEN && engunity login")
        }
        ErrorCode::Unauthenticated => failure.hint("engunity login"),
        ErrorCode::InvalidInput if problem.errors.iter().any(|error| error.field.starts_with("limits.")) => {
            failure.hint("engunity runtimes")
        }
        ErrorCode::InvalidCredentials => failure.hint("engunity login, or engunity register"),
        ErrorCode::UnknownRuntime => failure.hint("engunity runtimes"),
        ErrorCode::Unavailable => failure.hint("the same command again in a moment"),
        _ => failure,
    }
}

fn token_is_given() -> bool {
    std::env::var_os("ENGUNITY_TOKEN").is_some_and(|token| !token.is_empty())
}

/// One line: the detail, and each wrong field.
fn message(problem: &Problem) -> String {
    let detail = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
    // The detail often is one of them already.
    let named = problem.errors.iter().filter(|e| !detail.contains(&e.message));
    let fields: Vec<_> = named.map(|e| format!("{}: {}", e.field, e.message)).collect();
    match fields.is_empty() {
        true => plain(detail),
        false => plain(&format!("{detail} ({})", fields.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use engunity_protocol::problem::FieldError;

    use super::*;

    #[test]
    fn a_problem_is_one_line_with_its_fields_and_the_next_command() {
        let mut problem = Problem::new(ErrorCode::InvalidInput, "two\nlines");
        problem.errors = vec![FieldError { field: "limits.wall_s".into(), message: "at most 300".into() }];
        let failure = explain(problem);
        assert_eq!(failure.message, "two\u{fffd}lines (limits.wall_s: at most 300)");
        assert_eq!(failure.hint.as_deref(), Some("engunity runtimes"));
        assert_eq!(failure.code, Some(ErrorCode::InvalidInput));
        let mut problem = Problem::new(ErrorCode::InvalidInput, "limits.cpu: at most 4");
        problem.errors = vec![FieldError { field: "limits.cpu".into(), message: "at most 4".into() }];
        assert_eq!(explain(problem).message, "limits.cpu: at most 4");
        let failure = explain(Problem::new(ErrorCode::Unauthenticated, ""));
        assert_eq!(
            (failure.message.as_str(), failure.hint.as_deref()),
            ("A valid access token is needed", Some("engunity login"))
        );
    }
}
