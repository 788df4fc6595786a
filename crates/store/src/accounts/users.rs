//! Users: create and find.

use engunity_protocol::{UserId, account::User};
use tokio_postgres::Row;

use crate::{Result, Store};

impl Store {
    /// Creates a user; [`crate::StoreError::Conflict`] where the email is taken, whatever its case.
    pub async fn create_user(&self, email: &str, name: Option<&str>, password_hash: &str) -> Result<User> {
        let sql = "INSERT INTO users (email, name, password_hash) VALUES ($1, $2, $3) RETURNING id, email, name, created_at";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(user(&connection.query_one(&statement, &[&email, &name, &password_hash]).await?))
    }

    /// The user with this email, whatever its case, and the hash of the password.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>> {
        let sql =
            "SELECT id, email, name, created_at, password_hash FROM users WHERE lower(email) = lower($1)";
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        Ok(connection.query_opt(&statement, &[&email]).await?.map(|row| (user(&row), row.get(4))))
    }

    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let connection = self.connection().await?;
        let statement =
            connection.prepare_cached("SELECT id, email, name, created_at FROM users WHERE id = $1").await?;
        Ok(connection.query_opt(&statement, &[&id.0]).await?.as_ref().map(user))
    }
}

/// A row that begins with `id, email, name, created_at`.
pub(crate) fn user(row: &Row) -> User {
    User { id: UserId(row.get(0)), email: row.get(1), name: row.get(2), created_at: row.get(3) }
}
