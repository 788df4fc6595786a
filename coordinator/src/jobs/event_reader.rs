//! Reads a job's events in order, from any number on: the one source of SSE streams and of the session socket's
//! `watch`. It reads the database from its last number whenever it is woken (and now and then without), so there is
//! no gap and no repeat by construction: across reconnects, coordinators and restarts.
//!
//! Two events have no row: number 1 is the queued state, the last number is the result.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use engunity_protocol::{
    JobId, UserId,
    event::{Encoding, JobEvent, Output, StateChange},
    job::JobState,
};
use engunity_store::{Chunk, JobHead, Store, StoreError, StoredBody, StoredEvent};

use crate::notify::notifier::{Notifier, Watch};

/// Rows of one read; a chunk of output has at most 64 KiB.
const ROWS: i64 = 64;
/// Poll interval without a notification, since notifications can be lost.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// An event with its number, which is its SSE id.
pub type Numbered = (i64, JobEvent);

/// One read: visible events, and whether more rows follow (all rows of a read may be invisible).
#[derive(Default)]
struct Read {
    events: Vec<Numbered>,
    more: bool,
}

pub struct JobReader {
    store: Store,
    user_id: UserId,
    job_id: JobId,
    after: i64,
    /// Output before this event is left out.
    output_from: i64,
    watch: Watch,
    ended: bool,
}

impl JobReader {
    /// Reads a user's job after event number `after` (0 is from the start); `None` if there is no such job.
    pub async fn open(
        store: &Store,
        notifier: &Arc<Notifier>,
        user_id: UserId,
        job_id: JobId,
        after: i64,
    ) -> Result<Option<Self>, StoreError> {
        let watch = notifier.watch(job_id);
        let Some(head) = store.job(user_id, job_id).await? else { return Ok(None) };
        let ended = head.job.state.is_terminal() && after >= head.last_event;
        Ok(Some(Self { store: store.clone(), user_id, job_id, after, output_from: 0, watch, ended }))
    }

    /// Leaves out the output that is there already, but for the newest `bytes` of it (and what completes their first
    /// chunk): for those who show its end only. What comes from now on comes whole.
    pub async fn skip_to_tail(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.output_from = self.store.output_tail(self.job_id, self.after, bytes).await?;
        Ok(())
    }

    /// Whether everything was read before.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Waits for events; empty after the result, or when the job was deleted. Safe to cancel.
    pub async fn next(&mut self) -> Vec<Numbered> {
        while !self.ended {
            self.watch.mark_seen();
            match self.read().await {
                Ok(Read { events, more: false }) if events.is_empty() && !self.ended => {
                    let _ = tokio::time::timeout(POLL_INTERVAL, self.watch.changed()).await;
                }
                Ok(Read { events, more: true }) if events.is_empty() => {}
                Ok(Read { events, .. }) => return events,
                Err(error) => {
                    tracing::debug!(%error, job_id = %self.job_id, "a reader waits for the database");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
        Vec::new()
    }

    async fn read(&mut self) -> Result<Read, StoreError> {
        // The job first: a row that is missing after its end was seen will never come.
        let Some(head) = self.store.job(self.user_id, self.job_id).await? else {
            self.ended = true;
            return Ok(Read::default());
        };
        let rows = self.store.events_after(self.job_id, self.after.max(1), self.output_from, ROWS).await?;
        let more = rows.len() as i64 == ROWS;
        let last_row = rows.last().map(|row| row.number);
        let mut events = Vec::with_capacity(rows.len() + 2);
        if self.after < 1 {
            events.push((1, queued()));
        }
        events.extend(rows.into_iter().filter_map(|row| visible(row, head.job.attempt)));
        self.after = last_row.unwrap_or(self.after.max(1));
        if !more && head.job.state.is_terminal() {
            events.push(self.finish(head));
        }
        Ok(Read { events, more })
    }

    fn finish(&mut self, head: JobHead) -> Numbered {
        self.ended = true;
        (head.last_event, JobEvent::Result(head.job))
    }
}

fn queued() -> JobEvent {
    JobEvent::State(StateChange { state: JobState::Queued, attempt: 0, worker_id: None, because: None })
}

/// Output of an attempt that was lost is not shown any more: the next one begins at offset 0 again.
fn visible(row: StoredEvent, attempt: i32) -> Option<Numbered> {
    let event = match row.body {
        StoredBody::Output(_) if row.attempt < attempt => return None,
        StoredBody::Output(chunk) => JobEvent::Output(output(chunk, row.attempt)),
        StoredBody::State(change) => JobEvent::State(change),
        StoredBody::Progress(progress) => JobEvent::Progress(progress),
    };
    Some((row.number, event))
}

/// Text as text; a chunk that is not UTF-8 by itself (binary, or cut within a character) as base64. Each chunk
/// stands alone, so that resuming after any of them misses nothing.
fn output(chunk: Chunk, attempt: i32) -> Output {
    let Chunk { stream, offset, bytes } = chunk;
    let (data, encoding) = match String::from_utf8(bytes) {
        Ok(text) => (text, Encoding::Utf8),
        Err(error) => (STANDARD.encode(error.as_bytes()), Encoding::Base64),
    };
    Output { stream, offset, data, encoding, attempt }
}

#[cfg(test)]
mod tests {
    use engunity_protocol::event::Stream;

    use super::*;

    fn row(attempt: i32, bytes: &[u8]) -> StoredEvent {
        let body = StoredBody::Output(Chunk { stream: Stream::Stdout, offset: 7, bytes: bytes.to_vec() });
        StoredEvent { number: 3, attempt, body }
    }

    #[test]
    fn output_of_lost_attempts_is_not_shown() {
        assert!(visible(row(1, b"old"), 2).is_none());
        assert!(visible(row(2, b"new"), 2).is_some());
    }

    #[test]
    fn bytes_that_are_no_text_go_as_base64() {
        let shown = |bytes: &[u8]| match visible(row(1, bytes), 1) {
            Some((_, JobEvent::Output(output))) => (output.data, output.encoding),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown("λ".as_bytes()), ("λ".to_owned(), Encoding::Utf8));
        assert_eq!(shown(&"λ".as_bytes()[..1]), ("zg==".to_owned(), Encoding::Base64));
    }
}
