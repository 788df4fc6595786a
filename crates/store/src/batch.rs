//! Transactions of the hot paths, where many jobs go into one statement.

use deadpool_postgres::{Object, Transaction};

use crate::{Result, Store};

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit {
    /// What we tell someone afterwards must survive a power cut: accepting, claiming, ending a job.
    Durable,
    /// Losing it with the database's last moments is harmless, because it is done again: releases (the job is
    /// then still in the backlog) and renewals of leases (the next heartbeat brings one).
    Relaxed,
}

/// How statements are planned. PostgreSQL's own choice would keep the plan it made while the tables were empty, and
/// scan them from end to end when they have a million rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plans {
    /// Once, as if the tables were large: rows are found by their keys. For statements that begin with a list of keys;
    /// planning them anew each time would cost more than running them.
    ByKey,
    /// Anew each time, for the tables as they are; by indexes, because statistics lag behind tables that fill and empty.
    Fresh,
}

const BY_KEY: &str =
    "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL jit = off;
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off;";
const FRESH: &str =
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off; SET LOCAL jit = off;";
const RELAXED: &str = "SET LOCAL synchronous_commit = off";

impl Store {
    pub(crate) async fn batch<'c>(
        &self,
        connection: &'c mut Object,
        commit: Commit,
        plans: Plans,
    ) -> Result<Transaction<'c>> {
        let transaction = connection.transaction().await?;
        let plans = if plans == Plans::ByKey { BY_KEY } else { FRESH };
        let commit = if commit == Commit::Relaxed { RELAXED } else { "" };
        transaction.batch_execute(&[plans, commit].concat()).await?;
        Ok(transaction)
    }
}
