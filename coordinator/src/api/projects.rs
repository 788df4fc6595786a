//! Projects: list, create, read, change, delete.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::DateTime;
use engunity_protocol::problem::Problem;
use engunity_protocol::project::{NewProject, Project, ProjectPatch};
use engunity_protocol::schema;
use engunity_protocol::{ProjectId, UserId};
use engunity_store::{ProjectCursor, plan::Arrival};
use warp::http::{Method, header};

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
        Route::authenticated(Method::GET, "/api/v1/code", list),
        Route::authenticated(Method::POST, "/api/v1/code", create),
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}", read),
        Route::authenticated(Method::PATCH, "/api/v1/code/{project_id}", update),
        Route::authenticated(Method::DELETE, "/api/v1/code/{project_id}", delete),
    ]
}

/// Lists one's projects, newest first.
#[utoipa::path(get, path = "/api/v1/code", operation_id = "list_projects", tag = "projects", security(("bearer" = [])),
    responses((status = 200, body = Vec<Project>)))]
pub async fn list(
    app: Arc<App>,
    caller: Caller,
    Query(Limit(limit)): Query<Limit<100, 1000>>,
    Query(after): Query<Option<Cursor<Position>>>,
    request: Request,
) -> ApiResult {
    let after = after.map(|Cursor(Position(cursor))| cursor);
    let mut projects = app.projects.list(caller.user_id, limit + 1, after).await?;
    let next = paging::cut(&mut projects, limit, |last| Position((last.created_at, last.id)));
    let mut response = reply::json(&projects)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

/// The last moment of the year 9999 in microseconds: no project is from before 1970 or after it.
pub const END_OF_TIME: i64 = 253_402_300_799_999_999;

/// What a cursor of this list says: microseconds and id of the last project.
pub struct Position(ProjectCursor);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0.0.timestamp_micros(), self.0.1)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (micros, id) = text.split_once(',').ok_or(())?;
        let micros = micros.parse().ok().filter(|micros| (0..=END_OF_TIME).contains(micros)).ok_or(())?;
        let created_at = DateTime::from_timestamp_micros(micros).ok_or(())?;
        Ok(Self((created_at, id.parse().map_err(drop)?)))
    }
}

/// Creates a project.
#[utoipa::path(post, path = "/api/v1/code", operation_id = "create_project", tag = "projects", security(("bearer" = [])),
    request_body = NewProject, responses((status = 201, body = Project), (status = 422, body = Problem), (status = 507, body = Problem)))]
pub async fn create(app: Arc<App>, caller: Caller, mut request: Request) -> ApiResult {
    let mut new: NewProject = request.json().await?;
    new.name = new.name.trim().to_owned();
    check(
        Some(&new.name),
        new.description.as_deref(),
        new.language.as_deref(),
        new.repository_url.as_deref(),
    )?;
    app.limits.check_projects(caller.user_id).await?;
    let project = app.projects.create(caller.user_id, new).await?;
    let mut response = reply::created(&project)?;
    reply::set(&mut response, header::LOCATION, &format!("/api/v1/code/{}", project.id));
    Ok(response)
}

fn check(
    name: Option<&str>,
    description: Option<&str>,
    language: Option<&str>,
    url: Option<&str>,
) -> Result<(), ApiError> {
    let mut checks = Checks::default();
    if let Some(name) = name {
        checks.text("name", name, schema::PROJECT_NAME);
    }
    checks.optional("description", description, schema::DESCRIPTION);
    checks.optional("language", language, schema::LANGUAGE);
    checks.optional("repository_url", url, schema::REPOSITORY_URL);
    checks.done()
}

/// One project.
#[utoipa::path(get, path = "/api/v1/code/{project_id}", operation_id = "read_project", tag = "projects", security(("bearer" = [])),
    responses((status = 200, body = Project), (status = 404, body = Problem)))]
pub async fn read(app: Arc<App>, caller: Caller, Path(id): Path<ProjectId>, _: Request) -> ApiResult {
    reply::json(&find(&app, caller.user_id, id).await?)
}

/// A project of this user, or 404.
pub async fn find(app: &App, owner: UserId, id: ProjectId) -> Result<Project, ApiError> {
    app.projects.find(owner, id).await?.ok_or_else(|| ApiError::not_found("this project"))
}

/// Answers with the project that many files came into.
pub async fn filled(
    app: &App,
    owner: UserId,
    id: ProjectId,
    arrivals: &[Arrival],
) -> Result<Project, ApiError> {
    let paths = arrivals.iter().map(|arrival| arrival.path.as_str());
    let project = app.projects.with_language_of(owner, id, paths).await?;
    project.ok_or_else(|| ApiError::not_found("this project"))
}

/// Changes a project's name, description, language or repository.
#[utoipa::path(patch, path = "/api/v1/code/{project_id}", operation_id = "update_project", tag = "projects", security(("bearer" = [])),
    request_body = ProjectPatch,
    responses((status = 200, body = Project), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    app: Arc<App>,
    caller: Caller,
    Path(id): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    let mut patch: ProjectPatch = request.json().await?;
    patch.name = patch.name.map(|name| name.trim().to_owned());
    let text = |field: &Option<Option<String>>| field.clone().flatten();
    let (description, language, url) =
        (text(&patch.description), text(&patch.language), text(&patch.repository_url));
    check(patch.name.as_deref(), description.as_deref(), language.as_deref(), url.as_deref())?;
    let changed = app.projects.update(caller.user_id, id, &patch).await?;
    let project = changed.ok_or_else(|| ApiError::not_found("this project"))?;
    reply::json(&project)
}

/// Deletes a project with its files, jobs and archives.
#[utoipa::path(delete, path = "/api/v1/code/{project_id}", operation_id = "delete_project", tag = "projects", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delete(app: Arc<App>, caller: Caller, Path(id): Path<ProjectId>, _: Request) -> ApiResult {
    if !app.projects.delete(caller.user_id, id).await? {
        return Err(ApiError::not_found("this project"));
    }
    reply::no_content()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let id = ProjectId::new();
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let Position(back) = Position((at, id)).to_string().parse().unwrap();
        assert_eq!(back, (at, id));
        for wrong in ["x".to_owned(), format!("-1,{id}"), format!("{},{id}", END_OF_TIME + 1)] {
            assert!(wrong.parse::<Position>().is_err(), "{wrong}");
        }
    }
}
