//! Leases of coordinators, and the owner of each project's session: a coordinator with a valid lease.

use engunity_protocol::{CoordinatorId, ProjectId};

use crate::{Result, Store};

/// How long a coordinator counts as alive without renewing its lease.
pub const COORDINATOR_LEASE_SECONDS: f64 = 6.0;

const OWN: &str = "
    INSERT INTO sessions AS s (project_id, owner) VALUES ($1, $2)
    ON CONFLICT (project_id) DO UPDATE SET owner = excluded.owner
    WHERE s.owner = excluded.owner OR NOT EXISTS (SELECT 1 FROM coordinators c WHERE c.id = s.owner AND c.lease_until > now())
    RETURNING owner";

impl Store {
    /// Renews this coordinator's lease. Whether this works decides what the coordinator serves, so a flood of requests must
    /// not stand in its way.
    pub async fn renew_coordinator(&self, id: &CoordinatorId) -> Result<()> {
        let sql = "INSERT INTO coordinators (id, lease_until) VALUES ($1, now() + make_interval(secs => $2))
            ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until";
        let connection = self.hot().await?;
        connection
            .execute(&connection.prepare_cached(sql).await?, &[&id.0, &COORDINATOR_LEASE_SECONDS])
            .await?;
        Ok(())
    }

    /// Ends a coordinator's lease and all its sessions': what it ran may start elsewhere at once.
    pub async fn retire_coordinator(&self, id: &CoordinatorId) -> Result<()> {
        let sql =
            "WITH freed AS (DELETE FROM sessions WHERE owner = $1) DELETE FROM coordinators WHERE id = $1";
        self.connection().await?.execute(sql, &[&id.0]).await?;
        Ok(())
    }

    /// Takes a project's session unless a live coordinator owns it; returns the owner.
    pub async fn own_session(&self, project_id: ProjectId, me: &CoordinatorId) -> Result<CoordinatorId> {
        let connection = self.connection().await?;
        let project = project_id.to_string();
        if let Some(row) =
            connection.query_opt(&connection.prepare_cached(OWN).await?, &[&project, &me.0]).await?
        {
            return Ok(CoordinatorId(row.get(0)));
        }
        let row =
            connection.query_one("SELECT owner FROM sessions WHERE project_id = $1", &[&project]).await?;
        Ok(CoordinatorId(row.get(0)))
    }

    /// Gives a project's session up.
    pub async fn disown_session(&self, project_id: ProjectId, me: &CoordinatorId) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE project_id = $1 AND owner = $2";
        self.connection().await?.execute(sql, &[&project_id.to_string(), &me.0]).await?;
        Ok(())
    }

    /// Those among `owners` whose lease has ended.
    pub async fn dead_coordinators(&self, owners: &[CoordinatorId]) -> Result<Vec<CoordinatorId>> {
        let ids: Vec<&str> = owners.iter().map(|id| id.0.as_str()).collect();
        let sql = "SELECT o.id FROM unnest($1::varchar[]) AS o (id)
            WHERE NOT EXISTS (SELECT 1 FROM coordinators c WHERE c.id = o.id AND c.lease_until > now())";
        let rows = self.connection().await?.query(sql, &[&ids]).await?;
        Ok(rows.iter().map(|row| CoordinatorId(row.get(0))).collect())
    }

    /// Deletes coordinators whose lease ended a minute ago, and their sessions.
    pub async fn forget_coordinators(&self) -> Result<u64> {
        let sql = "WITH dead AS (DELETE FROM coordinators WHERE lease_until < now() - interval '1 minute' RETURNING id)
            DELETE FROM sessions s WHERE s.owner IN (SELECT id FROM dead)
               OR NOT EXISTS (SELECT 1 FROM coordinators c WHERE c.id = s.owner)";
        self.connection().await?.execute(sql, &[]).await
    }
}
