//! What administrators do with accounts: list, change, disable and delete them, and invite.

use chrono::{DateTime, Utc};
use engunity_protocol::{
    InvitationId, ProjectId, UserId,
    account::Role,
    admin::{AccountView, Invitation},
    limits::LimitsPatch,
};
use tokio_postgres::{Row, types::Json};

use crate::{
    Result, Store,
    accounts::users::{USER_COLUMNS, user},
};

const VIEW: &str = "u.disabled_at IS NOT NULL AS disabled,
    (SELECT max(t.created_at) FROM refresh_tokens t WHERE t.user_id = u.id) AS last_used_at";
/// Advisory lock of changes to administrators: two may not remove each other at once.
const ADMIN_LOCK: i64 = 0x6164_6d69_6e73_2121;

/// What became of a change to an account.
#[derive(Debug, Clone)]
pub enum AccountChange {
    Changed(AccountView),
    NoUser,
    /// Nobody could administrate any more.
    LastAdmin,
}

impl Store {
    /// A page of accounts by id, after `after`; `search` is part of an email or name.
    pub async fn accounts(
        &self,
        search: &str,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<AccountView>> {
        let sql = format!(
            "SELECT {USER_COLUMNS}, {VIEW} FROM users u
             WHERE u.deleted_at IS NULL AND u.id > $1 AND ($2 = '' OR strpos(lower(u.email), lower($2)) > 0
                OR strpos(lower(coalesce(u.name, '')), lower($2)) > 0)
             ORDER BY u.id LIMIT $3"
        );
        let after = after.map_or(0, |id| id.0);
        let rows = self.connection().await?.query(&sql, &[&after, &search, &(limit + 1)]).await?;
        Ok(rows.iter().map(view).collect())
    }

    pub async fn account_view(&self, id: UserId) -> Result<Option<AccountView>> {
        let sql =
            format!("SELECT {USER_COLUMNS}, {VIEW} FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL");
        Ok(self.connection().await?.query_opt(&sql, &[&id.0]).await?.as_ref().map(view))
    }

    /// Changes role, state and limits, as far as they are given. One enabled administrator always stays.
    pub async fn change_account(
        &self,
        id: UserId,
        role: Option<Role>,
        disabled: Option<bool>,
        limits: Option<&LimitsPatch>,
    ) -> Result<AccountChange> {
        let sql = format!(
            "UPDATE users u SET role = coalesce($2, u.role), limits = coalesce($4, u.limits), updated_at = now(),
                disabled_at = CASE $3::boolean WHEN true THEN coalesce(u.disabled_at, now()) WHEN false THEN NULL ELSE u.disabled_at END
             WHERE u.id = $1 AND u.deleted_at IS NULL RETURNING {USER_COLUMNS}, {VIEW}"
        );
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ADMIN_LOCK]).await?;
        let row = transaction
            .query_opt(&sql, &[&id.0, &role.map(Role::as_str), &disabled, &limits.map(Json)])
            .await?;
        let Some(row) = row else { return Ok(AccountChange::NoUser) };
        if !has_admin(&transaction).await? {
            return Ok(AccountChange::LastAdmin);
        }
        transaction.commit().await?;
        Ok(AccountChange::Changed(view(&row)))
    }

    /// Marks an account as deleted, for everybody and at once: its email is free, nothing of it authenticates any more.
    /// The row goes with [`Store::forget_deleted_user`].
    pub async fn delete_account(&self, id: UserId) -> Result<AccountChange> {
        let sql = format!(
            "UPDATE users u SET deleted_at = now(), disabled_at = coalesce(u.disabled_at, now()), name = NULL,
                email = format('deleted-%s', u.id), password_hash = '', role = 'user'
             WHERE u.id = $1 AND u.deleted_at IS NULL RETURNING {USER_COLUMNS}, {VIEW}"
        );
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ADMIN_LOCK]).await?;
        let row = transaction.query_opt(&sql, &[&id.0]).await?;
        let Some(row) = row else { return Ok(AccountChange::NoUser) };
        if !has_admin(&transaction).await? {
            return Ok(AccountChange::LastAdmin);
        }
        transaction.commit().await?;
        Ok(AccountChange::Changed(view(&row)))
    }

    /// Users that are marked as deleted.
    pub async fn deleted_users(&self) -> Result<Vec<UserId>> {
        let sql = "SELECT id FROM users WHERE deleted_at IS NOT NULL ORDER BY id LIMIT 100";
        let rows = self.connection().await?.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| UserId(row.get(0))).collect())
    }

    /// All projects of a user, whatever their number.
    pub async fn project_ids(&self, owner: UserId) -> Result<Vec<ProjectId>> {
        let sql = "SELECT id FROM code_projects WHERE user_id = $1";
        let rows = self.connection().await?.query(sql, &[&owner.0]).await?;
        rows.iter().map(|row| Ok(row.get::<_, &str>(0).parse()?)).collect()
    }

    /// Removes the row of a deleted user who has no project any more, with all tokens and figures, and notes the objects
    /// below `blobs` as garbage. False where something is left.
    pub async fn forget_deleted_user(&self, id: UserId, blobs: &str) -> Result<bool> {
        let sql = "WITH gone AS (
                DELETE FROM users u WHERE u.id = $1 AND u.deleted_at IS NOT NULL
                  AND NOT EXISTS (SELECT FROM code_projects p WHERE p.user_id = u.id) RETURNING u.id
            ), figures AS (DELETE FROM usage_days WHERE user_id IN (SELECT id FROM gone))
            INSERT INTO trash (key) SELECT $2 FROM gone";
        Ok(self.connection().await?.execute(sql, &[&id.0, &blobs]).await? > 0)
    }

    pub async fn invite(
        &self,
        hash: &[u8],
        email: Option<&str>,
        expires_at: DateTime<Utc>,
    ) -> Result<Invitation> {
        let sql = "INSERT INTO invitations (id, code_hash, email, expires_at) VALUES ($1, $2, $3, $4)
            RETURNING id, email, created_at, expires_at";
        let row = self
            .connection()
            .await?
            .query_one(sql, &[&InvitationId::new().0, &hash, &email, &expires_at])
            .await?;
        Ok(invitation(&row))
    }

    /// Invitations that nobody used yet, the newest first.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        let sql = "SELECT id, email, created_at, expires_at FROM invitations WHERE expires_at > now() ORDER BY id DESC LIMIT 1000";
        Ok(self.connection().await?.query(sql, &[]).await?.iter().map(invitation).collect())
    }

    /// Takes an invitation back; false where there is none of that id.
    pub async fn delete_invitation(&self, id: InvitationId) -> Result<bool> {
        let sql = "DELETE FROM invitations WHERE id = $1";
        Ok(self.connection().await?.execute(sql, &[&id.0]).await? > 0)
    }
}

async fn has_admin(transaction: &deadpool_postgres::Transaction<'_>) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL AND deleted_at IS NULL)";
    Ok(transaction.query_one(sql, &[]).await?.get(0))
}

/// A row of [`USER_COLUMNS`] and [`VIEW`].
fn view(row: &Row) -> AccountView {
    AccountView { user: user(row), disabled: row.get("disabled"), last_used_at: row.get("last_used_at") }
}

fn invitation(row: &Row) -> Invitation {
    Invitation {
        id: InvitationId(row.get(0)),
        email: row.get(1),
        created_at: row.get(2),
        expires_at: row.get(3),
        code: None,
    }
}
