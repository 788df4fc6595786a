//! Lists and new projects of many requests at the same time: each kind goes together into one statement. Most of what
//! such a small statement costs is the way to the database and back, and a new project's commit; shared, it is small.

use std::time::Duration;

use engunity_protocol::{
    UserId,
    project::{NewProject, Project},
};
use engunity_store::{Store, StoreError};

use crate::notify::batcher::Batcher;

/// Requests of one statement.
const BATCH: usize = 64;
/// Statements of each kind under way at the same time: the second fills up while the first waits.
const CONCURRENCY: usize = 2;

pub struct ProjectBatcher {
    creating: Batcher<(UserId, NewProject), Option<Project>>,
    listing: Batcher<(UserId, i64), Vec<Project>>,
}

impl ProjectBatcher {
    pub fn open(store: &Store) -> Self {
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

    pub async fn create(&self, owner: UserId, new: NewProject) -> Result<Project, StoreError> {
        let made = self.creating.submit((owner, new)).await?;
        made.ok_or_else(|| StoreError::Gone("users".to_owned()))
    }

    /// A user's newest projects, at most `limit`: what was committed before the call is among them.
    pub async fn newest(&self, owner: UserId, limit: i64) -> Result<Vec<Project>, StoreError> {
        self.listing.submit((owner, limit)).await
    }
}
