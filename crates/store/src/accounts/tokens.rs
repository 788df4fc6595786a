//! Refresh tokens, personal tokens and tickets: kept as hashes, each used by the rules of its kind.

use chrono::{DateTime, Utc};
use engunity_protocol::{
    TokenId, UserId,
    account::{PersonalToken, User},
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Result, Store, accounts::users::user};

/// The result of presenting a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was valid and is used up now; the new one belongs to the same family.
    Rotated(User),
    /// It was used before: its whole family has ended.
    Reused,
    Unknown,
}

impl Store {
    /// Starts a family, at login.
    pub async fn add_refresh_token(
        &self,
        owner: UserId,
        hash: &[u8],
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let sql =
            "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at) VALUES ($1, $2, $3, $4)";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection.execute(&statement, &[&hash, &Uuid::new_v4(), &owner.0, &expires_at]).await?;
        Ok(())
    }

    /// Exchanges the token `old` for `new`, once. Of two requests with the same token one finds it used.
    pub async fn rotate_refresh_token(
        &self,
        old: &[u8],
        new: &[u8],
        expires_at: DateTime<Utc>,
    ) -> Result<Rotation> {
        let sql = "WITH old AS (
                UPDATE refresh_tokens SET used_at = now()
                WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING family, user_id
            ), new AS (
                INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at)
                SELECT $2::bytea, family, user_id, $3::timestamptz FROM old
            )
            SELECT u.id, u.email, u.name, u.created_at FROM old JOIN users u ON u.id = old.user_id";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rotated = connection.query_opt(&statement, &[&old, &new, &expires_at]).await?;
        drop(connection);
        match rotated {
            Some(row) => Ok(Rotation::Rotated(user(&row))),
            None => self.end_reused_family(old).await,
        }
    }

    /// Marks the whole family used where `hash` was used before.
    async fn end_reused_family(&self, hash: &[u8]) -> Result<Rotation> {
        let sql = "UPDATE refresh_tokens SET used_at = coalesce(used_at, now()) WHERE family =
            (SELECT family FROM refresh_tokens WHERE token_hash = $1 AND used_at IS NOT NULL)";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let ended = connection.execute(&statement, &[&hash]).await?;
        Ok(if ended > 0 { Rotation::Reused } else { Rotation::Unknown })
    }

    /// Deletes the token's family, at logout. An unknown token is no error.
    pub async fn end_refresh_family(&self, hash: &[u8]) -> Result<()> {
        let sql = "DELETE FROM refresh_tokens WHERE family = (SELECT family FROM refresh_tokens WHERE token_hash = $1)";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection.execute(&statement, &[&hash]).await?;
        Ok(())
    }

    pub async fn add_personal_token(
        &self,
        owner: UserId,
        name: &str,
        prefix: &str,
        hash: &[u8],
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<PersonalToken> {
        let sql = "INSERT INTO personal_tokens (id, user_id, name, prefix, token_hash, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
            RETURNING id, name, prefix, created_at, expires_at, last_used_at";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let row = connection
            .query_one(&statement, &[&TokenId::new().0, &owner.0, &name, &prefix, &hash, &expires_at])
            .await?;
        Ok(personal_token(&row))
    }

    pub async fn personal_tokens(&self, owner: UserId) -> Result<Vec<PersonalToken>> {
        let sql = "SELECT id, name, prefix, created_at, expires_at, last_used_at FROM personal_tokens WHERE user_id = $1 ORDER BY created_at, id";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query(&statement, &[&owner.0]).await?.iter().map(personal_token).collect())
    }

    /// Revokes a token; false where this user has none of that id.
    pub async fn delete_personal_token(&self, owner: UserId, id: TokenId) -> Result<bool> {
        let connection = self.connection().await?;
        let statement =
            connection.prepare_cached("DELETE FROM personal_tokens WHERE id = $1 AND user_id = $2").await?;
        Ok(connection.execute(&statement, &[&id.0, &owner.0]).await? > 0)
    }

    /// Whose token this is, and that it was used (noted once a minute at most).
    pub async fn personal_token_owner(&self, hash: &[u8]) -> Result<Option<User>> {
        let sql = "WITH used AS (
                UPDATE personal_tokens SET last_used_at = now()
                WHERE token_hash = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
            )
            SELECT u.id, u.email, u.name, u.created_at FROM personal_tokens t JOIN users u ON u.id = t.user_id
            WHERE t.token_hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now())";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query_opt(&statement, &[&hash]).await?.as_ref().map(user))
    }

    pub async fn add_ticket(&self, owner: UserId, hash: &[u8], expires_at: DateTime<Utc>) -> Result<()> {
        let connection = self.connection().await?;
        let statement = connection
            .prepare_cached("INSERT INTO tickets (ticket_hash, user_id, expires_at) VALUES ($1, $2, $3)")
            .await?;
        connection.execute(&statement, &[&hash, &owner.0, &expires_at]).await?;
        Ok(())
    }

    /// The owner of a ticket, which can be used once.
    pub async fn redeem_ticket(&self, hash: &[u8]) -> Result<Option<User>> {
        let sql = "WITH used AS (DELETE FROM tickets WHERE ticket_hash = $1 RETURNING user_id, expires_at)
            SELECT u.id, u.email, u.name, u.created_at FROM used JOIN users u ON u.id = used.user_id WHERE used.expires_at > now()";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query_opt(&statement, &[&hash]).await?.as_ref().map(user))
    }

    /// Deletes expired rows; returns their number.
    pub async fn forget_expired_tokens(&self) -> Result<u64> {
        let connection = self.connection().await?;
        let mut count = 0;
        for table in ["refresh_tokens", "personal_tokens", "tickets"] {
            count +=
                connection.execute(&format!("DELETE FROM {table} WHERE expires_at < now()"), &[]).await?;
        }
        Ok(count)
    }
}

/// A row of `id, name, prefix, created_at, expires_at, last_used_at`.
fn personal_token(row: &Row) -> PersonalToken {
    PersonalToken {
        id: TokenId(row.get(0)),
        name: row.get(1),
        prefix: row.get(2),
        created_at: row.get(3),
        expires_at: row.get(4),
        last_used_at: row.get(5),
        token: None,
    }
}
