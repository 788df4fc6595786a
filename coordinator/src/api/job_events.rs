//! A job's events as server-sent events: `id` is the event's number, so a client that comes back with
//! `Last-Event-ID` misses nothing and gets nothing twice, from any coordinator.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use engunity_protocol::{JobId, event::JobEvent, problem::Problem};
use futures::{FutureExt, Stream, future::BoxFuture, stream};
use serde::Serialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use warp::http::{HeaderValue, Method, header};

use crate::auth::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    parameter::{Header, Parameter, Path, Query, number},
    reply,
    request::Request,
    router::Route,
};
use crate::{app::App, jobs::event_reader::JobReader, limits::Permit};

/// A comment this often keeps proxies from closing a quiet stream, and finds clients that are gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long clients wait before they come back.
const OPENING: &str = "retry: 1000\n\n";

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/jobs/{job_id}/events", events)
            .produces(&["text/event-stream"]),
    ]
}

/// Follows a job: `state`, `output`, `progress` and at last `result`, after which the stream ends.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}/events", operation_id = "follow_job", tag = "jobs", security(("bearer" = [])),
    responses((status = 200, content_type = "text/event-stream", body = JobEvent),
              (status = 204, description = "everything was read before"), (status = 404, body = Problem)))]
pub async fn events(
    app: Arc<App>,
    caller: Caller,
    Path(job_id): Path<JobId>,
    Query(After(after)): Query<After>,
    Header(last): Header<Option<LastEventId>>,
    _: Request,
) -> ApiResult {
    // The header wins: a browser that comes back repeats the old URL.
    let after = last.and_then(|LastEventId(id)| id).unwrap_or(after);
    let reader = app.jobs.follow(caller.user_id, job_id, after).await?;
    let reader = reader.ok_or_else(|| ApiError::not_found("this job"))?;
    if reader.has_ended() {
        // What makes an EventSource stop coming back.
        return reply::no_content();
    }
    let permit = app.limits.open_stream(caller.user_id).await?;
    let end = StreamEnd {
        draining: app.orchestrator.draining(),
        authority: app.tokens.ended(caller.authority).boxed(),
        _permit: permit,
    };
    let mut response = reply::stream("text/event-stream", body(reader, end));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect the stream otherwise.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The number of an event to begin after.
pub struct After(i64);

impl Parameter for After {
    const NAME: &'static str = "after";
    const DESCRIPTION: &'static str = "event number to begin after";

    fn schema() -> Value {
        json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX, "default": 0})
    }

    fn read(text: &str) -> Result<Self, String> {
        number(text, 0, i64::MAX).map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self(0))
    }
}

/// The same, as browsers send it; an empty one says nothing.
pub struct LastEventId(Option<i64>);

impl Parameter for LastEventId {
    const NAME: &'static str = "Last-Event-ID";
    const DESCRIPTION: &'static str = "the same, as browsers send it";

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9]{0,18}$"})
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        number(text, 0, 999_999_999_999_999_999).map(|id| Self(Some(id)))
    }
}

type Piece = Result<Bytes, std::convert::Infallible>;

/// What ends a stream before its job does.
struct StreamEnd {
    draining: CancellationToken,
    /// The caller's session or token ended.
    authority: BoxFuture<'static, ()>,
    _permit: Permit,
}

fn body(reader: JobReader, end: StreamEnd) -> impl Stream<Item = Piece> + Send {
    let opening = stream::iter([Ok(Bytes::from_static(OPENING.as_bytes()))]);
    let events = stream::unfold((reader, end), |(mut reader, mut end)| async move {
        let piece = tokio::select! {
            () = end.draining.cancelled() => return None,
            () = &mut end.authority => return None,
            events = reader.next() => events,
            () = tokio::time::sleep(KEEP_ALIVE) => return Some((Ok(Bytes::from_static(b": keep-alive\n\n")), (reader, end))),
        };
        if piece.is_empty() {
            return None;
        }
        let mut text = Vec::new();
        piece.iter().for_each(|(id, event)| write(&mut text, *id, event));
        Some((Ok(Bytes::from(text)), (reader, end)))
    });
    futures::StreamExt::chain(opening, events)
}

fn write(out: &mut Vec<u8>, id: i64, event: &JobEvent) {
    match event {
        JobEvent::State(data) => write_as(out, id, "state", data),
        JobEvent::Output(data) => write_as(out, id, "output", data),
        JobEvent::Progress(data) => write_as(out, id, "progress", data),
        JobEvent::Result(data) => write_as(out, id, "result", data),
    }
}

/// JSON has no line breaks of its own, so the data is one line.
fn write_as<T: Serialize>(out: &mut Vec<u8>, id: i64, name: &str, data: &T) {
    out.extend_from_slice(format!("event: {name}\nid: {id}\ndata: ").as_bytes());
    if let Err(error) = serde_json::to_writer(&mut *out, data) {
        tracing::error!(%error, "an event can't be written");
    }
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use engunity_protocol::event::Progress;

    use super::*;

    #[test]
    fn an_event_is_three_lines() {
        let mut out = Vec::new();
        write(
            &mut out,
            7,
            &JobEvent::Progress(Progress { message: "a\nb".into(), fraction: None, remark: false }),
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "event: progress\nid: 7\ndata: {\"message\":\"a\\nb\"}\n\n"
        );
    }
}
