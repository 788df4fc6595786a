//! Many files and folders deleted, moved or copied by one call.

use std::sync::Arc;

use engunity_protocol::ProjectId;
use engunity_protocol::bulk::{BulkOperation, BulkOutcome, BulkRequest, MAX_ITEMS};
use engunity_protocol::path::ProjectPath;
use engunity_protocol::problem::Problem;
use engunity_store::files::Rearrangement;
use warp::http::Method;

use super::origin;
use crate::app::App;
use crate::auth::Caller;
use crate::http::error::{ApiError, ApiResult};
use crate::http::input::Checks;
use crate::http::parameter::Path;
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::Route;

/// The most paths there may be, as long as they may be.
const BODY: usize = 16 << 20;
/// Problems that one answer names.
const MAX_NAMED: usize = 20;

pub fn routes() -> Vec<Route> {
    let bulk = Route::authenticated(Method::POST, "/api/v1/code/{project_id}/files/bulk", bulk);
    vec![bulk.max_body(BODY).slow()]
}

/// Deletes, moves or copies many files and folders in one transaction. An item that can't be done is named in `failed` and does
/// not stop the others. What is deleted or replaced goes into the trash.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/files/bulk", operation_id = "bulk_files", tag = "files", security(("bearer" = [])),
    request_body = BulkRequest,
    responses((status = 200, body = BulkOutcome), (status = 404, body = Problem, description = "There is no such project, or no folder `into`."),
        (status = 409, body = Problem, description = "`into` is a file."), (status = 422, body = Problem)))]
pub async fn bulk(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    let bulk: BulkRequest = request.json().await?;
    let (paths, into) = check(&bulk)?;
    let (owner, origin) = (caller.user_id, origin(&request));
    let outcome = match bulk.operation {
        BulkOperation::Delete => app.files.delete_many(owner, project, &paths, origin).await?,
        BulkOperation::Move | BulkOperation::Copy => {
            let copy = bulk.operation == BulkOperation::Copy;
            if copy {
                app.limits.check_stored(owner).await?;
            }
            let wanted = Rearrangement { copy, paths, into, on_conflict: bulk.on_conflict };
            app.files.rearrange(owner, project, &wanted, origin).await?
        }
    };
    reply::json(&outcome)
}

fn check(bulk: &BulkRequest) -> Result<(Vec<ProjectPath>, Option<ProjectPath>), ApiError> {
    let mut checks = Checks::default();
    number_of_items("paths", bulk.paths.len(), &mut checks);
    let mut paths = Vec::with_capacity(bulk.paths.len());
    for (number, path) in bulk.paths.iter().enumerate() {
        match ProjectPath::parse(path) {
            Ok(path) => paths.push(path),
            Err(error) => checks.refuse(&format!("paths[{number}]"), error.to_string()),
        }
        if checks.count() >= MAX_NAMED {
            break;
        }
    }
    let into = target(bulk, &mut checks);
    checks.done()?;
    Ok((paths, into))
}

/// The folder to go into; `None` is the root.
fn target(bulk: &BulkRequest, checks: &mut Checks) -> Option<ProjectPath> {
    match (bulk.operation, bulk.into.as_deref()) {
        (BulkOperation::Delete, None) | (BulkOperation::Move | BulkOperation::Copy, Some("")) => {}
        (BulkOperation::Delete, Some(_)) => checks.refuse("into", "goes with move and copy"),
        (_, None) => checks.refuse("into", "is missing: name a folder, or give an empty text for the root"),
        (_, Some(folder)) => match ProjectPath::parse(folder) {
            Ok(folder) => return Some(folder),
            Err(error) => checks.refuse("into", error.to_string()),
        },
    }
    None
}

/// Refuses a list of items that is empty or too long.
pub fn number_of_items(field: &str, count: usize, checks: &mut Checks) {
    if !(1..=MAX_ITEMS).contains(&count) {
        checks.refuse(field, format!("must have 1 to {MAX_ITEMS} items"));
    }
}
