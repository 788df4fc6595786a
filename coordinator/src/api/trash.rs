//! The trash of a project: list it, restore from it, delete for good.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use engunity_protocol::bulk::{TrashRestore, TrashRestored};
use engunity_protocol::history::TrashEntry;
use engunity_protocol::problem::Problem;
use engunity_protocol::{ProjectId, TrashId};
use engunity_store::files::Wanted;
use warp::http::Method;

use super::bulk::number_of_items;
use super::origin;
use super::projects::END_OF_TIME;
use crate::app::App;
use crate::auth::Caller;
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::paging::{Cursor, Limit};
use crate::http::parameter::{Path, Query};
use crate::http::request::Request;
use crate::http::router::Route;
use crate::http::{paging, reply};

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}/trash", list),
        Route::authenticated(Method::DELETE, "/api/v1/code/{project_id}/trash", empty),
        Route::authenticated(Method::DELETE, "/api/v1/code/{project_id}/trash/{trash_id}", purge),
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/trash/restore", restore)
            .stores()
            .slow(),
    ]
}

/// What a cursor of such a list says: microseconds and id of the last entry.
pub struct Position<T>(pub (DateTime<Utc>, T));

impl<T: fmt::Display> fmt::Display for Position<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0.0.timestamp_micros(), self.0.1)
    }
}

impl<T: FromStr> FromStr for Position<T> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (micros, id) = text.split_once(',').ok_or(())?;
        let micros = micros.parse().ok().filter(|micros| (0..=END_OF_TIME).contains(micros)).ok_or(())?;
        let at = DateTime::from_timestamp_micros(micros).ok_or(())?;
        Ok(Self((at, id.parse().map_err(drop)?)))
    }
}

/// Lists what was deleted, newest first: a folder with all that was in it is one entry.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/trash", operation_id = "list_trash", tag = "history", security(("bearer" = [])),
    responses((status = 200, body = Vec<TrashEntry>), (status = 404, body = Problem)))]
pub async fn list(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(Limit(limit)): Query<Limit<100, 1000>>,
    Query(after): Query<Option<Cursor<Position<TrashId>>>>,
    request: Request,
) -> ApiResult {
    let after = after.map(|Cursor(Position(cursor))| cursor);
    let mut entries = app.files.trash(caller.user_id, project, limit + 1, after).await?;
    let next = paging::cut(&mut entries, limit, |last| Position((last.deleted_at, last.id)));
    let mut response = reply::json(&entries)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

/// Restores entries of the trash to where they were, with the folders above them that are missing.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/trash/restore", operation_id = "restore_trash", tag = "history", security(("bearer" = [])),
    request_body = TrashRestore,
    responses((status = 200, body = TrashRestored), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn restore(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    let body: TrashRestore = request.json().await?;
    let on_conflict = body.on_conflict;
    let wanted = wanted(body)?;
    let origin = origin(&request);
    reply::json(&app.files.restore_trash(caller.user_id, project, &wanted, on_conflict, origin).await?)
}

fn wanted(body: TrashRestore) -> Result<Wanted, ApiError> {
    let mut checks = Checks::default();
    let wanted = match (body.ids, body.deletion_id) {
        (Some(ids), None) => {
            number_of_items("ids", ids.len(), &mut checks);
            Some(Wanted::Entries(ids))
        }
        (None, Some(id)) => Some(Wanted::Deletion(id)),
        (Some(_), Some(_)) => return Err(ApiError::field("deletion_id", "give either ids or deletion_id")),
        (None, None) => None,
    };
    checks.done()?;
    wanted.ok_or_else(|| ApiError::field("ids", "give ids or deletion_id"))
}

/// Deletes one entry of the trash for good, with the history of its files.
#[utoipa::path(delete, path = "/api/v1/code/{project_id}/trash/{trash_id}", operation_id = "purge_trash_entry", tag = "history", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn purge(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Path(id): Path<TrashId>,
    _: Request,
) -> ApiResult {
    app.files.purge(caller.user_id, project, id).await?;
    reply::no_content()
}

/// Deletes all that is in the trash for good, with the history of its files.
#[utoipa::path(delete, path = "/api/v1/code/{project_id}/trash", operation_id = "empty_trash", tag = "history", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn empty(app: Arc<App>, caller: Caller, Path(project): Path<ProjectId>, _: Request) -> ApiResult {
    app.files.empty_trash(caller.user_id, project).await?;
    reply::no_content()
}
