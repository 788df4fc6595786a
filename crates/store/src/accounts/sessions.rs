//! Sessions: families of refresh tokens. They are listed, renewed and ended here; what ends is noted in `revocations`, so
//! that access tokens, streams and sockets end with it.

use chrono::{DateTime, Utc};
use engunity_protocol::{
    SessionId, UserId,
    account::{Session, User},
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    Result, Store,
    accounts::users::{USER_COLUMNS, user},
};

/// The result of presenting a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was valid and is used up now; the new one belongs to the same session.
    Rotated(User, SessionId),
    /// It was used before: its whole family has ended.
    Reused(SessionId),
    Unknown,
}

/// Who signs in, as one recognizes it in the list of sessions.
#[derive(Debug, Clone, Default)]
pub struct Device {
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

/// A session or personal token that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    pub id: i64,
    pub authority: Uuid,
}

const ROTATE: &str = "
    WITH old AS (
        UPDATE refresh_tokens SET used_at = coalesce(used_at, now()),
            used_key = CASE WHEN used_at IS NULL THEN $7::bytea ELSE used_key END
        WHERE token_hash = $1 AND NOT ended AND expires_at > now()
          AND (used_at IS NULL OR (used_at > now() - make_interval(secs => $4) AND used_key = $7))
          AND EXISTS (SELECT FROM users WHERE id = user_id AND disabled_at IS NULL AND deleted_at IS NULL)
        RETURNING family, user_id, coalesce(login_at, created_at) AS login_at
    ), new AS (
        INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at, login_at, user_agent, address)
        SELECT $2::bytea, family, user_id, $3::timestamptz, login_at, $5, $6 FROM old
    )";

const END: &str = "
    WITH ended AS (
        DELETE FROM refresh_tokens WHERE user_id = $1 AND ($2::uuid[] IS NULL OR family = ANY($2))
          AND ($3::uuid IS NULL OR family <> $3) RETURNING family
    )
    INSERT INTO revocations (authority) SELECT DISTINCT family FROM ended RETURNING id, authority";

impl Store {
    /// Starts a session, at sign-in.
    pub async fn add_session(
        &self,
        owner: UserId,
        hash: &[u8],
        expires_at: DateTime<Utc>,
        device: &Device,
    ) -> Result<SessionId> {
        let sql = "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at, login_at, user_agent, address)
            VALUES ($1, $2, $3, $4, now(), $5, $6)";
        let id = SessionId(Uuid::new_v4());
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection
            .execute(&statement, &[&hash, &id.0, &owner.0, &expires_at, &device.user_agent, &device.address])
            .await?;
        Ok(id)
    }

    /// Exchanges the token `old` for `new`, once; and again within `grace_s` seconds under the same `key`, for a client that
    /// lost the answer.
    pub async fn rotate_refresh_token(
        &self,
        old: &[u8],
        new: &[u8],
        expires_at: DateTime<Utc>,
        grace_s: f64,
        key: Option<&[u8]>,
        device: &Device,
    ) -> Result<Rotation> {
        let sql =
            format!("{ROTATE} SELECT {USER_COLUMNS}, old.family FROM old JOIN users u ON u.id = old.user_id");
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(&sql).await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&old, &new, &expires_at, &grace_s, &device.user_agent, &device.address, &key];
        let rotated = connection.query_opt(&statement, &parameters).await?;
        drop(connection);
        match rotated {
            Some(row) => Ok(Rotation::Rotated(user(&row), SessionId(row.get("family")))),
            None => self.end_reused_family(old).await,
        }
    }

    /// Ends the whole family where `hash` was used before. Its rows stay, so that a later use is known as one.
    async fn end_reused_family(&self, hash: &[u8]) -> Result<Rotation> {
        let sql = "WITH ended AS (
                UPDATE refresh_tokens SET used_at = coalesce(used_at, now()), ended = true WHERE family =
                (SELECT family FROM refresh_tokens WHERE token_hash = $1 AND used_at IS NOT NULL) RETURNING family
            ), told AS (INSERT INTO revocations (authority) SELECT DISTINCT family FROM ended)
            SELECT family FROM ended LIMIT 1";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let ended = connection.query_opt(&statement, &[&hash]).await?;
        Ok(ended.map_or(Rotation::Unknown, |row| Rotation::Reused(SessionId(row.get(0)))))
    }

    /// Ends the session of a refresh token, at logout. An unknown token is no error. Repeated until nothing is left: a
    /// rotation that was under way may have added a token.
    pub async fn end_session_of(&self, hash: &[u8]) -> Result<Option<SessionId>> {
        let sql = "SELECT user_id, family FROM refresh_tokens WHERE token_hash = $1";
        let connection = self.connection().await?;
        let row = connection.query_opt(&connection.prepare_cached(sql).await?, &[&hash]).await?;
        drop(connection);
        let Some(row) = row else { return Ok(None) };
        let (owner, session) = (UserId(row.get(0)), SessionId(row.get(1)));
        let ended = self.end_sessions(owner, Some(&[session]), None).await?;
        Ok((!ended.is_empty()).then_some(session))
    }

    /// A user's sessions, the last used first.
    pub async fn sessions(&self, owner: UserId, current: Option<Uuid>) -> Result<Vec<Session>> {
        let sql = "SELECT family, min(coalesce(login_at, created_at)) AS created_at, max(created_at) AS last_used_at,
                (array_agg(user_agent ORDER BY created_at DESC))[1] AS user_agent,
                (array_agg(address ORDER BY created_at DESC))[1] AS address
            FROM refresh_tokens WHERE user_id = $1 AND NOT ended
            GROUP BY family HAVING bool_or(used_at IS NULL AND expires_at > now()) ORDER BY last_used_at DESC LIMIT 1000";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = connection.query(&statement, &[&owner.0]).await?;
        Ok(rows.iter().map(|row| session(row, current)).collect())
    }

    /// Ends some of a user's sessions, or all (`None`), but for `except`; returns what has ended. Repeated until nothing is
    /// left: a rotation that was under way may have added a token.
    pub async fn end_sessions(
        &self,
        owner: UserId,
        which: Option<&[SessionId]>,
        except: Option<Uuid>,
    ) -> Result<Vec<Revocation>> {
        let which: Option<Vec<Uuid>> = which.map(|all| all.iter().map(|id| id.0).collect());
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(END).await?;
        let mut ended = Vec::new();
        loop {
            let rows = connection.query(&statement, &[&owner.0, &which, &except]).await?;
            if rows.is_empty() {
                return Ok(ended);
            }
            ended.extend(rows.iter().map(revocation));
        }
    }

    /// Notes that these have ended, though their rows stay: the tokens of a disabled account.
    pub async fn revoke_personal_tokens(&self, owner: UserId) -> Result<Vec<Revocation>> {
        let sql = "INSERT INTO revocations (authority) SELECT id FROM personal_tokens WHERE user_id = $1 RETURNING id, authority";
        let rows = self.connection().await?.query(sql, &[&owner.0]).await?;
        Ok(rows.iter().map(revocation).collect())
    }

    /// What has ended in the last `seconds`.
    pub async fn revocations(&self, seconds: f64) -> Result<Vec<Revocation>> {
        let sql =
            "SELECT id, authority FROM revocations WHERE at > now() - make_interval(secs => $1) ORDER BY id";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query(&statement, &[&seconds]).await?.iter().map(revocation).collect())
    }
}

fn revocation(row: &Row) -> Revocation {
    Revocation { id: row.get(0), authority: row.get(1) }
}

fn session(row: &Row, current: Option<Uuid>) -> Session {
    let id: Uuid = row.get("family");
    Session {
        id: SessionId(id),
        created_at: row.get("created_at"),
        last_used_at: row.get("last_used_at"),
        user_agent: row.get("user_agent"),
        address: row.get("address"),
        current: current == Some(id),
    }
}
