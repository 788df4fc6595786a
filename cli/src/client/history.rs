//! The calls about the trash and the history of files.

use std::time::Duration;

use engunity_protocol::{
    ProjectId, TrashId, VersionId,
    bulk::{TrashRestore, TrashRestored},
    file::File,
    history::{TrashEntry, Version},
    problem::ErrorCode,
};
use reqwest::{Method, RequestBuilder};

use super::{Client, problem};
use crate::error::{CliError, Result};

const SHORT_TIMEOUT: Duration = Duration::from_secs(60);
/// Timeout of calls that touch every file of a project, or send a whole one.
const LONG_TIMEOUT: Duration = Duration::from_secs(300);
const EVERYTHING: usize = 100_000;
const PAGE: &str = "1000";

impl Client {
    fn of_project(&self, method: Method, id: ProjectId, parts: &[&str]) -> RequestBuilder {
        let id = id.to_string();
        let parts: Vec<&str> = ["code", &id].into_iter().chain(parts.iter().copied()).collect();
        self.request(method, &parts)
    }

    /// What was deleted, newest first.
    pub async fn trash(&self, id: ProjectId) -> Result<Vec<TrashEntry>> {
        let request = self.of_project(Method::GET, id, &["trash"]).query(&[("limit", PAGE)]);
        self.pages(request.timeout(SHORT_TIMEOUT), EVERYTHING).await.map_err(no_project)
    }

    pub async fn restore_trash(&self, id: ProjectId, body: &TrashRestore) -> Result<TrashRestored> {
        let request = self.of_project(Method::POST, id, &["trash", "restore"]).json(body);
        self.json(request.timeout(LONG_TIMEOUT)).await.map_err(no_project)
    }

    /// Deletes one entry of the trash for good; `None`: all of them.
    pub async fn empty_trash(&self, id: ProjectId, entry: Option<TrashId>) -> Result<()> {
        let entry = entry.map(|entry| entry.to_string());
        let parts: Vec<&str> = ["trash"].into_iter().chain(entry.as_deref()).collect();
        let request = self.of_project(Method::DELETE, id, &parts);
        self.send(request.timeout(LONG_TIMEOUT)).await.map(drop).map_err(no_project)
    }

    /// What the file at `path` has held, newest first.
    pub async fn history(&self, id: ProjectId, path: &str) -> Result<Vec<Version>> {
        let request =
            self.of_project(Method::GET, id, &["history"]).query(&[("path", path), ("limit", PAGE)]);
        self.pages(request.timeout(SHORT_TIMEOUT), EVERYTHING).await.map_err(no_project)
    }

    pub async fn version(&self, id: ProjectId, version: VersionId) -> Result<Vec<u8>> {
        let parts = ["history", &version.to_string(), "content"];
        let response = self.send(self.of_project(Method::GET, id, &parts).timeout(LONG_TIMEOUT)).await?;
        let bytes = response.bytes().await.map_err(|error| problem::unreachable(&self.base, &error))?;
        Ok(bytes.to_vec())
    }

    pub async fn restore_version(&self, id: ProjectId, version: VersionId) -> Result<File> {
        let parts = ["history", &version.to_string(), "restore"];
        self.json(self.of_project(Method::POST, id, &parts).timeout(SHORT_TIMEOUT)).await
    }
}

fn no_project(failure: CliError) -> CliError {
    failure.when(ErrorCode::NotFound, "engunity project ls")
}
