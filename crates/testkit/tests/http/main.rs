//! The HTTP API from outside, by area: accounts, projects, files, uploads, sync, the table of routes, the web root.

mod accounts;
mod admin;
mod bulk;
mod contract;
mod files;
mod history;
mod history_gc;
mod limits;
mod projects;
mod quota;
mod sessions;
mod strangers;
mod sync;
mod table;
mod upload;
mod web;

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode;
use engunity_testkit::{TestLab, client::ApiResponse};

/// A lab where nothing needs to run.
async fn lab() -> Result<TestLab> {
    TestLab::builder().coordinators(1).workers(0).start().await
}

/// Holds an answer to one code, whose status it must have too.
fn refused(answer: &ApiResponse, code: ErrorCode) -> Result<()> {
    let problem = answer.problem()?;
    ensure!(problem.code == code, "{problem:?}");
    ensure!(answer.status.as_u16() == code.status() && problem.status == code.status(), "{problem:?}");
    ensure!(!problem.title.is_empty() && !problem.kind.is_empty(), "{problem:?}");
    Ok(())
}

/// The same, and the field that is named.
fn field(answer: &ApiResponse, name: &str) -> Result<()> {
    refused(answer, ErrorCode::InvalidInput)?;
    let problem = answer.problem()?;
    ensure!(problem.errors.iter().any(|error| error.field == name), "{name} is not named in {problem:?}");
    Ok(())
}

fn header<'a>(answer: &'a ApiResponse, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
