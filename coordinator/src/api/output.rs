//! What a job left behind: its raw output from any offset, and its artifacts. All of it was written by strangers'
//! code, so artifacts are always downloads, never pages.

use std::sync::Arc;

use bytes::Bytes;
use engunity_artifacts::keys;
use engunity_protocol::{JobId, UserId, event::Stream, job::Artifact, path::ProjectPath, problem::Problem};
use engunity_store::{Chunk, JobHead, Store, StoreError};
use futures::stream;
use serde_json::{Value, json};
use warp::http::{HeaderValue, Method};

use crate::app::App;
use crate::auth::Caller;
use crate::http::{
    conditional::{self, IfNoneMatch},
    error::{ApiError, ApiResult},
    parameter::{Header, Parameter, Path, Query, number},
    range::{self, Ranged},
    reply,
    request::Request,
    router::Route,
};

/// Chunks of one read; a chunk has at most 64 KiB.
const CHUNKS: i64 = 32;

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/jobs/{job_id}/output", output)
            .produces(&["application/octet-stream"]),
        Route::authenticated(Method::GET, "/api/v1/jobs/{job_id}/artifacts", list),
        Route::authenticated(Method::GET, "/api/v1/jobs/{job_id}/artifacts/{*path}", download).produces(&[]),
    ]
}

/// A stream by its name in the query.
pub struct Wanted(Stream);

impl Parameter for Wanted {
    const NAME: &'static str = "stream";
    const DESCRIPTION: &'static str = "stdout if absent";

    fn schema() -> Value {
        json!({"$ref": "#/components/schemas/Stream"})
    }

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "stdout" => Ok(Self(Stream::Stdout)),
            "stderr" => Ok(Self(Stream::Stderr)),
            _ => Err("must be stdout or stderr".into()),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self(Stream::Stdout))
    }
}

/// Where to begin in a stream.
pub struct Offset(u64);

impl Parameter for Offset {
    const NAME: &'static str = "offset";
    const DESCRIPTION: &'static str = "in bytes";

    fn schema() -> Value {
        json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX, "default": 0})
    }

    fn read(text: &str) -> Result<Self, String> {
        number(text, 0, i64::MAX as u64).map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self(0))
    }
}

/// The path of an artifact.
pub struct ArtifactPath(String);

impl Parameter for ArtifactPath {
    const NAME: &'static str = "path";
    const DESCRIPTION: &'static str = "an artifact's path, with its slashes";

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1})
    }

    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

/// A job's output so far as raw bytes; `X-Engunity-Next-Offset` says where to go on.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}/output", operation_id = "read_output", tag = "jobs", security(("bearer" = [])),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = Problem)))]
pub async fn output(
    app: Arc<App>,
    caller: Caller,
    Path(id): Path<JobId>,
    Query(Wanted(stream)): Query<Wanted>,
    Query(Offset(offset)): Query<Offset>,
    _: Request,
) -> ApiResult {
    let JobHead { job, .. } = app.store.job(caller.user_id, id).await?.ok_or_else(no_job)?;
    let end = app.store.output_end(id, job.attempt, stream).await?.max(offset);
    let reading = Reading {
        store: app.store.clone(),
        user_id: caller.user_id,
        id,
        attempt: job.attempt,
        stream,
        offset,
        end,
    };
    let mut response = reply::stream("application/octet-stream", reading.into_stream());
    response.headers_mut().insert("x-engunity-next-offset", HeaderValue::from(end));
    response.headers_mut().insert("x-engunity-attempt", HeaderValue::from(job.attempt));
    Ok(response)
}

fn no_job() -> ApiError {
    ApiError::not_found("this job")
}

/// Reads output piece by piece up to where it ended when the request came.
struct Reading {
    store: Store,
    user_id: UserId,
    id: JobId,
    attempt: i32,
    stream: Stream,
    offset: u64,
    end: u64,
}

impl Reading {
    fn into_stream(self) -> impl futures::Stream<Item = Result<Bytes, StoreError>> + Send {
        stream::try_unfold(self, |mut reading| async move {
            let piece = reading.next().await?;
            Ok((!piece.is_empty()).then_some((piece, reading)))
        })
    }

    async fn next(&mut self) -> Result<Bytes, StoreError> {
        if self.offset >= self.end {
            return Ok(Bytes::new());
        }
        let chunks = self
            .store
            .output_from(self.user_id, self.id, self.attempt, self.stream, self.offset, CHUNKS)
            .await?;
        let mut piece: Vec<u8> = chunks.into_iter().flat_map(|Chunk { bytes, .. }| bytes).collect();
        piece.truncate((self.end - self.offset) as usize);
        self.offset += piece.len() as u64;
        Ok(piece.into())
    }
}

/// The artifacts of a job that has ended.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}/artifacts", operation_id = "list_artifacts", tag = "jobs", security(("bearer" = [])),
    responses((status = 200, body = Vec<Artifact>), (status = 404, body = Problem)))]
pub async fn list(app: Arc<App>, caller: Caller, Path(id): Path<JobId>, _: Request) -> ApiResult {
    let (_, artifacts) = app.store.artifacts(caller.user_id, id).await?.ok_or_else(no_job)?;
    reply::json(&artifacts)
}

/// An artifact's bytes.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}/artifacts/{path}", operation_id = "download_artifact", tag = "jobs", security(("bearer" = [])),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 304), (status = 404, body = Problem)))]
pub async fn download(
    app: Arc<App>,
    caller: Caller,
    Path(id): Path<JobId>,
    Path(ArtifactPath(wanted)): Path<ArtifactPath>,
    _: Header<Option<IfNoneMatch>>,
    range: Ranged,
    request: Request,
) -> ApiResult {
    let (attempt, artifacts) = app.store.artifacts(caller.user_id, id).await?.ok_or_else(no_job)?;
    let missing = || ApiError::not_found("this artifact");
    let artifact = artifacts.into_iter().find(|artifact| artifact.path == wanted).ok_or_else(missing)?;
    if let Some(response) = conditional::unchanged(&request.headers, Some(&artifact.hash)) {
        return Ok(response);
    }
    let path = ProjectPath::parse(&artifact.path).map_err(|_| missing())?;
    let part = range.part(&artifact.hash, artifact.size)?;
    let key = keys::artifact(id, attempt, &path);
    let object = app.objects.get_part(&key, part.map(|part| (part.first, part.length))).await?;
    let mut response = reply::object(object);
    range::mark(&mut response, part);
    reply::download(&mut response, path.name());
    conditional::tag(&mut response, Some(&artifact.hash));
    Ok(response)
}
