//! What a job left behind: its raw output from any offset, and its artifacts. All of it was written by strangers'
//! code, so artifacts are always downloads, never pages.

use std::{str::FromStr, sync::Arc};

use bytes::Bytes;
use engunity_artifacts::keys;
use engunity_protocol::{JobId, event::Stream, job::Artifact, path::ProjectPath, problem::Problem};
use engunity_store::{Chunk, JobHead, Store, StoreError};
use futures::stream;
use warp::http::{HeaderValue, Method};

use crate::app::App;
use crate::auth::tokens::Caller;
use crate::http::{
    conditional,
    error::{ApiError, ApiResult},
    reply,
    request::Request,
    router::Route,
};

/// Chunks of one read; a chunk has at most 64 KiB.
const CHUNKS: i64 = 32;

pub fn routes() -> Vec<Route> {
    vec![
        Route::signed(Method::GET, "/api/v1/jobs/{job_id}/output", output)
            .answers(&["application/octet-stream"]),
        Route::signed(Method::GET, "/api/v1/jobs/{job_id}/artifacts", list),
        Route::signed(Method::GET, "/api/v1/jobs/{job_id}/artifacts/{*path}", download).answers(&[]),
    ]
}

/// A stream by its name in the query.
struct Wanted(Stream);

impl FromStr for Wanted {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "stdout" => Ok(Self(Stream::Stdout)),
            "stderr" => Ok(Self(Stream::Stderr)),
            _ => Err(()),
        }
    }
}

/// A job's output so far as raw bytes; `X-Engunity-Next-Offset` says where to go on.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}/output", operation_id = "read_output", tag = "jobs", security(("bearer" = [])),
    params(("job_id" = String, Path), ("stream" = Option<Stream>, Query, description = "stdout if absent"),
           ("offset" = Option<u64>, Query, description = "in bytes")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = Problem)))]
pub async fn output(app: Arc<App>, caller: Caller, request: Request) -> ApiResult {
    let id: JobId = request.id("job_id")?;
    let Wanted(stream) = request.query_value("stream", "stdout or stderr")?.unwrap_or(Wanted(Stream::Stdout));
    let offset: u64 = request.query_value("offset", "a number of bytes")?.unwrap_or(0);
    if i64::try_from(offset).is_err() {
        return Err(ApiError::field("offset", "is larger than any output"));
    }
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
    user_id: i32,
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
    params(("job_id" = String, Path)), responses((status = 200, body = Vec<Artifact>), (status = 404, body = Problem)))]
pub async fn list(app: Arc<App>, caller: Caller, request: Request) -> ApiResult {
    let (_, artifacts) =
        app.store.artifacts(caller.user_id, request.id("job_id")?).await?.ok_or_else(no_job)?;
    reply::json(&artifacts)
}

/// An artifact's bytes.
#[utoipa::path(get, path = "/api/v1/jobs/{job_id}/artifacts/{path}", operation_id = "download_artifact", tag = "jobs", security(("bearer" = [])),
    params(("job_id" = String, Path), ("path" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 304), (status = 404, body = Problem)))]
pub async fn download(app: Arc<App>, caller: Caller, request: Request) -> ApiResult {
    let id: JobId = request.id("job_id")?;
    let (attempt, artifacts) = app.store.artifacts(caller.user_id, id).await?.ok_or_else(no_job)?;
    let missing = || ApiError::not_found("this artifact");
    let artifact =
        artifacts.into_iter().find(|artifact| artifact.path == request.param("path")).ok_or_else(missing)?;
    if let Some(response) = conditional::unchanged(&request.headers, Some(&artifact.hash)) {
        return Ok(response);
    }
    let path = ProjectPath::parse(&artifact.path).map_err(|_| missing())?;
    let mut response = reply::object(app.objects.get_stream(&keys::artifact(id, attempt, &path)).await?);
    reply::download(&mut response, path.name());
    conditional::tag(&mut response, Some(&artifact.hash));
    Ok(response)
}
