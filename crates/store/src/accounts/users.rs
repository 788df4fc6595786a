//! Users: create, find, change and delete.

use engunity_protocol::{
    UserId,
    account::{Role, User},
    limits::LimitsPatch,
};
use tokio_postgres::{Row, types::Json};

use crate::{Result, Store};

/// The columns of a [`User`], in the order [`user`] reads them; `u` is the table.
pub(crate) const USER_COLUMNS: &str =
    "u.id, u.email, u.name, u.created_at, u.role, u.email_verified_at IS NOT NULL AS verified";
/// Advisory lock of registrations: of two first users only one is the administrator.
const REGISTRATION_LOCK: i64 = 0x7265_6769_7374_6572;

/// What a registration needs beside its name and password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission<'a> {
    Open,
    /// The hash of an invitation's code. The very first user needs none.
    Invitation(Option<&'a [u8]>),
    /// Nobody but the very first user.
    Closed,
}

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    New(User),
    /// Registration is closed, or the invitation is unknown, expired, used or another's.
    Refused,
    /// There are as many accounts as the installation takes.
    Full {
        users: i64,
    },
}

/// An account that presents its password.
#[derive(Debug, Clone)]
pub struct StoredAccount {
    pub user: User,
    pub password_hash: String,
    pub disabled: bool,
}

impl Store {
    /// Creates a user, the first one as administrator; [`crate::StoreError::Conflict`] where the email is taken, whatever
    /// its case. `most` is the number of accounts that the installation takes, 0 is any.
    pub async fn register_user(
        &self,
        email: &str,
        name: Option<&str>,
        password_hash: &str,
        admission: Admission<'_>,
        most: i64,
    ) -> Result<Registered> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&REGISTRATION_LOCK]).await?;
        let users: i64 = transaction
            .query_one(
                "SELECT count(*) FROM (SELECT FROM users WHERE deleted_at IS NULL LIMIT $1) counted",
                &[&most.max(1)],
            )
            .await?
            .get(0);
        if most > 0 && users >= most {
            return Ok(Registered::Full { users });
        }
        if users > 0 && !admit(&transaction, email, admission).await? {
            return Ok(Registered::Refused);
        }
        let role = if users == 0 { Role::Admin } else { Role::User };
        let sql = format!(
            "INSERT INTO users AS u (email, name, password_hash, role) VALUES ($1, $2, $3, $4) RETURNING {USER_COLUMNS}"
        );
        let row = transaction.query_one(&sql, &[&email, &name, &password_hash, &role.as_str()]).await?;
        transaction.commit().await?;
        Ok(Registered::New(user(&row)))
    }

    /// The account with this email, whatever its case.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<StoredAccount>> {
        let sql = format!(
            "SELECT {USER_COLUMNS}, u.password_hash, u.disabled_at IS NOT NULL AS disabled FROM users u
             WHERE lower(u.email) = lower($1) AND u.deleted_at IS NULL"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(&sql).await?;
        Ok(connection.query_opt(&statement, &[&email]).await?.as_ref().map(stored))
    }

    /// The account of this user, with its password's hash.
    pub async fn account(&self, id: UserId) -> Result<Option<StoredAccount>> {
        let sql = format!(
            "SELECT {USER_COLUMNS}, u.password_hash, u.disabled_at IS NOT NULL AS disabled FROM users u
             WHERE u.id = $1 AND u.deleted_at IS NULL"
        );
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(&sql).await?;
        Ok(connection.query_opt(&statement, &[&id.0]).await?.as_ref().map(stored))
    }

    /// A user whose account is neither disabled nor deleted.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let account = self.account(id).await?;
        Ok(account.filter(|account| !account.disabled).map(|account| account.user))
    }

    pub async fn set_password(&self, id: UserId, password_hash: &str) -> Result<()> {
        let sql = "UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1";
        self.connection().await?.execute(sql, &[&id.0, &password_hash]).await?;
        Ok(())
    }

    pub async fn email_verified(&self, id: UserId, email: &str) -> Result<()> {
        let sql = "UPDATE users SET email_verified_at = coalesce(email_verified_at, now()) WHERE id = $1 AND email = $2";
        self.connection().await?.execute(sql, &[&id.0, &email]).await?;
        Ok(())
    }

    /// What this user may use, where that differs from the installation's limits.
    pub async fn own_limits(&self, id: UserId) -> Result<LimitsPatch> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached("SELECT limits FROM users WHERE id = $1").await?;
        let row = connection.query_opt(&statement, &[&id.0]).await?;
        Ok(row.map(|row| row.get::<_, Json<_>>(0).0).unwrap_or_default())
    }
}

/// Whether a registration is admitted; an invitation is used up by it.
async fn admit(
    transaction: &deadpool_postgres::Transaction<'_>,
    email: &str,
    admission: Admission<'_>,
) -> Result<bool> {
    match admission {
        Admission::Open => Ok(true),
        Admission::Closed | Admission::Invitation(None) => Ok(false),
        Admission::Invitation(Some(code)) => {
            let sql = "DELETE FROM invitations WHERE code_hash = $1 AND expires_at > now()
                AND (email IS NULL OR lower(email) = lower($2))";
            Ok(transaction.execute(sql, &[&code, &email]).await? > 0)
        }
    }
}

/// A row that begins with [`USER_COLUMNS`].
pub(crate) fn user(row: &Row) -> User {
    User {
        id: UserId(row.get(0)),
        email: row.get(1),
        name: row.get(2),
        created_at: row.get(3),
        role: if row.get::<_, &str>(4) == Role::Admin.as_str() { Role::Admin } else { Role::User },
        email_verified: row.get(5),
    }
}

fn stored(row: &Row) -> StoredAccount {
    StoredAccount { user: user(row), password_hash: row.get("password_hash"), disabled: row.get("disabled") }
}
