//! Parses and checks request bodies: JSON errors that name the field, and lengths of texts. Pure.

use engunity_protocol::problem::{ErrorCode, FieldError};
use engunity_protocol::schema::Length;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::error::ApiError;
use super::strict::Strict;

/// Parses a JSON object. Text that is not JSON is a 400, JSON of another shape a 422.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(not_an_object(body));
    }
    let mut parser = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(Strict(&mut parser)).map_err(|error| {
        let path = error.path().to_string();
        refuse(&path, error.into_inner())
    })?;
    parser.end().map_err(|error| ApiError::new(ErrorCode::MalformedBody, error.to_string()))?;
    Ok(value)
}

/// The error for a body that is not a JSON object, or not JSON at all.
fn not_an_object(body: &[u8]) -> ApiError {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => ApiError::field("body", "must be an object"),
        Err(error) => ApiError::new(ErrorCode::MalformedBody, format!("not JSON: {error}")),
    }
}

fn refuse(path: &str, error: serde_json::Error) -> ApiError {
    if !error.is_data() {
        return ApiError::new(ErrorCode::MalformedBody, format!("not JSON: {error}"));
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    let field = match (path, quoted(message)) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (path, Some(name)) if names_a_member(message) && !path.ends_with(name) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    ApiError::field(field, message)
}

/// serde reports the name of an unknown, missing or duplicate member only in its message.
fn names_a_member(message: &str) -> bool {
    message.starts_with("unknown field")
        || message.starts_with("missing field")
        || message.starts_with("duplicate field")
}

fn quoted(message: &str) -> Option<&str> {
    if !names_a_member(message) {
        return None;
    }
    message.split('`').nth(1)
}

/// Collects the errors of a body, so that one response lists all of them.
#[derive(Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Checks the number of characters, and that there is no NUL, which PostgreSQL can't store.
    pub fn text(&mut self, field: &str, text: &str, length: Length) {
        let (least, most) = length.into_inner();
        let length = text.chars().take(most + 1).count();
        if length < least {
            self.refuse(
                field,
                if least == 1 {
                    "must not be empty".into()
                } else {
                    format!("must have at least {least} characters")
                },
            );
        } else if length > most {
            self.refuse(field, format!("must have at most {most} characters"));
        }
        if text.contains('\0') {
            self.refuse(field, "must not contain a NUL character");
        }
    }

    pub fn optional(&mut self, field: &str, text: Option<&str>, length: Length) {
        if let Some(text) = text {
            self.text(field, text, length);
        }
    }

    /// The number of errors so far.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn done(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::fields(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use engunity_protocol::{
        file::NewFile,
        job::RunRequest,
        project::{NewProject, ProjectPatch},
        sync::Manifest,
    };

    use super::*;

    fn problem<T: DeserializeOwned>(body: &str) -> (u16, Option<String>) {
        let Err(error) = json::<T>(body.as_bytes()) else { panic!("{body} was taken") };
        (error.problem.status, error.problem.errors.first().map(|e| e.field.clone()))
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        assert_eq!(problem::<NewProject>(r#"{"name": 1}"#), (422, Some("name".into())));
        assert_eq!(problem::<NewProject>(r#"{}"#), (422, Some("name".into())));
        assert_eq!(problem::<NewProject>(r#"{"name": "a", "colour": 1}"#), (422, Some("colour".into())));
        assert_eq!(problem::<NewFile>(r#"{"path": "a", "type": "pipe"}"#), (422, Some("type".into())));
        assert_eq!(problem::<RunRequest>(r#"{"limits": {"wall": 1}}"#), (422, Some("limits.wall".into())));
        assert_eq!(problem::<NewProject>(r#" ["a"] "#), (422, Some("body".into())));
        assert_eq!(problem::<RunRequest>(r#"{"limits": [1, 2]}"#), (422, Some("limits".into())));
        let list = format!(r#"{{"files": [["a", "{}", 1]]}}"#, "0".repeat(64));
        assert_eq!(problem::<Manifest>(&list), (422, Some("files[0]".into())));
        assert_eq!(problem::<NewProject>(&"[".repeat(100_000)).0, 400);
        assert_eq!(problem::<ProjectPatch>(r#"{"name": null}"#), (422, Some("name".into())));
        assert_eq!(problem::<NewProject>(r#"null"#), (422, Some("body".into())));
    }

    #[test]
    fn tells_broken_json_apart() {
        for body in ["", "{", "{\"name\": \"a\"", "{\"name\": \"a\"} x", "\u{1}"] {
            assert_eq!(problem::<NewProject>(body), (400, None), "{body:?}");
        }
    }
}
