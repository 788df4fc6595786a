//! Transactions of the hot paths, where many jobs go into one statement.
//!
//! They have connections of their own (`Store::hot`), whose planner settings are made once at the start, and which a
//! flood of requests can't exhaust. A batch of one statement needs no
//! transaction at all; one of several is a [`Batch`].

use std::{
    future::Future,
    ops::Deref,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
};

use crate::{Connection, Result, StoreError};

/// How statements are planned on hot connections. PostgreSQL's own choice would keep the plan it made while the tables
/// were empty, and scan them from end to end when they have a million rows; planning anew each time costs more than
/// running. So: once, as if the tables were large, and rows are found by their keys. Bitmap scans don't note which entries
/// of an index are dead, and those of queued and running jobs soon are.
pub(crate) const BY_KEY: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off \
    -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off -c jit=off";

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit {
    /// The result is reported to others, so it must survive a power cut: accepting, claiming, ending a job.
    Durable,
    /// Losing it with the database's last moments is harmless, because it is done again: releases (the job is
    /// then still in the backlog) and renewals of leases (the next heartbeat brings one).
    Relaxed,
}

impl Commit {
    fn begin(self) -> &'static str {
        match self {
            Self::Durable => "BEGIN",
            Self::Relaxed => "BEGIN; SET LOCAL synchronous_commit = off",
        }
    }
}

/// A transaction on a hot connection, in as few round trips as there are answers to wait for: its first statement goes
/// with `BEGIN`, its last with `COMMIT`. Statements are prepared before it begins. Dropped before its end it takes its
/// connection with it, and so is rolled back.
pub(crate) struct Batch {
    connection: Option<Connection>,
    ended: AtomicBool,
}

impl Batch {
    pub fn on(connection: Connection) -> Self {
        Self { connection: Some(connection), ended: AtomicBool::new(false) }
    }

    /// Begins, and runs `first` in the same round trip.
    pub async fn begin<T, E>(
        &self,
        commit: Commit,
        first: impl Future<Output = std::result::Result<T, E>>,
    ) -> Result<T>
    where
        StoreError: From<E>,
    {
        // In this order: the server takes statements as they were sent, and they are sent when they are first polled.
        let (begun, first) = futures::join!(self.batch_execute(commit.begin()), first);
        begun?;
        Ok(first?)
    }

    /// Runs `last` and commits in the same round trip. Where the server refuses `last` it answers the commit with a
    /// rollback; where `last` fails before it is sent there is no commit.
    pub async fn end<T, E>(&self, last: impl Future<Output = std::result::Result<T, E>>) -> Result<T>
    where
        StoreError: From<E>,
    {
        let mut last = pin!(last);
        let done = match futures::poll!(last.as_mut()) {
            Poll::Ready(Err(error)) => return Err(error.into()),
            Poll::Ready(Ok(done)) => {
                self.batch_execute("COMMIT").await?;
                Ok(done)
            }
            Poll::Pending => {
                let (done, committed) = futures::join!(last, self.batch_execute("COMMIT"));
                committed?;
                done
            }
        };
        // Answered: there is no transaction any more, whatever became of it.
        self.ended.store(true, Ordering::Relaxed);
        Ok(done?)
    }
}

impl Deref for Batch {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a batch keeps its connection until it is dropped")
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(|_| !*self.ended.get_mut()) {
            connection.discard();
        }
    }
}
