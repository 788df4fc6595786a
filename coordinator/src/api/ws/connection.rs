//! One session socket: forwards messages between a client and its project's session, and streams the events of the jobs
//! that the client watches straight from the event reader, never through a mailbox.
//!
//! Each socket is one task. A client that does not read blocks its writes; then its outbox fills, the session drops the
//! member, and the socket is closed. The client reconnects and resumes. When a session moves to another coordinator, the
//! connection joins it there, and the client receives a new `welcome`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_protocol::{
    ConnectionId, JobId, ProjectId, UserId,
    job::{InputRequest, Job},
    problem::ErrorCode,
    session::{ClientMessage, Place, ServerMessage},
    spec::TerminalSize,
};
use engunity_store::{JobFilter, StoreError};
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use tokio::{sync::mpsc, time::timeout};
use tokio_tungstenite::tungstenite::{
    Error as WsError, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use super::{
    budget::Budget,
    handshake::Socket,
    typing::Typing,
    watches::{TooManyWatches, Watches},
};
use crate::{
    app::App,
    auth::Caller,
    jobs::Jobs,
    limits::Permit,
    session::{
        Sessions, Subscription,
        message::{Downstream, Joining, Resume, Text, Welcome, to_json},
    },
};

/// A client that sends no `hello` in this time joins as a new one.
const HELLO_TIMEOUT: Duration = Duration::from_secs(1);
/// Deadline for the session's welcome.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause before the next attempt to join.
const REJOIN_PAUSE: Duration = Duration::from_millis(300);
/// Attempts without a welcome, after which the socket is closed.
const MAX_JOIN_ATTEMPTS: u32 = 20;
/// A write that takes longer means that the client does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// A client that sends nothing for this long, not even a pong, is gone.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(80);
/// Cursor positions are forwarded at most this often.
const PLACE_MIN_INTERVAL: Duration = Duration::from_millis(80);
/// Job events buffered for the socket.
const EVENT_BUFFER: usize = 16;
/// The close code where a request would be answered with 401.
const UNAUTHORIZED: CloseCode = CloseCode::Library(4401);
/// Jobs in a welcome.
const RECENT_JOBS: u64 = 50;

pub struct Connection {
    sessions: Arc<Sessions>,
    jobs: Jobs,
    draining: CancellationToken,
    /// Ends with the session or token that opened the socket.
    authority: BoxFuture<'static, ()>,
    _permit: Permit,
    caller: Caller,
    project_id: ProjectId,
    conn_id: ConnectionId,
    socket: Socket,
    membership: Membership,
    resume: Option<Resume>,
    join_attempts: u32,
    watches: Watches,
    events: mpsc::Receiver<String>,
    place: Option<Place>,
    place_at: Instant,
    typing: Typing,
    budget: Budget,
    last_received: Instant,
    ping_at: Instant,
}

/// The connection's state in its session.
enum Membership {
    /// Joins the session at this time.
    Pending(Instant),
    /// Sent a join request; the welcome must arrive before this time.
    Joining(Subscription, Instant),
    Active(Subscription),
}

/// What the socket's task reacts to.
enum SocketEvent {
    Received(Option<Result<Message, WsError>>),
    Session(Option<Downstream>),
    JobEvent(String),
    Timer,
    Draining,
    /// What the socket was opened by has ended.
    Unauthorized,
}

/// Ends the socket with this close code and reason.
struct Closing(CloseCode, &'static str);

type Flow = Result<(), Closing>;

impl Connection {
    pub fn new(app: &App, caller: Caller, project_id: ProjectId, socket: Socket, permit: Permit) -> Self {
        let (event_sender, events) = mpsc::channel(EVENT_BUFFER);
        let now = Instant::now();
        Self {
            typing: Typing::new(app.orchestrator.input.clone(), caller.user_id, event_sender.clone()),
            sessions: app.orchestrator.sessions.clone(),
            jobs: app.jobs.clone(),
            draining: app.orchestrator.draining(),
            authority: app.tokens.ended(caller.authority).boxed(),
            _permit: permit,
            watches: Watches::new(app.jobs.clone(), caller.user_id, event_sender),
            caller,
            project_id,
            conn_id: ConnectionId(uuid::Uuid::now_v7().simple().to_string()),
            socket,
            membership: Membership::Pending(now + HELLO_TIMEOUT),
            resume: None,
            join_attempts: 0,
            events,
            place: None,
            place_at: now,
            budget: Budget::new(now),
            last_received: now,
            ping_at: now + PING_INTERVAL,
        }
    }

    /// Serves the socket until either side ends it.
    pub async fn run(mut self) {
        metrics::gauge!("engunity_sockets").increment(1.0);
        let Closing(code, reason) = loop {
            let event = self.next().await;
            if let Err(closing) = self.on_event(event).await {
                break closing;
            }
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = timeout(Duration::from_secs(1), self.socket.send(Message::Close(Some(frame)))).await;
        self.leave_session().await;
        metrics::gauge!("engunity_sockets").decrement(1.0);
    }

    async fn next(&mut self) -> SocketEvent {
        let deadline = self.next_deadline();
        let session = async {
            match &mut self.membership {
                Membership::Joining(subscription, _) | Membership::Active(subscription) => {
                    subscription.next().await
                }
                Membership::Pending(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.draining.cancelled() => SocketEvent::Draining,
            () = &mut self.authority => SocketEvent::Unauthorized,
            received = self.socket.next() => SocketEvent::Received(received),
            message = session => SocketEvent::Session(message),
            Some(event) = self.events.recv() => SocketEvent::JobEvent(event),
            () = tokio::time::sleep_until(deadline.into()) => SocketEvent::Timer,
        }
    }

    fn next_deadline(&self) -> Instant {
        let deadline = match &self.membership {
            Membership::Pending(at) | Membership::Joining(_, at) => Some(*at),
            Membership::Active(_) => self.place.as_ref().map(|_| self.place_at),
        };
        deadline.map_or(self.ping_at, |at| at.min(self.ping_at))
    }

    async fn on_event(&mut self, event: SocketEvent) -> Flow {
        match event {
            SocketEvent::Received(Some(Ok(message))) => self.on_message(message).await,
            SocketEvent::Received(Some(Err(WsError::Capacity(_)))) => {
                Err(Closing(CloseCode::Size, "too long a message"))
            }
            SocketEvent::Received(Some(Err(_)) | None) => Err(Closing(CloseCode::Normal, "")),
            SocketEvent::Session(Some(message)) => self.on_session_message(message).await,
            SocketEvent::Session(None) => {
                self.leave_session().await;
                Ok(())
            }
            SocketEvent::JobEvent(event) => self.write(Message::text(event)).await,
            SocketEvent::Timer => self.on_timer().await,
            SocketEvent::Unauthorized => Err(Closing(UNAUTHORIZED, "the session has ended: sign in again")),
            SocketEvent::Draining => {
                Err(Closing(CloseCode::Restart, "the coordinator restarts: connect again"))
            }
        }
    }

    async fn on_timer(&mut self) -> Flow {
        let now = Instant::now();
        if now >= self.ping_at {
            if now.duration_since(self.last_received) > SILENCE_TIMEOUT {
                return Err(Closing(CloseCode::Normal, "no sign of life"));
            }
            self.ping_at = now + PING_INTERVAL;
            self.write(Message::Ping(Vec::new().into())).await?;
        }
        match &self.membership {
            Membership::Pending(at) if now >= *at => self.join().await,
            Membership::Joining(_, until) if now >= *until => {
                self.leave_session().await;
                Ok(())
            }
            Membership::Active(_) => {
                self.send_place(now).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn join(&mut self) -> Flow {
        self.join_attempts += 1;
        if self.join_attempts > MAX_JOIN_ATTEMPTS {
            return Err(Closing(CloseCode::Again, "the session can't be reached: connect again later"));
        }
        let joining = Joining {
            conn_id: self.conn_id.clone(),
            user_id: self.caller.user_id,
            name: self.caller.name.to_string(),
            resume: self.resume.clone(),
        };
        self.membership = match self.sessions.join(self.project_id, joining).await {
            Ok(subscription) => Membership::Joining(subscription, Instant::now() + WELCOME_TIMEOUT),
            Err(StoreError::Gone { .. }) => return Err(Closing(CloseCode::Away, "the project was deleted")),
            Err(error) => {
                tracing::debug!(%error, "a connection could not join its session yet");
                Membership::Pending(Instant::now() + REJOIN_PAUSE * 3)
            }
        };
        Ok(())
    }

    /// Leaves the session and schedules the next join.
    async fn leave_session(&mut self) {
        let membership =
            std::mem::replace(&mut self.membership, Membership::Pending(Instant::now() + REJOIN_PAUSE));
        if let Membership::Joining(subscription, _) | Membership::Active(subscription) = membership {
            self.sessions.leave(subscription, self.project_id, &self.conn_id).await;
        }
    }

    async fn on_session_message(&mut self, message: Downstream) -> Flow {
        match message {
            Downstream::Welcome(welcome) => self.on_welcome(*welcome).await,
            Downstream::Text(text) => self.on_text(text).await,
            Downstream::Refused => Err(Closing(CloseCode::Again, "too many connections of this project")),
        }
    }

    async fn on_welcome(&mut self, welcome: Welcome) -> Flow {
        let Welcome { epoch, seq, presence, snapshot, missed } = welcome;
        self.resume = Some(Resume { epoch: epoch.clone(), last_seq: seq });
        self.join_attempts = 0;
        let now = Membership::Pending(Instant::now());
        self.membership = match std::mem::replace(&mut self.membership, now) {
            Membership::Joining(subscription, _) | Membership::Active(subscription) => {
                Membership::Active(subscription)
            }
            waiting => waiting,
        };
        // Read after joining: later changes follow as messages.
        let jobs = recent_jobs(&self.jobs, self.caller.user_id, self.project_id).await;
        let conn_id = self.conn_id.clone();
        self.write_message(&ServerMessage::Welcome { epoch, seq, conn_id, presence, snapshot, jobs }).await?;
        for text in missed {
            self.write(Message::text(text.json.as_ref())).await?;
        }
        Ok(())
    }

    async fn on_text(&mut self, text: Text) -> Flow {
        let (Membership::Active(_), Some(resume)) = (&self.membership, &mut self.resume) else {
            return Ok(());
        };
        if text.seq <= resume.last_seq {
            return Ok(());
        }
        if text.seq > resume.last_seq + 1 {
            // A message between coordinators was lost: rejoining replays it.
            self.leave_session().await;
            return Ok(());
        }
        resume.last_seq = text.seq;
        self.write(Message::text(text.json.as_ref())).await
    }

    async fn on_message(&mut self, message: Message) -> Flow {
        self.last_received = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(Closing(CloseCode::Normal, "")),
            Message::Binary(_) => {
                return Err(Closing(CloseCode::Unsupported, "binary frames have no meaning here yet"));
            }
            _ => return Ok(()),
        };
        if !self.budget.take(self.last_received) {
            return Err(Closing(CloseCode::Policy, "too many messages"));
        }
        match serde_json::from_str(&text) {
            Ok(message) => self.handle(message).await,
            Err(error) => self.refuse(ErrorCode::InvalidInput, error.to_string()).await,
        }
    }

    async fn handle(&mut self, message: ClientMessage) -> Flow {
        match message {
            ClientMessage::Hello { last_seq, epoch } => {
                self.leave_session().await;
                self.resume = epoch.zip(last_seq).map(|(epoch, last_seq)| Resume { epoch, last_seq });
                self.join().await
            }
            ClientMessage::Presence { place } => {
                self.place = Some(place);
                self.send_place(self.last_received).await;
                Ok(())
            }
            ClientMessage::Watch { job_id, after, tail } => {
                match self.watches.start(job_id, after.unwrap_or(0), tail) {
                    Ok(()) => Ok(()),
                    Err(TooManyWatches) => {
                        self.refuse(ErrorCode::QuotaExceeded, TooManyWatches.to_string()).await
                    }
                }
            }
            ClientMessage::Unwatch { job_id } => {
                self.watches.stop(job_id);
                Ok(())
            }
            ClientMessage::RunInput { job_id, data, encoding, source, offset, end } => {
                let input = InputRequest { data, encoding, source, offset, end, terminal: None };
                self.type_in(job_id, input).await
            }
            ClientMessage::RunResize { job_id, rows, cols } => {
                let terminal = Some(TerminalSize { rows, cols });
                self.type_in(job_id, InputRequest { terminal, ..InputRequest::default() }).await
            }
            ClientMessage::Ping { t } => self.write_message(&ServerMessage::Pong { t }).await,
        }
    }

    async fn send_place(&mut self, now: Instant) {
        if now < self.place_at {
            return;
        }
        if let (Membership::Active(subscription), Some(place)) = (&self.membership, self.place.take()) {
            self.place_at = now + PLACE_MIN_INTERVAL;
            self.sessions.place(subscription, self.project_id, &self.conn_id, place).await;
        }
    }

    async fn type_in(&mut self, job_id: JobId, input: InputRequest) -> Flow {
        match self.typing.push(job_id, input) {
            Some(refusal) => self.write_message(&refusal).await,
            None => Ok(()),
        }
    }

    async fn refuse(&mut self, code: ErrorCode, detail: String) -> Flow {
        self.write_message(&ServerMessage::Error { code, detail }).await
    }

    async fn write_message(&mut self, message: &ServerMessage) -> Flow {
        self.write(Message::text(to_json(message))).await
    }

    async fn write(&mut self, message: Message) -> Flow {
        match timeout(WRITE_TIMEOUT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Closing(CloseCode::Normal, "")),
            Err(_) => Err(Closing(CloseCode::Policy, "too slow a reader")),
        }
    }
}

/// Active and recent jobs of a project.
async fn recent_jobs(jobs: &Jobs, user_id: UserId, project_id: ProjectId) -> Vec<Job> {
    let filter = JobFilter { project_id: Some(project_id), limit: RECENT_JOBS, ..JobFilter::default() };
    let read = async {
        let mut recent = jobs.list(user_id, &filter).await?;
        recent.truncate(RECENT_JOBS as usize);
        jobs.fill_waiting(user_id, &mut recent).await?;
        Ok::<_, StoreError>(recent)
    };
    read.await.unwrap_or_else(|error| {
        tracing::debug!(%error, "a welcome goes without its jobs");
        Vec::new()
    })
}
