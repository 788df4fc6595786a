//! Bulk sync for the CLI: a manifest, a tar of what is missing, one atomic commit; and the whole project as a download.

use std::collections::HashMap;
use std::sync::Arc;

use engunity_protocol::ProjectId;
use engunity_protocol::file::FileType;
use engunity_protocol::path::{MAX_TARGET_BYTES, ProjectPath, is_link_mode};
use engunity_protocol::problem::{ErrorCode, Problem};
use engunity_protocol::project::Project;
use engunity_protocol::sync::{BlobsStored, MAX_MODE, Manifest, ManifestEntry, SyncPlan};
use engunity_store::plan::{Arrival, Plan};
use futures::StreamExt;
use tokio::sync::Semaphore;
use warp::http::Method;

use super::{origin, projects};
use crate::app::App;
use crate::auth::Caller;
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::parameter::Path;
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::{RequestBody, Route};

/// A manifest of the most files there may be, with long paths.
const MANIFEST: usize = 32 << 20;
/// Problems of a manifest that one answer names.
const MAX_NAMED: usize = 20;
/// Concurrent downloads; each holds a database connection while it is made.
static DOWNLOADS: Semaphore = Semaphore::const_new(4);

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/sync", plan).max_body(MANIFEST),
        Route::authenticated(Method::PUT, "/api/v1/code/{project_id}/blobs", blobs)
            .body(RequestBody::Bytes)
            .max_body(usize::MAX)
            .slow()
            .uploads(),
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/sync/commit", commit)
            .body(RequestBody::Json { optional: true })
            .max_body(MANIFEST)
            .slow()
            .stores(),
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}/archive", archive).produces(&[]),
    ]
}

/// Takes a manifest and says which contents are missing and what a commit would do.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/sync", operation_id = "plan_sync", tag = "sync", security(("bearer" = [])),
    request_body = Manifest,
    responses((status = 200, body = SyncPlan), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn plan(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    let manifest: Manifest = request.json().await?;
    let arrivals = check(&app, &manifest)?;
    let (plan, missing) = app.files.plan_sync(caller.user_id, project, &manifest, &arrivals).await?;
    reply::json(&summary(missing, plan))
}

fn summary(missing: Vec<String>, plan: Plan) -> SyncPlan {
    SyncPlan {
        missing,
        added: plan.inserts.len() as u64,
        changed: plan.updates.len() as u64,
        unchanged: plan.unchanged,
        removed: plan.removed_paths,
    }
}

/// Checks every line of a manifest; names what is wrong with the first ones.
fn check(app: &App, manifest: &Manifest) -> Result<Vec<Arrival>, ApiError> {
    let most = app.files.limits().quota.files as usize;
    if manifest.files.len() + manifest.folders.len() > most {
        return Err(ApiError::field("files", format!("a project may have at most {most} files")));
    }
    let mut checks = Checks::default();
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(manifest.files.len());
    let mut arrivals = Vec::with_capacity(manifest.files.len());
    for (number, entry) in manifest.files.iter().enumerate() {
        match check_entry(app, entry) {
            Ok(arrival) => arrivals.push((number, arrival)),
            Err((field, why)) => checks.refuse(&format!("files[{number}].{field}"), why),
        }
        if let Some(first) = seen.insert(&entry.path, number) {
            checks.refuse(&format!("files[{number}].path"), format!("is the same as files[{first}].path"));
        }
        if checks.count() >= MAX_NAMED {
            break;
        }
    }
    for (number, arrival) in &arrivals {
        let path = arrival.path.as_str();
        if let Some(file) = path.match_indices('/').find_map(|(end, _)| seen.get(&path[..end])) {
            checks
                .refuse(&format!("files[{number}].path"), format!("lies in files[{file}], which is a file"));
        }
    }
    let folders = check_folders(manifest, &seen, &mut checks);
    checks.done()?;
    Ok(arrivals.into_iter().map(|(_, arrival)| arrival).chain(folders).collect())
}

/// Empty folders; none may be a file of the manifest, or lie in one.
fn check_folders(manifest: &Manifest, files: &HashMap<&str, usize>, checks: &mut Checks) -> Vec<Arrival> {
    let mut arrivals = Vec::with_capacity(manifest.folders.len());
    for (number, folder) in manifest.folders.iter().enumerate() {
        if checks.count() >= MAX_NAMED {
            break;
        }
        let ends = folder.match_indices('/').map(|(end, _)| end).chain([folder.len()]);
        match ProjectPath::parse(folder) {
            Err(error) => checks.refuse(&format!("folders[{number}]"), error.to_string()),
            Ok(path) if path.as_str() != folder => {
                checks.refuse(&format!("folders[{number}]"), format!("must be written {path}"));
            }
            Ok(path) => match ends.into_iter().find_map(|end| files.get(&folder[..end])) {
                Some(file) => checks.refuse(
                    &format!("folders[{number}]"),
                    format!("is or lies in files[{file}], which is a file"),
                ),
                None => arrivals.push(folder_arrival(path)),
            },
        }
    }
    arrivals
}

fn folder_arrival(path: ProjectPath) -> Arrival {
    Arrival {
        path,
        kind: FileType::Folder,
        hash: String::new(),
        size: 0,
        executable: false,
        link: false,
        binary: false,
        inline: false,
        language: None,
    }
}

fn check_entry(app: &App, entry: &ManifestEntry) -> Result<Arrival, (&'static str, String)> {
    let path = ProjectPath::parse(&entry.path).map_err(|error| ("path", error.to_string()))?;
    if path.as_str() != entry.path {
        return Err(("path", format!("must be written {path}")));
    }
    if entry.hash.len() != 64 || !entry.hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    {
        return Err(("hash", "must be 64 lower-case hexadecimal digits (BLAKE3)".into()));
    }
    let most = app.files.limits().file_bytes;
    if entry.size > most {
        return Err(("size", format!("a file may have at most {most} bytes")));
    }
    if entry.mode > MAX_MODE {
        return Err(("mode", format!("must be a Unix mode of at most {MAX_MODE}")));
    }
    let link = is_link_mode(entry.mode);
    if link && !(1..=MAX_TARGET_BYTES as u64).contains(&entry.size) {
        return Err(("size", format!("the target of a link has 1 to {MAX_TARGET_BYTES} bytes")));
    }
    let executable = !link && entry.mode & 0o111 != 0;
    let file = app.files.arriving_file(path, entry.hash.clone(), entry.size, executable, false);
    let language = file.language.filter(|_| !link);
    Ok(Arrival { link, language, ..file })
}

/// Takes contents ahead of a commit: the files of a tar (plain, gzip or zstd), whatever their names there.
#[utoipa::path(put, path = "/api/v1/code/{project_id}/blobs", operation_id = "put_blobs", tag = "sync", security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/x-tar"),
    responses((status = 200, body = BlobsStored), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn blobs(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    request: Request,
) -> ApiResult {
    projects::find(&app, caller.user_id, project).await?;
    let stored = app.files.ingest(caller.user_id, request.body.clone().pieces().boxed()).await?;
    reply::json(&BlobsStored { stored })
}

/// Makes the project what the manifest says, all or nothing: the one in the body, or the last one posted to `sync`.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/sync/commit", operation_id = "commit_sync", tag = "sync", security(("bearer" = [])),
    request_body = Manifest,
    responses((status = 200, body = Project), (status = 404, body = Problem), (status = 409, body = Problem, description = "Contents are missing; `errors` names their hashes.")))]
pub async fn commit(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    let manifest = match request.json_or_nothing::<Manifest>().await? {
        Some(manifest) => manifest,
        None => kept(&app, &caller, project).await?,
    };
    let arrivals = check(&app, &manifest)?;
    app.files.commit_sync(caller.user_id, project, &arrivals, manifest.keep, origin(&request)).await?;
    reply::json(&projects::filled(&app, caller.user_id, project, &arrivals).await?)
}

async fn kept(app: &App, caller: &Caller, project: ProjectId) -> Result<Manifest, ApiError> {
    if let Some(manifest) = app.store.kept_manifest(caller.user_id, project).await? {
        return Ok(manifest);
    }
    projects::find(app, caller.user_id, project).await?;
    Err(ApiError::new(
        ErrorCode::Conflict,
        "there is no manifest to commit: post one to sync, or send it here",
    ))
}

/// Downloads the whole project as it is at one moment.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/archive", operation_id = "download_project", tag = "sync", security(("bearer" = [])),
    responses((status = 200, content_type = "application/gzip"), (status = 404, body = Problem)))]
pub async fn archive(app: Arc<App>, caller: Caller, Path(project): Path<ProjectId>, _: Request) -> ApiResult {
    let permit = DOWNLOADS.acquire().await.map_err(ApiError::internal)?;
    let (name, body) = app.snapshots.archive(caller.user_id, project).await?;
    let name = format!("{name}.tar.gz");
    // The permit is returned when the body is sent or dropped.
    let body = body.inspect(move |_| {
        let _ = &permit;
    });
    let mut response = reply::stream("application/gzip", body);
    reply::download(&mut response, &name);
    Ok(response)
}
