//! Projects: the seed's calls, each within one user's own.

use std::{cmp::Reverse, collections::HashMap};

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
    /// Creates projects of many users in one statement; `None` where the user does not exist any more. The answers
    /// come in the order of `new`.
    pub async fn create_projects(&self, new: &[(UserId, NewProject)]) -> Result<Vec<Option<Project>>> {
        let sql = concat!(
            "INSERT INTO code_projects (id, user_id, name, description, language, repository_url)
            SELECT n.id, n.user_id, n.name, n.description, n.language, n.url
            FROM unnest($1::varchar[], $2::int[], $3::varchar[], $4::text[], $5::varchar[], $6::varchar[])
              AS n (id, user_id, name, description, language, url)
            JOIN users u ON u.id = n.user_id
            RETURNING ",
            columns!()
        );
        let ids: Vec<ProjectId> = new.iter().map(|_| ProjectId::new()).collect();
        let keys: Vec<String> = ids.iter().map(ProjectId::to_string).collect();
        let owners: Vec<i32> = new.iter().map(|(owner, _)| owner.0).collect();
        let names: Vec<&str> = new.iter().map(|(_, new)| new.name.as_str()).collect();
        let descriptions: Vec<_> = new.iter().map(|(_, new)| &new.description).collect();
        let languages: Vec<_> = new.iter().map(|(_, new)| &new.language).collect();
        let urls: Vec<_> = new.iter().map(|(_, new)| &new.repository_url).collect();
        let connection = self.hot().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows =
            connection.query(&statement, &[&keys, &owners, &names, &descriptions, &languages, &urls]).await?;
        drop(connection);
        let made = rows.iter().map(|row| project(row).map(|project| (project.id, project)));
        let mut made: HashMap<ProjectId, Project> = made.collect::<Result<_>>()?;
        Ok(ids.iter().map(|id| made.remove(id)).collect())
    }

    /// The first pages of many users' projects in one statement, each newest first; in the order of `asked`.
    pub async fn first_projects(&self, asked: &[(UserId, i64)]) -> Result<Vec<Vec<Project>>> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            ", a.place FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS a (owner, most, place)
            CROSS JOIN LATERAL (
                SELECT * FROM code_projects WHERE user_id = a.owner ORDER BY created_at DESC, id DESC LIMIT a.most
            ) p"
        );
        let (owners, most): (Vec<i32>, Vec<i64>) = asked.iter().map(|(owner, most)| (owner.0, *most)).unzip();
        let connection = self.hot().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection.query(&statement, &[&owners, &most]).await?;
        drop(connection);
        let mut pages: Vec<Vec<Project>> = asked.iter().map(|_| Vec::new()).collect();
        for row in &rows {
            let place: i64 = row.get(9);
            pages[place as usize - 1].push(project(row)?);
        }
        // The join keeps their order, though nothing promises that.
        pages.iter_mut().for_each(|page| page.sort_by_key(|one| Reverse((one.created_at, one.id))));
        Ok(pages)
    }

    /// A page of a user's projects, newest first, after the one that the cursor names.
    pub async fn projects_after(
        &self,
        owner: UserId,
        limit: i64,
        (created_at, id): ProjectCursor,
    ) -> Result<Vec<Project>> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM code_projects WHERE user_id = $1 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $2"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection.query(&statement, &[&owner.0, &limit, &created_at, &id.to_string()]).await?;
        rows.iter().map(project).collect()
    }

    pub async fn project(&self, owner: UserId, id: ProjectId) -> Result<Option<Project>> {
        let sql = concat!("SELECT ", columns!(), " FROM code_projects WHERE id = $1 AND user_id = $2");
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection
            .query_opt(&statement, &[&id.to_string(), &owner.0])
            .await?
            .as_ref()
            .map(project)
            .transpose()
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
                    &owner.0,
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

    /// Says what a project is written in, where nothing was said; else, and where there is no such project, `None`.
    pub async fn name_language(
        &self,
        owner: UserId,
        id: ProjectId,
        language: &str,
    ) -> Result<Option<Project>> {
        let sql = concat!(
            "UPDATE code_projects SET language = $3 WHERE id = $1 AND user_id = $2 AND language IS NULL RETURNING ",
            columns!()
        );
        let connection = self.connection().await?;
        let row = connection.query_opt(sql, &[&id.to_string(), &owner.0, &language]).await?;
        row.as_ref().map(project).transpose()
    }

    /// Marks a project as deleted, so that it exists for nobody any more, and notes in the same transaction which objects
    /// in storage that leaves behind. What belongs to it goes in batches: see `gc`. False where this user has no such
    /// project.
    pub async fn delete_project(&self, owner: UserId, id: ProjectId, trash: &[String]) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let deleted = transaction
            .execute(
                "UPDATE code_projects SET user_id = NULL, deleted_at = now() WHERE id = $1 AND user_id = $2",
                &[&id.to_string(), &owner.0],
            )
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
        user_id: UserId(row.get(1)),
        name: row.get(2),
        description: row.get(3),
        language: row.get(4),
        repository_url: row.get(5),
        storage_path: row.get(6),
        created_at: row.get(7),
        updated_at: row.get(8),
    })
}
