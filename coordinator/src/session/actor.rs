//! The actor of one project's session: runs what [`SessionCore`] decides. Its mailbox is unbounded by nature, so
//! nothing enters without a permit; a notification that finds none is marked as lost, which the core then broadcasts.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use engunity_broker::{Publisher, Route};
use engunity_protocol::{ConnectionId, CoordinatorId, ProjectId, wire};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{
    core::{Effect, Input, Millis, SessionCore},
    message::{Downstream, Joining, Relay},
    supervisor::SupervisorMessage,
};

/// Messages that may wait in a session's mailbox.
const MAILBOX: usize = 512;

pub enum SessionMessage {
    Join { joining: Joining, outlet: Outlet },
    Input(Input),
}

/// A message and its right to be in the mailbox.
pub struct Admitted {
    message: SessionMessage,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Where a member's messages go.
#[derive(Debug, Clone)]
pub enum Outlet {
    Local(mpsc::Sender<Downstream>),
    Remote(CoordinatorId),
}

/// A cheap handle: clone it freely.
#[derive(Clone)]
pub struct SessionHandle {
    actor: ActorRef<Admitted>,
    permits: Arc<Semaphore>,
    lost: Arc<AtomicBool>,
}

impl SessionHandle {
    pub(super) fn new(actor: ActorRef<Admitted>, lost: Arc<AtomicBool>) -> Self {
        Self { actor, permits: Arc::new(Semaphore::new(MAILBOX)), lost }
    }

    pub(super) fn id(&self) -> ActorId {
        self.actor.get_id()
    }

    pub(super) fn stop(&self) {
        self.actor.stop(None);
    }

    /// Hands a message in; false if the session has ended or its mailbox is full.
    pub fn send(&self, message: SessionMessage) -> bool {
        let Ok(permit) = self.permits.clone().try_acquire_owned() else { return false };
        self.actor.cast(Admitted { message, _permit: Some(permit) }).is_ok()
    }

    /// Hands a notification in; when the mailbox is full, members will be notified that some were lost.
    pub fn notify(&self, input: Input) {
        if !self.send(SessionMessage::Input(input)) {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// A tick needs no permit: it also delivers the mark that notifications were lost.
    pub(super) fn tick(&self) {
        let _ = self.actor.cast(Admitted { message: SessionMessage::Input(Input::Tick), _permit: None });
    }
}

pub struct SessionActor;

pub struct Arguments {
    pub project_id: ProjectId,
    pub supervisor: ActorRef<SupervisorMessage>,
    pub publisher: Publisher,
    pub lost: Arc<AtomicBool>,
}

pub struct SessionState {
    context: Arguments,
    core: SessionCore,
    outlets: HashMap<ConnectionId, Outlet>,
    started: Instant,
}

impl Actor for SessionActor {
    type Msg = Admitted;
    type State = SessionState;
    type Arguments = Arguments;

    async fn pre_start(
        &self,
        _: ActorRef<Admitted>,
        context: Arguments,
    ) -> Result<SessionState, ActorProcessingErr> {
        let epoch = uuid::Uuid::now_v7().simple().to_string();
        Ok(SessionState {
            context,
            core: SessionCore::new(epoch, 0),
            outlets: HashMap::new(),
            started: Instant::now(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Admitted>,
        admitted: Admitted,
        state: &mut SessionState,
    ) -> Result<(), ActorProcessingErr> {
        if state.context.lost.swap(false, Ordering::Relaxed) {
            state.apply(Input::Lost, &myself).await;
        }
        match admitted.message {
            SessionMessage::Join { joining, outlet } => state.join(joining, outlet, &myself).await,
            SessionMessage::Input(input) => state.apply(input, &myself).await,
        }
        Ok(())
    }
}

impl SessionState {
    fn now(&self) -> Millis {
        self.started.elapsed().as_millis() as Millis
    }

    async fn join(&mut self, joining: Joining, outlet: Outlet, myself: &ActorRef<Admitted>) {
        let Joining { conn_id, user_id, name, resume } = joining;
        let remote = matches!(outlet, Outlet::Remote(_));
        self.outlets.insert(conn_id.clone(), outlet);
        self.apply(Input::Join { conn_id, user_id, name, remote, resume }, myself).await;
    }

    /// Applies an input and what follows from it: a member that can't keep up leaves.
    async fn apply(&mut self, input: Input, myself: &ActorRef<Admitted>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = self.now();
            for effect in self.core.apply(input, now) {
                let dropped = self.run(effect, myself).await;
                inputs.extend(dropped.into_iter().map(|conn_id| Input::Leave { conn_id }));
            }
        }
    }

    /// Runs an effect; returns members that could not be reached.
    async fn run(&mut self, effect: Effect, myself: &ActorRef<Admitted>) -> Vec<ConnectionId> {
        match effect {
            Effect::Welcome { to, welcome } => {
                self.send(vec![to], Downstream::Welcome(Box::new(welcome))).await
            }
            Effect::Broadcast(text) => {
                self.send(self.outlets.keys().cloned().collect(), Downstream::Text(text)).await
            }
            Effect::Refuse { conn_id } => {
                self.send(vec![conn_id.clone()], Downstream::Refused).await;
                self.outlets.remove(&conn_id);
                Vec::new()
            }
            Effect::Drop { conn_id } => {
                if let Some(Outlet::Remote(holder)) = self.outlets.remove(&conn_id) {
                    self.relay(&holder, &Relay::Gone { conns: vec![conn_id] }).await;
                }
                Vec::new()
            }
            Effect::Passivate => {
                let ended = SupervisorMessage::Passivate {
                    project_id: self.context.project_id,
                    actor: myself.get_id(),
                };
                let _ = self.context.supervisor.cast(ended);
                Vec::new()
            }
        }
    }

    async fn send(&mut self, to: Vec<ConnectionId>, message: Downstream) -> Vec<ConnectionId> {
        let mut unreachable = Vec::new();
        let mut elsewhere: HashMap<CoordinatorId, Vec<ConnectionId>> = HashMap::new();
        for conn_id in to {
            match self.outlets.get(&conn_id) {
                Some(Outlet::Local(outlet)) if outlet.try_send(message.clone()).is_err() => {
                    unreachable.push(conn_id)
                }
                Some(Outlet::Remote(holder)) => elsewhere.entry(holder.clone()).or_default().push(conn_id),
                _ => {}
            }
        }
        for (holder, to) in elsewhere {
            self.relay(&holder, &Relay::Down { to, message: message.clone() }).await;
        }
        unreachable
    }

    async fn relay(&self, holder: &CoordinatorId, message: &Relay) {
        if let Ok(body) = wire::encode(message) {
            self.context.publisher.notify(Route::coordinator(holder), &body).await;
        }
    }
}
