//! One session socket: carries its client's words to the session and the session's to the client, and streams the
//! events of jobs that the client watches straight from the reader, never through a mailbox.
//!
//! All in one task. A client that does not read makes its writes wait; then its outbox fills, the session lets it go,
//! and the socket is closed: it comes back and resumes. When a session moves to another coordinator the connection joins
//! it there, and the client sees a new `welcome`.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_protocol::{
    JobId, ProjectId, UserId,
    job::Job,
    problem::ErrorCode,
    session::{ClientMessage, ConnectionId, Place, ServerMessage},
};
use engunity_store::{JobFilter, StoreError};
use futures::{SinkExt, StreamExt};
use tokio::{sync::mpsc, task::AbortHandle, time::timeout};
use tokio_tungstenite::tungstenite::{
    Error as WsError, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{budget::Budget, handshake::Socket};
use crate::{
    auth::tokens::Caller,
    jobs::event_reader::JobReader,
    orchestrator::Engine,
    session::{
        Membership,
        core::{Resume, Welcome},
        message::{Downstream, Joining, Text, to_json},
    },
};

/// How long a client may take to say hello before it is taken as new.
const HELLO: Duration = Duration::from_secs(1);
/// How long a session may take to welcome.
const WELCOME: Duration = Duration::from_secs(5);
/// Pause before joining again.
const REJOIN: Duration = Duration::from_millis(300);
/// Joins without a welcome in between, after which the client is sent away.
const TRIES: u32 = 20;
/// A write that takes longer is to a client that does not read.
const WRITE: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(25);
/// Without a sign of life (we ping) the client has gone.
const SILENCE: Duration = Duration::from_secs(80);
/// Places of a cursor are told at most this often.
const PLACE_PAUSE: Duration = Duration::from_millis(80);
/// Jobs that one socket may watch.
const WATCHES: usize = 32;
/// Events that may wait for the socket.
const WATCHED: usize = 16;
/// Jobs in a welcome.
const RECENT_JOBS: u64 = 50;

pub struct Connection {
    engine: Arc<Engine>,
    caller: Caller,
    project_id: ProjectId,
    conn_id: ConnectionId,
    socket: Socket,
    seat: Seat,
    resume: Option<Resume>,
    tries: u32,
    watches: HashMap<JobId, AbortHandle>,
    watched: mpsc::Receiver<String>,
    watching: mpsc::Sender<String>,
    place: Option<Place>,
    place_at: Instant,
    budget: Budget,
    heard: Instant,
    ping_at: Instant,
}

/// Where the connection stands with its session.
enum Seat {
    /// Joins at this time.
    Waiting(Instant),
    /// Joined; the welcome must come before this time.
    Joined(Membership, Instant),
    Welcomed(Membership),
}

/// What happened next.
enum Happening {
    Said(Option<Result<Message, WsError>>),
    Down(Option<Downstream>),
    Watched(String),
    Clock,
    Draining,
}

/// The socket is to end, with this code.
struct Closing(CloseCode, &'static str);

type Flow = Result<(), Closing>;

impl Connection {
    pub fn new(engine: Arc<Engine>, caller: Caller, project_id: ProjectId, socket: Socket) -> Self {
        let (watching, watched) = mpsc::channel(WATCHED);
        let now = Instant::now();
        Self {
            engine,
            caller,
            project_id,
            conn_id: uuid::Uuid::now_v7().simple().to_string(),
            socket,
            seat: Seat::Waiting(now + HELLO),
            resume: None,
            tries: 0,
            watches: HashMap::new(),
            watched,
            watching,
            place: None,
            place_at: now,
            budget: Budget::new(now),
            heard: now,
            ping_at: now + PING,
        }
    }

    /// Serves the socket until either side ends it.
    pub async fn run(mut self) {
        metrics::gauge!("engunity_sockets").increment(1.0);
        let Closing(code, reason) = loop {
            let happening = self.next().await;
            if let Err(closing) = self.take_in(happening).await {
                break closing;
            }
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = timeout(Duration::from_secs(1), self.socket.send(Message::Close(Some(frame)))).await;
        self.unseat().await;
        self.watches.values().for_each(AbortHandle::abort);
        metrics::gauge!("engunity_sockets").decrement(1.0);
    }

    async fn next(&mut self) -> Happening {
        let clock = self.next_clock();
        let down = async {
            match &mut self.seat {
                Seat::Joined(membership, _) | Seat::Welcomed(membership) => membership.down.recv().await,
                Seat::Waiting(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.engine.draining.cancelled() => Happening::Draining,
            said = self.socket.next() => Happening::Said(said),
            message = down => Happening::Down(message),
            Some(event) = self.watched.recv() => Happening::Watched(event),
            () = tokio::time::sleep_until(clock.into()) => Happening::Clock,
        }
    }

    fn next_clock(&self) -> Instant {
        let seat = match &self.seat {
            Seat::Waiting(at) | Seat::Joined(_, at) => Some(*at),
            Seat::Welcomed(_) => self.place.as_ref().map(|_| self.place_at),
        };
        seat.map_or(self.ping_at, |at| at.min(self.ping_at))
    }

    async fn take_in(&mut self, happening: Happening) -> Flow {
        match happening {
            Happening::Said(Some(Ok(message))) => self.said(message).await,
            Happening::Said(Some(Err(WsError::Capacity(_)))) => {
                Err(Closing(CloseCode::Size, "too long a message"))
            }
            Happening::Said(Some(Err(_)) | None) => Err(Closing(CloseCode::Normal, "")),
            Happening::Down(Some(message)) => self.down(message).await,
            Happening::Down(None) => {
                self.unseat().await;
                Ok(())
            }
            Happening::Watched(event) => self.write(Message::text(event)).await,
            Happening::Clock => self.clock().await,
            Happening::Draining => {
                Err(Closing(CloseCode::Restart, "the coordinator restarts: connect again"))
            }
        }
    }

    async fn clock(&mut self) -> Flow {
        let now = Instant::now();
        if now >= self.ping_at {
            if now.duration_since(self.heard) > SILENCE {
                return Err(Closing(CloseCode::Normal, "no sign of life"));
            }
            self.ping_at = now + PING;
            self.write(Message::Ping(Vec::new().into())).await?;
        }
        match &self.seat {
            Seat::Waiting(at) if now >= *at => self.join().await,
            Seat::Joined(_, until) if now >= *until => {
                self.unseat().await;
                Ok(())
            }
            Seat::Welcomed(_) => {
                self.tell_place(now).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn join(&mut self) -> Flow {
        self.tries += 1;
        if self.tries > TRIES {
            return Err(Closing(CloseCode::Again, "the session can't be reached: connect again later"));
        }
        let joining = Joining {
            conn_id: self.conn_id.clone(),
            user_id: self.caller.user_id,
            name: self.caller.name.to_string(),
            resume: self.resume.clone(),
        };
        self.seat = match self.engine.sessions.join(self.project_id, joining).await {
            Ok(membership) => Seat::Joined(membership, Instant::now() + WELCOME),
            Err(StoreError::Gone(_)) => return Err(Closing(CloseCode::Away, "the project was deleted")),
            Err(error) => {
                tracing::debug!(%error, "a connection could not join its session yet");
                Seat::Waiting(Instant::now() + REJOIN * 3)
            }
        };
        Ok(())
    }

    /// Leaves the session, to join it again a little later.
    async fn unseat(&mut self) {
        let seat = std::mem::replace(&mut self.seat, Seat::Waiting(Instant::now() + REJOIN));
        if let Seat::Joined(membership, _) | Seat::Welcomed(membership) = seat {
            self.engine.sessions.leave(membership, self.project_id, &self.conn_id).await;
        }
    }

    async fn down(&mut self, message: Downstream) -> Flow {
        match message {
            Downstream::Welcome(welcome) => self.welcome(*welcome).await,
            Downstream::Text(text) => self.text(text).await,
            Downstream::Refused => Err(Closing(CloseCode::Again, "too many connections of this project")),
        }
    }

    async fn welcome(&mut self, welcome: Welcome) -> Flow {
        let Welcome { epoch, seq, presence, snapshot, missed } = welcome;
        self.resume = Some(Resume { epoch: epoch.clone(), last_seq: seq });
        self.tries = 0;
        let now = Seat::Waiting(Instant::now());
        self.seat = match std::mem::replace(&mut self.seat, now) {
            Seat::Joined(membership, _) | Seat::Welcomed(membership) => Seat::Welcomed(membership),
            waiting => waiting,
        };
        // Read after joining: what changes from here on follows as messages.
        let jobs = recent_jobs(self.engine.clone(), self.caller.user_id, self.project_id).await;
        let conn_id = self.conn_id.clone();
        self.write_message(&ServerMessage::Welcome { epoch, seq, conn_id, presence, snapshot, jobs }).await?;
        for text in missed {
            self.write(Message::text(text.json.as_ref())).await?;
        }
        Ok(())
    }

    async fn text(&mut self, text: Text) -> Flow {
        let (Seat::Welcomed(_), Some(resume)) = (&self.seat, &mut self.resume) else { return Ok(()) };
        if text.seq <= resume.last_seq {
            return Ok(());
        }
        if text.seq > resume.last_seq + 1 {
            // Something was lost between coordinators: joining again brings it.
            self.unseat().await;
            return Ok(());
        }
        resume.last_seq = text.seq;
        self.write(Message::text(text.json.as_ref())).await
    }

    async fn said(&mut self, message: Message) -> Flow {
        self.heard = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(Closing(CloseCode::Normal, "")),
            Message::Binary(_) => {
                return Err(Closing(CloseCode::Unsupported, "binary frames have no meaning here yet"));
            }
            _ => return Ok(()),
        };
        if !self.budget.take(self.heard) {
            return Err(Closing(CloseCode::Policy, "too many messages"));
        }
        match serde_json::from_str(&text) {
            Ok(message) => self.obey(message).await,
            Err(error) => self.refuse(ErrorCode::InvalidInput, error.to_string()).await,
        }
    }

    async fn obey(&mut self, message: ClientMessage) -> Flow {
        match message {
            ClientMessage::Hello { last_seq, epoch } => {
                self.unseat().await;
                self.resume = epoch.zip(last_seq).map(|(epoch, last_seq)| Resume { epoch, last_seq });
                self.join().await
            }
            ClientMessage::Presence { place } => {
                self.place = Some(place);
                self.tell_place(self.heard).await;
                Ok(())
            }
            ClientMessage::Watch { job_id, after, tail } => {
                self.watch(job_id, after.unwrap_or(0), tail).await
            }
            ClientMessage::Unwatch { job_id } => {
                if let Some(watch) = self.watches.remove(&job_id) {
                    watch.abort();
                }
                Ok(())
            }
            ClientMessage::Ping { t } => self.write_message(&ServerMessage::Pong { t }).await,
        }
    }

    async fn tell_place(&mut self, now: Instant) {
        if now < self.place_at {
            return;
        }
        if let (Seat::Welcomed(membership), Some(place)) = (&self.seat, self.place.take()) {
            self.place_at = now + PLACE_PAUSE;
            self.engine.sessions.place(membership, self.project_id, &self.conn_id, place).await;
        }
    }

    async fn watch(&mut self, job_id: JobId, after: i64, tail: Option<u64>) -> Flow {
        self.watches.retain(|_, watch| !watch.is_finished());
        if self.watches.len() >= WATCHES && !self.watches.contains_key(&job_id) {
            return self
                .refuse(ErrorCode::QuotaExceeded, format!("at most {WATCHES} jobs can be watched at once"))
                .await;
        }
        let (engine, user_id, out) = (self.engine.clone(), self.caller.user_id, self.watching.clone());
        let task = tokio::spawn(async move {
            match open(&engine, user_id, job_id, after, tail).await {
                Ok(reader) => stream(reader, job_id, &out).await,
                Err(refusal) => drop(out.send(to_json(&refusal)).await),
            }
        });
        if let Some(before) = self.watches.insert(job_id, task.abort_handle()) {
            before.abort();
        }
        Ok(())
    }

    async fn refuse(&mut self, code: ErrorCode, detail: String) -> Flow {
        self.write_message(&ServerMessage::Error { code, detail }).await
    }

    async fn write_message(&mut self, message: &ServerMessage) -> Flow {
        self.write(Message::text(to_json(message))).await
    }

    async fn write(&mut self, message: Message) -> Flow {
        match timeout(WRITE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Closing(CloseCode::Normal, "")),
            Err(_) => Err(Closing(CloseCode::Policy, "too slow a reader")),
        }
    }
}

/// Active and recent jobs of a project.
async fn recent_jobs(engine: Arc<Engine>, user_id: UserId, project_id: ProjectId) -> Vec<Job> {
    let filter = JobFilter { project_id: Some(project_id), limit: RECENT_JOBS, ..JobFilter::default() };
    let read = async {
        let mut jobs = engine.store.jobs(user_id, &filter).await?;
        jobs.truncate(RECENT_JOBS as usize);
        engine.store.fill_waiting(user_id, &mut jobs).await?;
        Ok::<_, StoreError>(jobs)
    };
    read.await.unwrap_or_else(|error| {
        tracing::debug!(%error, "a welcome goes without its jobs");
        Vec::new()
    })
}

/// A reader of a user's job, or what to answer instead.
async fn open(
    engine: &Engine,
    user_id: UserId,
    job_id: JobId,
    after: i64,
    tail: Option<u64>,
) -> Result<JobReader, ServerMessage> {
    let refusal = |code, why| ServerMessage::Error { code, detail: format!("job {job_id} {why}") };
    let read = async {
        let mut reader = JobReader::open(&engine.store, &engine.live, user_id, job_id, after).await?;
        if let (Some(reader), Some(bytes)) = (&mut reader, tail) {
            reader.skip_to_tail(bytes).await?;
        }
        Ok::<_, StoreError>(reader)
    };
    match read.await {
        Ok(Some(reader)) => Ok(reader),
        Ok(None) => Err(refusal(ErrorCode::NotFound, "does not exist")),
        Err(_) => Err(refusal(ErrorCode::Unavailable, "can't be read now")),
    }
}

/// Sends a job's events; ends after its result.
async fn stream(mut reader: JobReader, job_id: JobId, out: &mpsc::Sender<String>) {
    loop {
        let events = reader.next().await;
        if events.is_empty() {
            return;
        }
        for (id, event) in events {
            if out.send(to_json(&ServerMessage::Event { job_id, id, event })).await.is_err() {
                return;
            }
        }
    }
}
