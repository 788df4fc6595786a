//! Successful responses: JSON, no content, bytes and streams.

use bytes::Bytes;
use engunity_artifacts::Object;
use futures::{Stream, TryStreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use sync_wrapper::SyncStream;
use warp::Reply;
use warp::http::{HeaderName, HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::error::{ApiError, ApiResult};

pub fn json<T: Serialize + ?Sized>(value: &T) -> ApiResult {
    json_with(StatusCode::OK, value)
}

pub fn created<T: Serialize + ?Sized>(value: &T) -> ApiResult {
    json_with(StatusCode::CREATED, value)
}

pub fn json_with<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> ApiResult {
    let body = serde_json::to_vec(value).map_err(ApiError::internal)?;
    Ok(bytes(status, "application/json", body))
}

pub fn no_content() -> ApiResult {
    let mut response = Response::new(Vec::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

pub fn bytes(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into().into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A body that is produced while it is sent. An error closes the connection, so that the client notices.
pub fn stream<S, E>(content_type: &'static str, body: S) -> Response
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
{
    let mut response = warp::reply::stream(SyncStream::new(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sets a header. A value that is not valid in a header is left out.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// An object from object storage, streamed. If storage stalls, the connection is closed.
pub fn object(object: Object) -> Response {
    let mut response = stream("application/octet-stream", SyncStream::new(object.body.into_stream()));
    response.headers_mut().insert(header::CONTENT_LENGTH, object.size.into());
    response
}

/// Characters that RFC 8187 allows unescaped in a file name.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// Marks the response as a download that no browser renders or executes.
pub fn download(response: &mut Response, name: &str) {
    let ascii: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(name, PLAIN);
    set(
        response,
        header::CONTENT_DISPOSITION,
        &format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}"),
    );
    set(response, header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'");
}
