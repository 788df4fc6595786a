//! Projects: the seed's calls, each within one user's own.

use chrono::{DateTime, Utc};
use engunity_protocol::{
    ProjectId, UserId,
    project::{NewProject, Project, ProjectPatch},
};
use tokio_postgres::Row;

use crate::{Result, Store, StoreError};

/// The columns of a [`Project`], in the order [`project`] reads them.
macro_rules! columns {
    () => {
        "id, user_id, name, description, language, repository_url, storage_path, created_at, updated_at"
    };
}

/// Where a page of projects begins: after this one.
pub type ProjectCursor = (DateTime<Utc>, ProjectId);

impl Store {
    pub async fn create_project(&self, owner: UserId, new: &NewProject) -> Result<Project> {
        let sql = concat!(
            "INSERT INTO code_projects (id, user_id, name, description, language, repository_url) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ",
            columns!()
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let id = ProjectId::new().to_string();
        let row = connection
            .query_one(
                &statement,
                &[&id, &owner, &new.name, &new.description, &new.language, &new.repository_url],
            )
            .await?;
        project(&row)
    }

    /// A page of a user's projects, newest first.
    pub async fn projects(
        &self,
        owner: UserId,
        limit: i64,
        after: Option<ProjectCursor>,
    ) -> Result<Vec<Project>> {
        let connection = self.connection().await?;
        let rows = match after {
            None => {
                let sql = concat!(
                    "SELECT ",
                    columns!(),
                    " FROM code_projects WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
                );
                let statement = connection.prepare_cached(sql).await?;
                connection.query(&statement, &[&owner, &limit]).await?
            }
            Some((created_at, id)) => {
                let sql = concat!(
                    "SELECT ",
                    columns!(),
                    " FROM code_projects WHERE user_id = $1 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $2"
                );
                let statement = connection.prepare_cached(sql).await?;
                connection.query(&statement, &[&owner, &limit, &created_at, &id.to_string()]).await?
            }
        };
        rows.iter().map(project).collect()
    }

    pub async fn project(&self, owner: UserId, id: ProjectId) -> Result<Option<Project>> {
        let sql = concat!("SELECT ", columns!(), " FROM code_projects WHERE id = $1 AND user_id = $2");
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection.query_opt(&statement, &[&id.to_string(), &owner]).await?.as_ref().map(project).transpose()
    }

    /// Changes what the patch names; `None` where this user has no such project.
    pub async fn update_project(
        &self,
        owner: UserId,
        id: ProjectId,
        patch: &ProjectPatch,
    ) -> Result<Option<Project>> {
        let sql = concat!(
            "UPDATE code_projects SET name = coalesce($3, name),
                description = CASE WHEN $4 THEN $5 ELSE description END,
                language = CASE WHEN $6 THEN $7 ELSE language END,
                repository_url = CASE WHEN $8 THEN $9 ELSE repository_url END,
                updated_at = now()
            WHERE id = $1 AND user_id = $2 RETURNING ",
            columns!()
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let [description, language, url] = [&patch.description, &patch.language, &patch.repository_url];
        let row = connection
            .query_opt(
                &statement,
                &[
                    &id.to_string(),
                    &owner,
                    &patch.name,
                    &description.is_some(),
                    &description.as_ref().and_then(Option::as_ref),
                    &language.is_some(),
                    &language.as_ref().and_then(Option::as_ref),
                    &url.is_some(),
                    &url.as_ref().and_then(Option::as_ref),
                ],
            )
            .await?;
        row.as_ref().map(project).transpose()
    }

    /// Deletes a project with all that belongs to it, and notes in the same transaction which objects in storage
    /// that leaves behind. False where this user has no such project.
    pub async fn delete_project(&self, owner: UserId, id: ProjectId, trash: &[String]) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let deleted = transaction
            .execute("DELETE FROM code_projects WHERE id = $1 AND user_id = $2", &[&id.to_string(), &owner])
            .await?;
        if deleted == 0 {
            return Ok(false);
        }
        transaction.execute("INSERT INTO trash (key) SELECT unnest($1::varchar[])", &[&trash]).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn project(row: &Row) -> Result<Project> {
    Ok(Project {
        id: row.get::<_, &str>(0).parse().map_err(StoreError::from)?,
        user_id: row.get(1),
        name: row.get(2),
        description: row.get(3),
        language: row.get(4),
        repository_url: row.get(5),
        storage_path: row.get(6),
        created_at: row.get(7),
        updated_at: row.get(8),
    })
}
