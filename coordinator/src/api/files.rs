//! Files and folders of a project: list, create, read, change, delete, and the raw bytes.

use std::sync::Arc;

use bytes::Bytes;
use engunity_artifacts::keys;
use engunity_protocol::file::{File, FilePatch, FileType, NewFile};
use engunity_protocol::path::ProjectPath;
use engunity_protocol::problem::{ErrorCode, Problem};
use engunity_protocol::schema;
use engunity_protocol::session::{FileChange, FileChangeKind};
use engunity_protocol::{FileId, ProjectId};
use engunity_store::ChangeError;
use engunity_store::files::{Draft, Edit, ProjectQuota, Stored};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::app::App;
use crate::auth::tokens::Caller;
use crate::files::content;
use crate::http::conditional::{IfMatch, IfNoneMatch};
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::paging::{Cursor, Limit};
use crate::http::parameter::{Header, Path, Query};
use crate::http::range::{self, Ranged};
use crate::http::request::Request;
use crate::http::router::Route;
use crate::http::{conditional, paging, reply};

/// A text of the largest size may be twice as long as JSON.
const BODY: usize = 2 * content::MAX_TEXT + (1 << 20);

pub fn routes() -> Vec<Route> {
    vec![
        Route::signed(Method::GET, "/api/v1/code/{project_id}/files", list),
        Route::signed(Method::POST, "/api/v1/code/{project_id}/files", create).up_to(BODY),
        Route::signed(Method::GET, "/api/v1/code/files/{file_id}", read),
        Route::signed(Method::PATCH, "/api/v1/code/files/{file_id}", update).up_to(BODY),
        Route::signed(Method::DELETE, "/api/v1/code/files/{file_id}", delete),
        Route::signed(Method::GET, "/api/v1/code/files/{file_id}/content", raw).answers(&[]),
    ]
}

/// What one project may hold, as the operator set it.
pub fn quota(app: &App) -> ProjectQuota {
    ProjectQuota {
        files: app.config.quota.project_files as i64,
        bytes: (app.config.quota.project_mb << 20) as i64,
    }
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
    let files = app.store.files(caller.user_id, project, limit + 1, after.as_deref()).await?;
    let mut files = files.ok_or_else(|| ApiError::not_found("this project"))?;
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
    let kept = match new.kind {
        FileType::Folder => None,
        FileType::File => {
            Some(content::keep(&app, caller.user_id, new.content.clone().unwrap_or_default()).await?)
        }
    };
    let language = new
        .language
        .clone()
        .or_else(|| app.catalog.language_id(path.as_str()))
        .filter(|_| new.kind == FileType::File);
    let draft = Draft { path, kind: new.kind, language, content: kept };
    let file = app.store.create_file(caller.user_id, project, &draft, quota(&app)).await?;
    tell(&app, &request.headers, FileChangeKind::Created, &file);
    let text = (file.kind == FileType::File && !file.binary).then(|| new.content.unwrap_or_default());
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
    checks.done()?;
    check_size(new.content.as_deref())
}

fn check_size(text: Option<&str>) -> Result<(), ApiError> {
    match text {
        Some(text) if text.len() > content::MAX_TEXT => Err(ApiError::new(
            ErrorCode::PayloadTooLarge,
            format!("content may have at most {} bytes here; use upload or sync", content::MAX_TEXT),
        )),
        _ => Ok(()),
    }
}

async fn below(
    app: &App,
    caller: &Caller,
    project: ProjectId,
    parent: Option<FileId>,
    name: &str,
) -> Result<String, ApiError> {
    let Some(parent) = parent else { return Ok(name.to_owned()) };
    // Who can't see the project must not learn anything about its folders.
    super::projects::find(app, caller.user_id, project).await?;
    let folder = app.store.folder_path(caller.user_id, project, parent).await?;
    let folder = folder.ok_or_else(|| ApiError::field("parent_id", "must be a folder of this project"))?;
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
    let stored = find(&app, &caller, id).await?;
    if let Some(response) = conditional::unchanged(&request.headers, stored.file.etag.as_deref()) {
        return Ok(response);
    }
    let (file, text) = with_text(&app, &caller, stored).await?;
    shown(StatusCode::OK, file, text)
}

async fn find(app: &App, caller: &Caller, id: FileId) -> Result<Stored, ApiError> {
    app.store.file(caller.user_id, id).await?.ok_or_else(|| ApiError::not_found("this file"))
}

/// Fetches the text where it is an object that can be shown as text.
async fn with_text(app: &App, caller: &Caller, stored: Stored) -> Result<(File, Option<String>), ApiError> {
    let Stored { file, text } = stored;
    match &file.etag {
        Some(hash) if text.is_none() && !file.binary && file.size <= content::MAX_TEXT as i64 => {
            let text = content::fetch_text(app, caller.user_id, hash).await?;
            Ok((file, text))
        }
        _ => Ok((file, text)),
    }
}

fn shown(status: StatusCode, mut file: File, text: Option<String>) -> ApiResult {
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
    let before = find(&app, &caller, id).await?.file;
    let kept = match &patch.content {
        Some(text) => Some(content::keep(&app, caller.user_id, text.clone()).await?),
        None => None,
    };
    let language = patch
        .language
        .clone()
        .map(Some)
        .or_else(|| patch.name.as_deref().map(|name| app.catalog.language_id(name)))
        .filter(|_| before.kind == FileType::File);
    let edit = Edit {
        name: patch.name,
        parent: patch.parent_id,
        content: kept,
        if_match: conditional::if_match(&request.headers),
        language,
    };
    let file = app.store.edit_file(caller.user_id, id, &edit, quota(&app)).await?;
    tell(
        &app,
        &request.headers,
        if file.path == before.path { FileChangeKind::Updated } else { FileChangeKind::Moved },
        &file,
    );
    let stored = match patch.content.filter(|_| !file.binary) {
        Some(text) => Stored { file, text: Some(text) },
        None => find(&app, &caller, id).await?,
    };
    let (file, text) = with_text(&app, &caller, stored).await?;
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
    checks.done()?;
    check_size(patch.content.as_deref())
}

/// Deletes a file, or a folder with all in it.
#[utoipa::path(delete, path = "/api/v1/code/files/{file_id}", operation_id = "delete_file", tag = "files", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delete(app: Arc<App>, caller: Caller, Path(id): Path<FileId>, request: Request) -> ApiResult {
    let project =
        app.store.delete_file(caller.user_id, id).await?.ok_or_else(|| ApiError::not_found("this file"))?;
    let change = FileChange {
        change: FileChangeKind::Deleted,
        file: None,
        file_id: Some(id),
        by: connection(&request.headers),
    };
    app.orchestrator.notifier.notify_files(project, change);
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
    let Stored { file, text } = find(&app, &caller, id).await?;
    let Some(hash) = &file.etag else { return Err(ApiError::not_found("a folder's content")) };
    if let Some(response) = conditional::unchanged(&request.headers, file.etag.as_deref()) {
        return Ok(response);
    }
    let part = range.part(hash, file.size as u64)?;
    let mut response = match (text, part) {
        (Some(text), part) => reply::bytes(StatusCode::OK, "application/octet-stream", cut(text, part)),
        (None, part) => {
            let key = keys::blob(caller.user_id, hash);
            reply::object(app.objects.get_part(&key, part.map(|part| (part.first, part.length))).await?)
        }
    };
    range::mark(&mut response, part);
    reply::download(&mut response, &file.name);
    conditional::tag(&mut response, file.etag.as_deref());
    Ok(response)
}

fn cut(text: String, part: Option<range::Part>) -> Bytes {
    let whole = Bytes::from(text);
    part.map_or_else(
        || whole.clone(),
        |part| whole.slice(part.first as usize..(part.first + part.length) as usize),
    )
}

/// Tells whoever has the project open.
fn tell(app: &App, headers: &HeaderMap, change: FileChangeKind, file: &File) {
    let change =
        FileChange { change, file: Some(file.clone()), file_id: Some(file.id), by: connection(headers) };
    app.orchestrator.notifier.notify_files(file.project_id, change);
}

/// Tells that many files changed at once.
pub fn tell_bulk(app: &App, headers: &HeaderMap, project: ProjectId) {
    app.orchestrator.notifier.notify_files(
        project,
        FileChange { change: FileChangeKind::Bulk, file: None, file_id: None, by: connection(headers) },
    );
}

/// The session connection that the client says it has, so that its own tab knows its own changes.
fn connection(headers: &HeaderMap) -> Option<String> {
    headers.get("x-engunity-connection")?.to_str().ok().filter(|id| id.len() <= 64).map(str::to_owned)
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        let said = error.to_string();
        match error {
            ChangeError::NotFound => Self::not_found("this project or file"),
            ChangeError::Taken(_) | ChangeError::NotAFolder(_) | ChangeError::IsAFolder(_) => {
                Self::new(ErrorCode::Conflict, said)
            }
            ChangeError::NoSuchParent | ChangeError::IntoItself => Self::field("parent_id", said),
            ChangeError::Path(_) => Self::field("name", said),
            ChangeError::Stale { current } => stale(said, current),
            ChangeError::Full { .. } => Self::new(ErrorCode::QuotaExceeded, said),
            ChangeError::Missing(hashes) => missing(said, hashes),
            ChangeError::WrongSize(_) => Self::field("files", said),
            ChangeError::Store(error) => error.into(),
        }
    }
}

/// Says which content is the current one, in the body and as every answer about it does.
fn stale(said: String, current: Option<String>) -> ApiError {
    let error = ApiError::new(ErrorCode::PreconditionFailed, said);
    let Some(hash) = current else { return error };
    match HeaderValue::from_str(&format!("\"{hash}\"")) {
        Ok(tag) => error.with_etag(hash).with_header(header::ETAG, tag),
        Err(_) => error.with_etag(hash),
    }
}

/// Names contents that a commit needs and nobody sent, as many as an answer bears.
fn missing(said: String, hashes: Vec<String>) -> ApiError {
    let mut error = ApiError::new(ErrorCode::Conflict, said);
    let missing = |hash| engunity_protocol::problem::FieldError { field: "hash".into(), message: hash };
    error.problem.errors = hashes.into_iter().take(1000).map(missing).collect();
    error
}
