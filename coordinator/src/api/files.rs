//! Files and folders of a project: list, create, read, change, delete, and the raw bytes.

use std::sync::Arc;

use bytes::Bytes;
use engunity_protocol::file::{File, FilePatch, FileType, NewFile};
use engunity_protocol::path::ProjectPath;
use engunity_protocol::problem::Problem;
use engunity_protocol::schema;
use engunity_protocol::{FileId, ProjectId};
use engunity_store::files::Stored;
use warp::http::{Method, StatusCode, header};

use super::origin;
use crate::app::App;
use crate::auth::Caller;
use crate::files::{EntryChange, FileText, NewEntry, content::MAX_TEXT};
use crate::http::conditional::{IfMatch, IfNoneMatch};
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::paging::{Cursor, Limit};
use crate::http::parameter::{Header, Path, Query};
use crate::http::range::{self, Ranged};
use crate::http::request::Request;
use crate::http::router::{RequestBody, Route};
use crate::http::{conditional, paging, reply};

/// A text of the largest size may be twice as long as JSON.
const BODY: usize = 2 * MAX_TEXT + (1 << 20);

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}/files", list),
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/files", create).max_body(BODY).stores(),
        Route::authenticated(Method::GET, "/api/v1/code/files/{file_id}", read),
        Route::authenticated(Method::PATCH, "/api/v1/code/files/{file_id}", update).max_body(BODY),
        Route::authenticated(Method::DELETE, "/api/v1/code/files/{file_id}", delete),
        Route::authenticated(Method::GET, "/api/v1/code/files/{file_id}/content", raw).produces(&[]),
        Route::authenticated(Method::PUT, "/api/v1/code/files/{file_id}/content", rewrite)
            .body(RequestBody::Bytes)
            .max_body(MAX_TEXT)
            .stores(),
    ]
}

/// Lists a project's files and folders by path, without their content.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/files", operation_id = "list_files", tag = "files", security(("bearer" = [])),
    responses((status = 200, body = Vec<File>), (status = 404, body = Problem)))]
pub async fn list(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(Limit(limit)): Query<Limit<1000, 10_000>>,
    Query(after): Query<Option<Cursor<String>>>,
    request: Request,
) -> ApiResult {
    let after = after.map(|Cursor(path)| path);
    let mut files = app.files.list(caller.user_id, project, limit + 1, after.as_deref()).await?;
    let next = paging::cut(&mut files, limit, |last| last.path.clone());
    let mut response = reply::json(&files)?;
    paging::link(&request, next, &mut response);
    Ok(response)
}

/// Creates a file or folder, and the folders above it.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/files", operation_id = "create_file", tag = "files", security(("bearer" = [])),
    request_body = NewFile,
    responses((status = 201, body = File), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    let new: NewFile = request.json().await?;
    let path = place(&app, &caller, project, &new).await?;
    let NewFile { kind, language, content, .. } = new;
    let new = NewEntry { path, kind, language, text: content.unwrap_or_default() };
    let FileText { file, text } = app.files.create(caller.user_id, project, new, origin(&request)).await?;
    let location = format!("/api/v1/code/files/{}", file.id);
    let mut response = shown(StatusCode::CREATED, file, text)?;
    reply::set(&mut response, header::LOCATION, &location);
    Ok(response)
}

/// Where the new file goes: `path`, or `name` below `parent_id`.
async fn place(
    app: &App,
    caller: &Caller,
    project: ProjectId,
    new: &NewFile,
) -> Result<ProjectPath, ApiError> {
    check_new(new)?;
    let (field, text) = match (&new.path, &new.name) {
        (Some(path), _) => ("path", path.clone()),
        (None, name) => {
            ("name", below(app, caller, project, new.parent_id, name.as_deref().unwrap_or_default()).await?)
        }
    };
    ProjectPath::parse(&text).map_err(|error| ApiError::field(field, error.to_string()))
}

fn check_new(new: &NewFile) -> Result<(), ApiError> {
    let mut checks = Checks::default();
    match (&new.path, &new.name) {
        (None, None) => checks.refuse("path", "give path, or name and parent_id"),
        (Some(_), Some(_)) => checks.refuse("name", "give either path or name"),
        (Some(_), None) if new.parent_id.is_some() => {
            checks.refuse("parent_id", "goes with name, not with path")
        }
        (None, Some(name)) if name.contains('/') => checks.refuse("name", "must not contain a slash"),
        _ => {}
    }
    if new.kind == FileType::Folder && new.content.is_some() {
        checks.refuse("content", "a folder has no content");
    }
    checks.optional("language", new.language.as_deref(), schema::LANGUAGE);
    checks.done()
}

async fn below(
    app: &App,
    caller: &Caller,
    project: ProjectId,
    parent: Option<FileId>,
    name: &str,
) -> Result<String, ApiError> {
    let Some(parent) = parent else { return Ok(name.to_owned()) };
    let folder = app.files.folder_path(caller.user_id, project, parent).await?;
    Ok(format!("{folder}/{name}"))
}

/// One file with its content, or one folder.
#[utoipa::path(get, path = "/api/v1/code/files/{file_id}", operation_id = "read_file", tag = "files", security(("bearer" = [])),
    responses((status = 200, body = File), (status = 304), (status = 404, body = Problem)))]
pub async fn read(
    app: Arc<App>,
    caller: Caller,
    Path(id): Path<FileId>,
    _: Header<Option<IfNoneMatch>>,
    request: Request,
) -> ApiResult {
    let stored = app.files.find(caller.user_id, id).await?;
    if let Some(response) = conditional::unchanged(&request.headers, stored.file.etag.as_deref()) {
        return Ok(response);
    }
    let FileText { file, text } = app.files.with_text(caller.user_id, stored).await?;
    shown(StatusCode::OK, file, text)
}

pub fn shown(status: StatusCode, mut file: File, text: Option<String>) -> ApiResult {
    file.content = Some(text);
    let mut response = reply::json_with(status, &file)?;
    conditional::tag(&mut response, file.etag.as_deref());
    Ok(response)
}

/// Renames, moves or rewrites a file or folder. With `If-Match` nothing changes unless the content still is the named one.
#[utoipa::path(patch, path = "/api/v1/code/files/{file_id}", operation_id = "update_file", tag = "files", security(("bearer" = [])),
    request_body = FilePatch,
    responses((status = 200, body = File), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
pub async fn update(
    app: Arc<App>,
    caller: Caller,
    Path(id): Path<FileId>,
    _: Header<Option<IfMatch>>,
    mut request: Request,
) -> ApiResult {
    let patch: FilePatch = request.json().await?;
    check_patch(&patch)?;
    let FilePatch { name, parent_id, content, language } = patch;
    if content.is_some() {
        app.limits.check_stored(caller.user_id).await?;
    }
    let if_match = conditional::if_match(&request.headers);
    let change = EntryChange { name, parent: parent_id, text: content, language, if_match };
    let FileText { file, text } = app.files.update(caller.user_id, id, change, origin(&request)).await?;
    shown(StatusCode::OK, file, text)
}

fn check_patch(patch: &FilePatch) -> Result<(), ApiError> {
    let mut checks = Checks::default();
    if let Some(name) = &patch.name {
        match ProjectPath::parse(name) {
            Ok(path) if path.as_str() == name && !name.contains('/') => {}
            Ok(_) => checks.refuse("name", "must not contain a slash"),
            Err(error) => checks.refuse("name", error.to_string()),
        }
    }
    checks.optional("language", patch.language.as_deref(), schema::LANGUAGE);
    checks.done()
}

/// Puts a file, or a folder with all in it, into the trash.
#[utoipa::path(delete, path = "/api/v1/code/files/{file_id}", operation_id = "delete_file", tag = "files", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delete(app: Arc<App>, caller: Caller, Path(id): Path<FileId>, request: Request) -> ApiResult {
    app.files.delete(caller.user_id, id, origin(&request)).await?;
    reply::no_content()
}

/// The bytes of a file, as a download.
#[utoipa::path(get, path = "/api/v1/code/files/{file_id}/content", operation_id = "read_file_bytes", tag = "files", security(("bearer" = [])),
    responses((status = 200, content_type = "application/octet-stream"), (status = 304), (status = 404, body = Problem)))]
pub async fn raw(
    app: Arc<App>,
    caller: Caller,
    Path(id): Path<FileId>,
    _: Header<Option<IfNoneMatch>>,
    range: Ranged,
    request: Request,
) -> ApiResult {
    let Stored { file, text } = app.files.find(caller.user_id, id).await?;
    let Some(hash) = &file.etag else { return Err(ApiError::not_found("a folder's content")) };
    let body = Body { hash, size: file.size as u64, text, name: &file.name };
    send(&app, &caller, body, range, &request).await
}

/// A content to send.
pub struct Body<'a> {
    pub hash: &'a str,
    pub size: u64,
    /// The text where it lies in the database.
    pub text: Option<String>,
    pub name: &'a str,
}

/// Sends a content or a part of it, unless the client has it already.
pub async fn send(app: &App, caller: &Caller, body: Body<'_>, range: Ranged, request: &Request) -> ApiResult {
    let Body { hash, size, text, name } = body;
    if let Some(response) = conditional::unchanged(&request.headers, Some(hash)) {
        return Ok(response);
    }
    let part = range.part(hash, size)?;
    let mut response = match (text, part) {
        (Some(text), part) => reply::bytes(StatusCode::OK, "application/octet-stream", cut(text, part)),
        (None, part) => {
            let part = part.map(|part| (part.first, part.length));
            reply::object(app.files.open_object(caller.user_id, hash, part).await?)
        }
    };
    range::mark(&mut response, part);
    reply::download(&mut response, name);
    conditional::tag(&mut response, Some(hash));
    Ok(response)
}

/// Replaces the bytes of a file, which may be in any encoding. With `If-Match` nothing changes unless the content still is the
/// named one.
#[utoipa::path(put, path = "/api/v1/code/files/{file_id}/content", operation_id = "write_file_bytes", tag = "files", security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = File), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub async fn rewrite(
    app: Arc<App>,
    caller: Caller,
    Path(id): Path<FileId>,
    _: Header<Option<IfMatch>>,
    mut request: Request,
) -> ApiResult {
    let bytes = request.bytes().await?;
    let if_match = conditional::if_match(&request.headers);
    let file = app.files.write_bytes(caller.user_id, id, bytes, if_match, origin(&request)).await?;
    shown(StatusCode::OK, file, None)
}

fn cut(text: String, part: Option<range::Part>) -> Bytes {
    let whole = Bytes::from(text);
    part.map_or_else(
        || whole.clone(),
        |part| whole.slice(part.first as usize..(part.first + part.length) as usize),
    )
}
