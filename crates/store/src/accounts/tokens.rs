//! Personal tokens, tickets and mailed codes: kept as hashes, each used by the rules of its kind.

use chrono::{DateTime, Utc};
use engunity_protocol::{
    TokenId, UserId,
    account::{PersonalToken, User},
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    Result, Store,
    accounts::users::{USER_COLUMNS, user},
};

impl Store {
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
        let sql = "WITH gone AS (DELETE FROM personal_tokens WHERE id = $1 AND user_id = $2 RETURNING id)
            INSERT INTO revocations (authority) SELECT id FROM gone";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.execute(&statement, &[&id.0, &owner.0]).await? > 0)
    }

    /// Whose token this is, and that it was used (noted once a minute at most).
    pub async fn personal_token_owner(&self, hash: &[u8]) -> Result<Option<(User, TokenId)>> {
        let sql = format!(
            "WITH used AS (
                UPDATE personal_tokens SET last_used_at = now()
                WHERE token_hash = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
            )
            SELECT {USER_COLUMNS}, t.id AS token_id FROM personal_tokens t JOIN users u ON u.id = t.user_id
            WHERE t.token_hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now())
              AND u.disabled_at IS NULL AND u.deleted_at IS NULL"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(&sql).await?;
        let row = connection.query_opt(&statement, &[&hash]).await?;
        Ok(row.map(|row| (user(&row), TokenId(row.get("token_id")))))
    }

    /// `authority` is what its owner is signed in by.
    pub async fn add_ticket(
        &self,
        owner: UserId,
        authority: Option<Uuid>,
        hash: &[u8],
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "INSERT INTO tickets (ticket_hash, user_id, authority, expires_at) VALUES ($1, $2, $3, $4)";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection.execute(&statement, &[&hash, &owner.0, &authority, &expires_at]).await?;
        Ok(())
    }

    /// The owner of a ticket, which can be used once, and what the owner was signed in by.
    pub async fn redeem_ticket(&self, hash: &[u8]) -> Result<Option<(User, Option<Uuid>)>> {
        let sql = format!(
            "WITH used AS (DELETE FROM tickets WHERE ticket_hash = $1 RETURNING user_id, authority, expires_at)
            SELECT {USER_COLUMNS}, used.authority FROM used JOIN users u ON u.id = used.user_id
            WHERE used.expires_at > now() AND u.disabled_at IS NULL AND u.deleted_at IS NULL"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(&sql).await?;
        let row = connection.query_opt(&statement, &[&hash]).await?;
        Ok(row.map(|row| (user(&row), row.get("authority"))))
    }

    /// Keeps the hash of a code that is sent to `email`; earlier ones for the same purpose do not work any more.
    pub async fn add_mailed_code(
        &self,
        owner: UserId,
        purpose: &str,
        email: &str,
        hash: &[u8],
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "WITH earlier AS (DELETE FROM mailed_codes WHERE user_id = $1 AND purpose = $2)
            INSERT INTO mailed_codes (user_id, purpose, email, code_hash, expires_at) VALUES ($1, $2, $3, $4, $5)";
        self.connection().await?.execute(sql, &[&owner.0, &purpose, &email, &hash, &expires_at]).await?;
        Ok(())
    }

    /// Whose code this is and to which address it was sent; it works once.
    pub async fn redeem_mailed_code(&self, purpose: &str, hash: &[u8]) -> Result<Option<(UserId, String)>> {
        let sql = "DELETE FROM mailed_codes c USING users u WHERE c.code_hash = $1 AND c.purpose = $2
            AND u.id = c.user_id AND u.disabled_at IS NULL AND u.deleted_at IS NULL RETURNING c.user_id, c.email, c.expires_at > now()";
        let row = self.connection().await?.query_opt(sql, &[&hash, &purpose]).await?;
        let live = row.filter(|row| row.get(2));
        Ok(live.map(|row| (UserId(row.get(0)), row.get(1))))
    }

    /// Deletes expired rows; returns their number.
    pub async fn forget_expired_tokens(&self) -> Result<u64> {
        let connection = self.connection().await?;
        let mut count = 0;
        for table in ["refresh_tokens", "personal_tokens", "tickets", "mailed_codes", "invitations"] {
            count +=
                connection.execute(&format!("DELETE FROM {table} WHERE expires_at < now()"), &[]).await?;
        }
        // Longer than any access token lives.
        count +=
            connection.execute("DELETE FROM revocations WHERE at < now() - interval '2 days'", &[]).await?;
        count += connection.execute("DELETE FROM usage_days WHERE day < current_date - 400", &[]).await?;
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
