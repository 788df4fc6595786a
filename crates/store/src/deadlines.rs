//! The deadline of every wait for the database: connecting, a pooled connection, a statement, a lock, a transaction that
//! its client left open, a peer that vanished.
//!
//! The server keeps those of statements, locks and transactions, so that they hold also for a client that is frozen or
//! gone: whatever it held, an advisory lock for instance, is free soon after. Both ends keep those of the network.

use std::time::Duration;

/// How long each wait may take. The defaults suit a server in the same network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Opening a connection.
    pub connect: Duration,
    /// Waiting for a connection of the pool.
    pub pool_wait: Duration,
    /// A statement of a request.
    pub statement: Duration,
    /// A statement that many jobs share.
    pub batch_statement: Duration,
    /// A statement of a migration: it may rewrite a table.
    pub migration_statement: Duration,
    /// Waiting for any lock: of a row, a table, or an advisory one.
    pub lock: Duration,
    /// A transaction in which nothing happens; then the server ends the session, and with it its locks.
    pub idle_transaction: Duration,
    /// The same for transactions that many jobs share.
    pub idle_batch: Duration,
    /// Data that the other end's host does not acknowledge.
    pub peer: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(3),
            pool_wait: seconds(3),
            statement: seconds(25),
            batch_statement: seconds(10),
            migration_statement: seconds(600),
            lock: seconds(5),
            idle_transaction: seconds(60),
            idle_batch: seconds(10),
            peer: seconds(10),
        }
    }
}

/// A client waits for an answer this much longer than the server may take for it.
const ANSWER_MARGIN: Duration = Duration::from_secs(5);

/// The deadlines of one kind of session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionDeadlines {
    statement: Duration,
    lock: Duration,
    idle_transaction: Duration,
    peer: Duration,
}

impl Deadlines {
    pub(crate) fn of_requests(&self) -> SessionDeadlines {
        self.session(self.statement, self.idle_transaction)
    }

    pub(crate) fn of_batches(&self) -> SessionDeadlines {
        self.session(self.batch_statement, self.idle_batch)
    }

    pub(crate) fn of_migrations(&self) -> SessionDeadlines {
        self.session(self.migration_statement, self.idle_transaction)
    }

    fn session(&self, statement: Duration, idle_transaction: Duration) -> SessionDeadlines {
        SessionDeadlines { statement, lock: self.lock, idle_transaction, peer: self.peer }
    }

    /// Those that this end keeps.
    pub(crate) fn apply_to(&self, config: &mut tokio_postgres::Config) {
        config.connect_timeout(self.connect).tcp_user_timeout(self.peer);
        config.keepalives(true).keepalives_idle(self.peer).keepalives_retries(3);
        config.keepalives_interval((self.peer / 3).max(Duration::from_secs(1)));
    }
}

impl SessionDeadlines {
    /// How long the client waits for an answer, in case the server's host is frozen or cut off.
    pub fn answer(&self) -> Duration {
        self.statement + ANSWER_MARGIN
    }

    /// As settings of a session, in milliseconds and seconds.
    fn settings(&self) -> [(&'static str, u128); 7] {
        let peer_s = u128::from(self.peer.as_secs().max(1));
        [
            ("statement_timeout", self.statement.as_millis()),
            ("lock_timeout", self.lock.as_millis()),
            ("idle_in_transaction_session_timeout", self.idle_transaction.as_millis()),
            ("tcp_user_timeout", self.peer.as_millis()),
            ("tcp_keepalives_idle", peer_s),
            ("tcp_keepalives_interval", (peer_s / 3).max(1)),
            ("tcp_keepalives_count", 3),
        ]
    }

    /// As options of a connection.
    pub fn options(&self) -> String {
        self.settings().map(|(name, value)| format!("-c {name}={value}")).join(" ")
    }

    /// As statements within a transaction.
    pub fn set_local(&self) -> String {
        self.settings().map(|(name, value)| format!("SET LOCAL {name} = {value}")).join("; ")
    }
}
