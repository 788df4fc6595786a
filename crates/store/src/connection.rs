//! A connection of a pool, with a deadline for each answer. A server that is frozen, or cut off behind something that
//! still acknowledges, gives no error: without a deadline here its clients would wait for ever.
//!
//! A connection that is dropped while an answer is due (a cancelled request, a missed deadline) leaves the pool: the next
//! user would wait behind that statement.

use std::{
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use deadpool_postgres::Object;
use tokio::time::timeout;
use tokio_postgres::{Row, SimpleQueryMessage, Statement, ToStatement, types::ToSql};

use crate::{Result, StoreError};

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(crate) struct Connection {
    object: Option<Object>,
    answer_timeout: Duration,
    /// Answers that are due.
    due: AtomicUsize,
}

impl Connection {
    pub fn new(object: Object, answer_timeout: Duration) -> Self {
        Self { object: Some(object), answer_timeout, due: AtomicUsize::new(0) }
    }

    /// Closes it instead of giving it back to the pool.
    pub fn discard(mut self) {
        self.object.take().map(Object::take);
    }

    /// Waits for statements that run on the object itself, with the deadline of an answer.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.due.fetch_add(1, Ordering::Relaxed);
        let answer = timeout(self.answer_timeout, work)
            .await
            .map_err(|_| StoreError::unavailable("the database did not answer in time"))?;
        self.due.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    async fn answer<T>(
        &self,
        work: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        self.run(async { Ok(work.await?) }).await
    }

    pub async fn prepare_cached(&self, sql: &str) -> Result<Statement> {
        self.answer((**self).prepare_cached(sql)).await
    }

    pub async fn query<S: ToStatement + ?Sized>(
        &self,
        statement: &S,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        self.answer((**self).query(statement, parameters)).await
    }

    pub async fn query_one<S: ToStatement + ?Sized>(
        &self,
        statement: &S,
        parameters: Parameters<'_>,
    ) -> Result<Row> {
        self.answer((**self).query_one(statement, parameters)).await
    }

    pub async fn query_opt<S: ToStatement + ?Sized>(
        &self,
        statement: &S,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>> {
        self.answer((**self).query_opt(statement, parameters)).await
    }

    pub async fn execute<S: ToStatement + ?Sized>(
        &self,
        statement: &S,
        parameters: Parameters<'_>,
    ) -> Result<u64> {
        self.answer((**self).execute(statement, parameters)).await
    }

    pub async fn batch_execute(&self, sql: &str) -> Result<()> {
        self.answer((**self).batch_execute(sql)).await
    }

    pub async fn simple_query(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>> {
        self.answer((**self).simple_query(sql)).await
    }
}

impl Deref for Connection {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.object.as_ref().expect("a connection keeps its object until it is dropped")
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Object {
        self.object.as_mut().expect("a connection keeps its object until it is dropped")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if *self.due.get_mut() > 0 {
            self.object.take().map(Object::take);
        }
    }
}
