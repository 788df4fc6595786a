//! The OpenAPI 3.1 document, made of what stands at each handler, and the page that shows it. A test holds the
//! document and the table of routes together.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use engunity_protocol::problem::{ERROR_PAGES, ErrorCode};
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, PathItem, Ref, RefOr, Response as Described};
use utoipa::{Modify, OpenApi};
use warp::http::{Method, StatusCode, header};
use warp::reply::Response;

use super::{
    accounts, admin, bulk, contract, error_pages, files, health, history, index, job_events, jobs, output,
    projects, refine, run_input, runs, search, sessions, sync, trash, upload, workers, ws,
};
use crate::app::App;
use crate::http::error::ApiResult;
use crate::http::parameter::Path;
use crate::http::reply;
use crate::http::request::Request;
use crate::http::router::Route;

const PAGE_POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'";

#[derive(OpenApi)]
#[openapi(
    info(title = "Engunity Code Lab", description = "Projects, files, runs and their events. Errors are application/problem+json."),
    modifiers(&Bearer, &Answers),
    paths(
        accounts::register, accounts::login, accounts::refresh, accounts::logout, accounts::me,
        accounts::tokens, accounts::create_token, accounts::delete_token, accounts::ticket,
        sessions::list, sessions::end, sessions::end_others, sessions::password, sessions::reset, sessions::verify, sessions::send_verification,
        admin::users, admin::user, admin::change_user, admin::delete_user, admin::queue, admin::drain, admin::resume,
        admin::limits, admin::change_limits, admin::invite, admin::invitations, admin::delete_invitation,
        projects::list, projects::create, projects::read, projects::update, projects::delete,
        files::list, files::create, files::read, files::update, files::delete, files::raw, files::rewrite,
        bulk::bulk, trash::list, trash::restore, trash::purge, trash::empty,
        history::list, history::content, history::restore,
        upload::upload, sync::plan, sync::blobs, sync::commit, sync::archive,
        runs::run, runs::noops, jobs::list, jobs::read, jobs::cancel, run_input::send, job_events::events, output::output, output::list, output::download,
        index::read, index::build, search::search_all, search::search, search::search_buffers, refine::refine, workers::workers, workers::runtimes, ws::open,
        health::health, health::ready, health::metrics,
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token, or a personal token (engp_…)."));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme.build()));
    }
}

/// Gives each answer the description that the specification wants, and problem documents their media type.
struct Answers;

impl Modify for Answers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for PathItem { get, put, post, patch, delete, .. } in document.paths.paths.values_mut() {
            for operation in [get, put, post, patch, delete].into_iter().flatten() {
                operation.responses.responses.iter_mut().for_each(complete);
            }
        }
    }
}

fn complete((status, response): (&String, &mut RefOr<Described>)) {
    let RefOr::T(response) = response else { return };
    let code = status.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
    if response.description.is_empty() {
        response.description = code.and_then(|code| code.canonical_reason()).unwrap_or(status).to_owned();
    }
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    if response.content.values().eq([&RefOr::from(problem.clone())]) {
        response.content.clear();
        response.content.insert("application/problem+json".into(), problem.into());
    }
}

static JSON: OnceLock<Bytes> = OnceLock::new();

fn whole() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    contract::complete(&mut document, &super::routes());
    document
}

pub fn routes() -> Vec<Route> {
    let file = |path, kind, body: &'static str| {
        Route::public(Method::GET, path, move |_: Arc<App>, _: Request| async move { Ok(page(kind, body)) })
            .produces(&[])
            .without_rate_limit()
    };
    vec![
        Route::public(Method::GET, "/api/v1/openapi.json", document).without_rate_limit(),
        file("/api/v1/docs", "text/html; charset=utf-8", include_str!("docs/index.html")),
        file("/api/v1/docs/docs.js", "text/javascript; charset=utf-8", include_str!("docs/docs.js")),
        file("/api/v1/docs/docs.css", "text/css; charset=utf-8", include_str!("docs/docs.css")),
        file("/api/v1/docs/account", "text/html; charset=utf-8", include_str!("docs/account.html")),
        file("/api/v1/docs/account.js", "text/javascript; charset=utf-8", include_str!("docs/account.js")),
        Route::public(Method::GET, ERROR_PAGES, error_list).produces(&[]).without_rate_limit(),
        Route::public(Method::GET, "/api/v1/docs/errors/{code}", error_page)
            .produces(&[])
            .without_rate_limit(),
    ]
}

async fn error_list(_: Arc<App>, _: Request) -> ApiResult {
    Ok(page("text/html; charset=utf-8", error_pages::list()))
}

async fn error_page(_: Arc<App>, Path(code): Path<ErrorCode>, _: Request) -> ApiResult {
    Ok(page("text/html; charset=utf-8", error_pages::page(code)))
}

async fn document(app: Arc<App>, _: Request) -> ApiResult {
    let json = JSON.get_or_init(|| {
        let mut document = whole();
        contract::limits(&mut document, app.catalog.bounds());
        document.to_string().into()
    });
    Ok(reply::bytes(StatusCode::OK, "application/json", json.clone()))
}

fn page(kind: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = reply::bytes(StatusCode::OK, kind, body);
    reply::set(&mut response, header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    reply::set(&mut response, header::CACHE_CONTROL, "no-cache");
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn names_exactly_the_routes_there_are() {
        let document = whole();
        assert_eq!(document["openapi"], "3.1.0");
        let described: BTreeSet<String> =
            document["paths"].as_object().unwrap().iter().flat_map(calls).collect();
        let own: BTreeSet<&str> = routes().iter().map(|route| route.path).collect();
        let served = super::super::routes().into_iter().filter(|route| !own.contains(route.path));
        let served: BTreeSet<String> =
            served.map(|route| format!("{} {}", route.method, contract::template(route.path))).collect();
        assert_eq!(described, served);
    }

    #[test]
    fn every_answer_is_described_and_every_refusal_is_a_problem() {
        let document = whole();
        let refusal = &document["components"]["responses"]["Refusal"];
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let response = if response.get("$ref").is_some() { refusal } else { response };
                    assert!(response["description"].is_string(), "{method} {path} {status}");
                    let is_problem = response["content"].get("application/problem+json").is_some();
                    let refuses =
                        status.as_str() >= "400" && (path.as_str(), status.as_str()) != ("/readyz", "503");
                    assert_eq!(is_problem, refuses, "{method} {path} {status}");
                }
            }
        }
    }

    fn calls((path, operations): (&String, &Value)) -> Vec<String> {
        operations
            .as_object()
            .unwrap()
            .keys()
            .map(|method| format!("{} {path}", method.to_uppercase()))
            .collect()
    }

    #[test]
    fn every_call_says_who_may_and_has_its_own_name() {
        let document = whole();
        let mut names = BTreeSet::new();
        for route in super::super::routes() {
            let path = contract::template(route.path);
            let Some(operation) = document["paths"][&path].get(route.method.as_str().to_lowercase()) else {
                continue;
            };
            assert_eq!(operation.get("security").is_some(), route.authenticated, "{} {path}", route.method);
            assert!(
                names.insert(operation["operationId"].to_string()),
                "{} is there twice",
                operation["operationId"]
            );
        }
    }
}
