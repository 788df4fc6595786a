//! Removes what deleted accounts have: jobs, projects, and at last their row with its tokens. Each step is safe at any time,
//! on several coordinators at once.

use std::sync::Arc;

use engunity_artifacts::keys;
use engunity_store::StoreError;

use crate::app::App;

pub async fn collect(app: Arc<App>) -> Result<(), StoreError> {
    for id in app.store.deleted_users().await? {
        app.jobs.cancel_all_of(id).await?;
        app.projects.delete_all_of(id).await?;
        if app.store.forget_deleted_user(id, &keys::blobs_prefix(id)).await? {
            tracing::info!(user = id.0, "a deleted account is gone");
        }
    }
    Ok(())
}
