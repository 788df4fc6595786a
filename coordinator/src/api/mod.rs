//! The API: thin handlers over the services. Each file gives its routes by `routes()`; [`routes`] is the whole table.

mod accounts;
mod admin;
mod bulk;
mod contract;
mod error_pages;
mod errors;
mod files;
pub mod health;
mod history;
mod index;
mod job_events;
mod jobs;
mod openapi;
mod output;
mod projects;
mod refine;
mod run_input;
mod runs;
mod search;
mod sessions;
mod sync;
mod trash;
mod upload;
mod workers;
mod ws;

use engunity_protocol::ConnectionId;

use crate::files::Origin;
use crate::http::request::Request;
use crate::http::router::Route;

/// All routes of the API.
pub fn routes() -> Vec<Route> {
    let groups = [
        accounts::routes(),
        sessions::routes(),
        admin::routes(),
        projects::routes(),
        files::routes(),
        upload::routes(),
        sync::routes(),
        bulk::routes(),
        trash::routes(),
        history::routes(),
        runs::routes(),
        jobs::routes(),
        run_input::routes(),
        job_events::routes(),
        output::routes(),
        workers::routes(),
        index::routes(),
        search::routes(),
        refine::routes(),
        ws::routes(),
        health::routes(),
        openapi::routes(),
    ];
    groups.into_iter().flatten().collect()
}

/// The session connection that the client says it has.
fn origin(request: &Request) -> Origin {
    let connection = request.header("x-engunity-connection").filter(|id| id.len() <= 64);
    Origin(connection.map(|id| ConnectionId(id.to_owned())))
}
