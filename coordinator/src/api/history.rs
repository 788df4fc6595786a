//! The local history of files: the entries of one path, the content of each, and going back to it.

use std::sync::Arc;

use engunity_protocol::file::File;
use engunity_protocol::history::{Version, VersionRestore};
use engunity_protocol::path::ProjectPath;
use engunity_protocol::problem::Problem;
use engunity_protocol::{ProjectId, VersionId, schema};
use serde_json::Value;
use warp::http::{Method, StatusCode};

use super::files::{Body, send, shown};
use super::origin;
use super::trash::Position;
use crate::app::App;
use crate::auth::Caller;
use crate::files::FileText;
use crate::http::conditional::IfNoneMatch;
use crate::http::error::{ApiError, ApiResult};
use crate::http::paging::{Cursor, Limit};
use crate::http::parameter::{Header, Parameter, Path, Query};
use crate::http::range::Ranged;
use crate::http::request::Request;
use crate::http::router::{RequestBody, Route};
use crate::http::{paging, reply};

/// The path of a file, present or past.
pub struct OfPath(ProjectPath);

impl Parameter for OfPath {
    const NAME: &'static str = "path";
    const DESCRIPTION: &'static str = "The path of a file; it may be deleted.";

    fn schema() -> Value {
        serde_json::to_value(schema::form_path()).unwrap_or_default()
    }

    fn read(text: &str) -> Result<Self, String> {
        ProjectPath::parse(text).map(Self).map_err(|error| error.to_string())
    }
}

pub fn routes() -> Vec<Route> {
    let restore =
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/history/{version_id}/restore", restore);
    vec![
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}/history", list),
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}/history/{version_id}/content", content)
            .produces(&[]),
        restore.body(RequestBody::Json { optional: true }).stores(),
    ]
}

/// Lists what the file at a path has held, newest first: the present content, past ones, and that it was deleted.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/history", operation_id = "list_history", tag = "history", security(("bearer" = [])),
    responses((status = 200, body = Vec<Version>), (status = 404, body = Problem)))]
pub async fn list(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(OfPath(path)): Query<OfPath>,
    Query(Limit(limit)): Query<Limit<100, 1000>>,
    Query(after): Query<Option<Cursor<Position<VersionId>>>>,
    request: Request,
) -> ApiResult {
    let after = after.map(|Cursor(Position(cursor))| cursor);
    let mut versions = app.files.history(caller.user_id, project, path.as_str(), limit + 1, after).await?;
    let next = paging::cut(&mut versions, limit, |last| Position((last.created_at, last.id)));
    let mut response = reply::json(&versions)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

/// The bytes of one version, as a download.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/history/{version_id}/content", operation_id = "read_version", tag = "history", security(("bearer" = [])),
    responses((status = 200, content_type = "application/octet-stream"), (status = 304), (status = 404, body = Problem)))]
pub async fn content(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Path(id): Path<VersionId>,
    _: Header<Option<IfNoneMatch>>,
    range: Ranged,
    request: Request,
) -> ApiResult {
    let version = app.files.version(caller.user_id, project, id).await?;
    let name = version.path.rsplit('/').next().unwrap_or_default();
    let body = Body { hash: &version.hash, size: version.size as u64, text: version.text, name };
    send(&app, &caller, body, range, &request).await
}

/// Gives a file the content of a version again. Without `path` that is the file which had it, wherever it is now, or where it
/// was if it is deleted. What it replaces becomes a version.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/history/{version_id}/restore", operation_id = "restore_version", tag = "history", security(("bearer" = [])),
    request_body = VersionRestore,
    responses((status = 200, body = File), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn restore(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Path(id): Path<VersionId>,
    mut request: Request,
) -> ApiResult {
    let body: VersionRestore = request.json_or_nothing().await?.unwrap_or_default();
    let path = body.path.as_deref().map(ProjectPath::parse).transpose();
    let path = path.map_err(|error| ApiError::field("path", error.to_string()))?;
    let origin = origin(&request);
    let FileText { file, text } =
        app.files.restore_version(caller.user_id, project, id, path, origin).await?;
    shown(StatusCode::OK, file, text)
}
