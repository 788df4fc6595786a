//! What can go wrong with object storage, in the three ways that callers act on differently.

use minio::s3::{
    error::{Error, NetworkError, S3ServerError, ValidationErr},
    minio_error_response::MinioErrorCode,
};

#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such object.
    #[error("object storage has no {0:?}")]
    NotFound(String),
    /// The server can't be reached, answers too late, or reports an overload: try again later.
    #[error("object storage can't be reached: {0}")]
    Unavailable(String),
    /// The object is larger than the caller is willing to hold.
    #[error("{key:?} in object storage is larger than {limit} bytes")]
    TooLarge { key: String, limit: u64 },
    /// Anything else: refused credentials, an impossible key, a source that failed while it was sent.
    #[error("object storage failed: {0}")]
    Other(String),
}

impl ObjectError {
    /// Sorts an error of the client by what can be done about it; `what` is the key or bucket it is about.
    pub(crate) fn sort(what: &str, error: Error) -> Self {
        match &error {
            Error::S3Server(S3ServerError::S3Error(response)) => {
                Self::sort_code(what, &response.code(), response.message())
            }
            Error::S3Server(S3ServerError::InvalidServerResponse { http_status_code: 404, .. }) => {
                Self::NotFound(what.to_owned())
            }
            _ if is_unavailable(&error) => Self::Unavailable(chain(&error)),
            _ => Self::Other(format!("{what}: {}", chain(&error))),
        }
    }

    fn sort_code(what: &str, code: &MinioErrorCode, message: &Option<String>) -> Self {
        use MinioErrorCode::*;
        match code {
            NoSuchKey | ResourceNotFound => Self::NotFound(what.to_owned()),
            // Not the caller's object is missing but all of them: an operator's matter, as an outage is.
            NoSuchBucket => Self::Unavailable("its bucket does not exist".to_owned()),
            // The client gives unknown codes in lower case.
            OtherError(code)
                if matches!(
                    code.as_str(),
                    "slowdown" | "serviceunavailable" | "internalerror" | "requesttimeout"
                ) =>
            {
                Self::Unavailable(code.clone())
            }
            code => Self::Other(format!("{what}: {code}: {}", message.as_deref().unwrap_or("no message"))),
        }
    }

    pub(crate) fn too_late() -> Self {
        Self::Unavailable("it did not answer in time".to_owned())
    }
}

fn is_unavailable(error: &Error) -> bool {
    match error {
        Error::Validation(ValidationErr::HttpError(_)) | Error::Network(NetworkError::ReqwestError(_)) => {
            true
        }
        Error::Network(NetworkError::ServerError(status)) => *status >= 500,
        Error::S3Server(S3ServerError::InvalidServerResponse { http_status_code, .. }) => {
            *http_status_code >= 500
        }
        Error::S3Server(S3ServerError::HttpError(status, _)) => *status >= 500,
        _ => false,
    }
}

/// Whether the server closed a kept-alive connection under the request: worth one more try at once.
pub(crate) fn is_broken_connection(error: &Error) -> bool {
    match error {
        Error::Validation(ValidationErr::HttpError(e)) | Error::Network(NetworkError::ReqwestError(e)) => {
            !e.is_connect() && !e.is_timeout()
        }
        _ => false,
    }
}

/// The error and its causes in one line: the client's own messages say little without them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        next = cause.source();
    }
    line
}
