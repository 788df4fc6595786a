//! The workers and what they can run.

use std::sync::Arc;

use engunity_protocol::fleet::{RuntimeView, Worker};
use warp::http::Method;

use crate::app::App;
use crate::auth::Caller;
use crate::http::{error::ApiResult, reply, request::Request, router::Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/workers", workers),
        Route::authenticated(Method::GET, "/api/v1/runtimes", runtimes),
    ]
}

/// The workers: slots, what is busy, version, last seen.
#[utoipa::path(get, path = "/api/v1/workers", operation_id = "list_workers", tag = "fleet", security(("bearer" = [])),
    responses((status = 200, body = Vec<Worker>)))]
pub async fn workers(app: Arc<App>, _: Caller, _: Request) -> ApiResult {
    reply::json(&app.store.workers().await?)
}

/// The languages that can run, with their limits and a starter program each.
#[utoipa::path(get, path = "/api/v1/runtimes", operation_id = "list_runtimes", tag = "fleet", security(("bearer" = [])),
    responses((status = 200, body = Vec<RuntimeView>)))]
pub async fn runtimes(app: Arc<App>, _: Caller, _: Request) -> ApiResult {
    reply::json(&app.catalog.views())
}
