//! How every change of a project's files begins: the project is locked, its revision raised, and the transaction says
//! who changes and why. The triggers that record history read that.
//!
//! The row lock makes the changes of one project follow each other. Changes of many files also follow those of the same
//! user in other projects: they lock blobs, which the user's projects share, in no common order.

use deadpool_postgres::Transaction;
use engunity_protocol::{DeletionId, FileId, ProjectId, UserId, history::Cause};

use crate::{Result, StoreError, files::change::ChangeError};

/// Any number, as long as all coordinators use the same.
const MANY: i32 = 0x6d61_6e79;

/// Begins a change of one file; returns the revision that it makes.
pub(crate) async fn begin(
    transaction: &Transaction<'_>,
    owner: UserId,
    project: ProjectId,
    cause: Cause,
) -> std::result::Result<i64, ChangeError> {
    let sql = "UPDATE code_projects SET revision = revision + 1, updated_at = now() WHERE id = $1 AND user_id = $2
        RETURNING revision, set_config('engunity.author', user_id::text, true), set_config('engunity.cause', $3::text, true)";
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction.query_opt(&statement, &[&project.to_string(), &owner.0, &cause.as_str()]).await?;
    row.map(|row| row.get(0)).ok_or(ChangeError::NotFound)
}

/// The same in the project that a file lies in.
pub(crate) async fn begin_in(
    transaction: &Transaction<'_>,
    owner: UserId,
    id: FileId,
    cause: Cause,
) -> Result<Option<(ProjectId, i64)>> {
    let sql = "UPDATE code_projects p SET revision = revision + 1, updated_at = now() FROM code_files f
        WHERE f.id = $1 AND p.id = f.project_id AND p.user_id = $2
        RETURNING p.id, p.revision, set_config('engunity.author', p.user_id::text, true), set_config('engunity.cause', $3::text, true)";
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction.query_opt(&statement, &[&id.to_string(), &owner.0, &cause.as_str()]).await?;
    row.map(|row| Ok((row.get::<_, &str>(0).parse().map_err(StoreError::from)?, row.get(1)))).transpose()
}

/// Begins a change of many files.
pub(crate) async fn begin_many(
    transaction: &Transaction<'_>,
    owner: UserId,
    project: ProjectId,
    cause: Cause,
) -> std::result::Result<i64, ChangeError> {
    one_at_a_time(transaction, owner).await?;
    begin(transaction, owner, project, cause).await
}

/// Waits for the other changes of many files by this user; before `begin`.
pub(crate) async fn one_at_a_time(transaction: &Transaction<'_>, owner: UserId) -> Result<()> {
    let statement = transaction.prepare_cached("SELECT pg_advisory_xact_lock($1, $2)").await?;
    transaction.execute(&statement, &[&MANY, &owner.0]).await?;
    Ok(())
}

/// Says why the statements that follow change something.
pub(crate) async fn because(transaction: &Transaction<'_>, cause: Cause) -> Result<()> {
    let statement = transaction.prepare_cached("SELECT set_config('engunity.cause', $1::text, true)").await?;
    transaction.execute(&statement, &[&cause.as_str()]).await?;
    Ok(())
}

/// What names in the trash all that this transaction deleted; `None` where it deleted nothing.
pub(crate) async fn deletion(transaction: &Transaction<'_>) -> Result<Option<DeletionId>> {
    let statement = transaction
        .prepare_cached("SELECT nullif(current_setting('engunity.deletion', true), '')::uuid")
        .await?;
    Ok(transaction.query_one(&statement, &[]).await?.get::<_, Option<_>>(0).map(DeletionId))
}
