//! A job's events over one or many connections: resumes behind the last event, with no gap and no repeat.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use engunity_protocol::{JobId, event::JobEvent};
use futures::{StreamExt, stream::BoxStream};
use reqwest::StatusCode;
use serde_json::json;

use super::{
    Client,
    sse::{SseEvent, SseParser},
};
use crate::error::{CliError, Result};

/// How long a lost connection is retried.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(120);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(3);

pub struct Events {
    client: Client,
    job: JobId,
    last_id: Option<String>,
    connection: Option<Connection>,
    ready: VecDeque<JobEvent>,
    ended: bool,
    /// When the server last answered. Callers have just received the job, so it starts with now.
    last_contact: Instant,
    wait: Duration,
}

struct Connection {
    body: BoxStream<'static, Result<Bytes>>,
    parser: SseParser,
}

impl Events {
    pub fn new(client: &Client, job: JobId) -> Self {
        Self {
            client: client.clone(),
            job,
            last_id: None,
            connection: None,
            ready: VecDeque::new(),
            ended: false,
            last_contact: Instant::now(),
            wait: FIRST_WAIT,
        }
    }

    /// The next event; `None` after the result. May be dropped and called again at any await.
    pub async fn next(&mut self) -> Result<Option<JobEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.ended |= matches!(event, JobEvent::Result(_));
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            if let Err(failure) = self.advance().await {
                self.lost(failure).await?;
            }
        }
    }

    /// Connects, or reads what the connection brings next.
    async fn advance(&mut self) -> Result<()> {
        let Some(connection) = &mut self.connection else {
            let response = self.client.events(self.job, self.last_id.as_deref()).await?;
            if response.status() == StatusCode::NO_CONTENT {
                // Nothing is left to follow.
                self.ready.push_back(JobEvent::Result(self.client.job(self.job).await?));
                return Ok(());
            }
            let body = self.client.body(response).boxed();
            self.connection = Some(Connection { body, parser: SseParser::default() });
            self.last_contact = Instant::now();
            return Ok(());
        };
        let chunk = connection
            .body
            .next()
            .await
            .unwrap_or_else(|| Err(CliError::new("the event stream ended").transient()))?;
        let events = connection
            .parser
            .feed(&chunk)
            .map_err(|_| CliError::new("the server sent an event that is too large"))?;
        for event in events {
            self.keep(event);
        }
        self.last_contact = Instant::now();
        self.wait = FIRST_WAIT;
        Ok(())
    }

    /// Stores the event's id, and the event if this version knows its kind.
    fn keep(&mut self, event: SseEvent) {
        if event.id.is_some() {
            self.last_id = event.id;
        }
        let data: Option<serde_json::Value> = serde_json::from_str(&event.data).ok();
        let known =
            data.and_then(|data| serde_json::from_value(json!({"event": event.name, "data": data})).ok());
        self.ready.extend(known);
    }

    /// Waits before the next try, or returns the error.
    async fn lost(&mut self, failure: CliError) -> Result<()> {
        self.connection = None;
        if !failure.transient {
            return Err(failure);
        }
        if self.last_contact.elapsed() > RECONNECT_TIMEOUT {
            let job = self.job;
            return Err(CliError::new(format!("{}; job {job} continues on the server", failure.message))
                .hint(format!("engunity logs -f {job}")));
        }
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST_WAIT);
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
