//! For operators: is the process alive, are its dependencies, what has it done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use warp::http::{Method, StatusCode};

use crate::app::App;
use crate::http::error::ApiResult;
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::Route;

/// How long an answer holds.
const FRESH: Duration = Duration::from_secs(1);
/// Deadline for a dependency's answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

pub fn routes() -> Vec<Route> {
    vec![
        Route::public(Method::GET, "/healthz", health).without_rate_limit(),
        Route::public(Method::GET, "/readyz", ready).without_rate_limit(),
        Route::public(Method::GET, "/metrics", metrics).produces(&[]).without_rate_limit(),
    ]
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Health {
    status: &'static str,
    version: &'static str,
}

/// Says that the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = Health)))]
pub async fn health(_: Arc<App>, _: Request) -> ApiResult {
    reply::json(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Whether requests should come here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessStatus {
    Ready,
    /// It serves, but something that only some requests need is missing.
    Degraded,
    /// It is about to end.
    Draining,
    Unavailable,
}

/// Each dependency: `ok`, or what is wrong with it.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct Readiness {
    ready: bool,
    status: ReadinessStatus,
    postgres: String,
    broker: String,
    object_storage: String,
}

/// Says whether requests should come here, and how each dependency is.
///
/// 503 while the database or the broker is away, or this coordinator is about to end. `degraded` is ready: object storage is
/// away, which only large files and artifacts need, or the broker takes no messages because of a resource alarm, so that
/// jobs are accepted and wait.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub async fn ready(app: Arc<App>, _: Request) -> ApiResult {
    let state = app.readiness.get(|| look(&app)).await;
    let status = if state.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json_with(status, &state)
}

/// The last answer, which holds for a moment: whoever asks how often, the dependencies are asked once a second.
#[derive(Default)]
pub struct LastReadiness(tokio::sync::Mutex<Option<(Instant, Readiness)>>);

impl LastReadiness {
    async fn get<F: Future<Output = Readiness>>(&self, look: impl FnOnce() -> F) -> Readiness {
        let mut last = self.0.lock().await;
        match &*last {
            Some((at, state)) if at.elapsed() < FRESH => state.clone(),
            _ => {
                let state = look().await;
                *last = Some((Instant::now(), state.clone()));
                state
            }
        }
    }
}

async fn look(app: &App) -> Readiness {
    // Storage that came later, or lost its bucket, gets it here.
    let (postgres, object_storage) =
        tokio::join!(probe(app.store.ping()), probe(app.objects.ensure_bucket()));
    let connection = &app.orchestrator.broker;
    let broker = match (connection.is_connected(), connection.is_blocked()) {
        (false, _) => "not connected",
        (true, true) => "blocked: a resource alarm",
        (true, false) => "ok",
    };
    let status = if app.leaving.is_cancelled() {
        ReadinessStatus::Draining
    } else if postgres != "ok" || !connection.is_connected() {
        ReadinessStatus::Unavailable
    } else if broker != "ok" || object_storage != "ok" {
        ReadinessStatus::Degraded
    } else {
        ReadinessStatus::Ready
    };
    let ready = matches!(status, ReadinessStatus::Ready | ReadinessStatus::Degraded);
    Readiness { ready, status, postgres, broker: broker.to_owned(), object_storage }
}

async fn probe<E: std::fmt::Display>(sign: impl Future<Output = Result<(), E>>) -> String {
    match tokio::time::timeout(PROBE_TIMEOUT, sign).await {
        Ok(Ok(())) => "ok".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    }
}

/// Counts and durations in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, content_type = "text/plain")))]
pub async fn metrics(app: Arc<App>, _: Request) -> ApiResult {
    Ok(reply::bytes(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", app.metrics.render()))
}
