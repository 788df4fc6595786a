//! Projects: reads them, and commits every change of one before it notifies. Lists and new projects of concurrent requests
//! share one statement each: most of the cost of such a small statement is the round trip, and a new project's commit.

use std::sync::Arc;
use std::time::Duration;

use engunity_artifacts::keys;
use engunity_languages::Catalog;
use engunity_protocol::{
    ProjectId, UserId,
    project::{NewProject, Project, ProjectPatch},
    session::ProjectChange,
};
use engunity_store::{ProjectCursor, Store, StoreError};

use crate::notify::{batcher::Batcher, notifier::Notifier};

/// Requests of one statement.
const BATCH: usize = 64;
/// Statements of each kind under way at the same time: the second fills up while the first waits.
const CONCURRENCY: usize = 2;

pub struct Projects {
    store: Store,
    batcher: ProjectBatcher,
    catalog: Arc<Catalog>,
    notifier: Arc<Notifier>,
}

impl Projects {
    pub fn new(store: Store, catalog: Arc<Catalog>, notifier: Arc<Notifier>) -> Self {
        let batcher = ProjectBatcher::start(&store);
        Self { store, batcher, catalog, notifier }
    }

    pub async fn create(&self, owner: UserId, new: NewProject) -> Result<Project, StoreError> {
        self.batcher.create(owner, new).await
    }

    /// A page of a user's projects, newest first, from the cursor on.
    pub async fn list(
        &self,
        owner: UserId,
        limit: i64,
        after: Option<ProjectCursor>,
    ) -> Result<Vec<Project>, StoreError> {
        match after {
            None => self.batcher.newest(owner, limit).await,
            Some(after) => self.store.projects_after(owner, limit, after).await,
        }
    }

    /// A project of this user.
    pub async fn find(&self, owner: UserId, id: ProjectId) -> Result<Option<Project>, StoreError> {
        self.store.project(owner, id).await
    }

    /// Changes what the patch names; `None` where this user has no such project.
    pub async fn update(
        &self,
        owner: UserId,
        id: ProjectId,
        patch: &ProjectPatch,
    ) -> Result<Option<Project>, StoreError> {
        let changed = self.store.update_project(owner, id, patch).await?;
        if changed.is_some() {
            self.notifier.notify_project(id, ProjectChange::Updated);
        }
        Ok(changed)
    }

    /// The project after many files came into it. One that names no language is given the one that most of them run in.
    pub async fn with_language_of<'a>(
        &self,
        owner: UserId,
        id: ProjectId,
        paths: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Project>, StoreError> {
        let Some(project) = self.find(owner, id).await? else { return Ok(None) };
        if project.language.is_some() {
            return Ok(Some(project));
        }
        let Some(runtime) = self.catalog.common(paths) else { return Ok(Some(project)) };
        let named = self.store.name_language(owner, id, &runtime.name).await?;
        if named.is_some() {
            self.notifier.notify_project(id, ProjectChange::Updated);
        }
        Ok(Some(named.unwrap_or(project)))
    }

    /// Deletes a project with its files, jobs and archives. False where this user has no such project.
    pub async fn delete(&self, owner: UserId, id: ProjectId) -> Result<bool, StoreError> {
        let objects = [keys::uploads_prefix(owner, id), keys::snapshots_prefix(id), keys::index_prefix(id)];
        let deleted = self.store.delete_project(owner, id, &objects).await?;
        if deleted {
            self.notifier.notify_project(id, ProjectChange::Deleted);
        }
        Ok(deleted)
    }

    /// Deletes all projects of a user.
    pub async fn delete_all_of(&self, owner: UserId) -> Result<(), StoreError> {
        for id in self.store.project_ids(owner).await? {
            self.delete(owner, id).await?;
        }
        Ok(())
    }
}

struct ProjectBatcher {
    creating: Batcher<(UserId, NewProject), Option<Project>>,
    listing: Batcher<(UserId, i64), Vec<Project>>,
}

impl ProjectBatcher {
    fn start(store: &Store) -> Self {
        let (creating, listing) = (store.clone(), store.clone());
        Self {
            creating: Batcher::start(CONCURRENCY, BATCH, Duration::ZERO, move |new: Vec<_>| {
                let store = creating.clone();
                async move { store.create_projects(&new).await }
            }),
            listing: Batcher::start(CONCURRENCY, BATCH, Duration::ZERO, move |asked: Vec<_>| {
                let store = listing.clone();
                async move { store.first_projects(&asked).await }
            }),
        }
    }

    async fn create(&self, owner: UserId, new: NewProject) -> Result<Project, StoreError> {
        let made = self.creating.submit((owner, new)).await?;
        made.ok_or_else(|| StoreError::Gone { constraint: "users".to_owned(), source: None })
    }

    /// A user's newest projects, at most `limit`, including all that were committed before the call.
    async fn newest(&self, owner: UserId, limit: i64) -> Result<Vec<Project>, StoreError> {
        self.listing.submit((owner, limit)).await
    }
}
