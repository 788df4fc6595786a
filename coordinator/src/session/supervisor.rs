//! Gets or starts the actor of a project, one at a time, so that a project never has two; owns the leases in the
//! database that keep it so between coordinators. An actor that fails is forgotten: its members attach again.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use engunity_protocol::{CoordinatorId, ProjectId};
use engunity_store::StoreError;
use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SpawnErr, SupervisionEvent,
    rpc::CallResult,
};

use super::{
    Sessions,
    actor::{Arguments, SessionActor, SessionHandle},
};

const ATTACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a project's session runs.
#[derive(Clone)]
pub enum Attached {
    Local(SessionHandle),
    Remote(CoordinatorId),
}

pub enum SupervisorMessage {
    Attach {
        project_id: ProjectId,
        reply: RpcReplyPort<Result<Attached, StoreError>>,
    },
    /// The session has been empty for a while.
    Passivate {
        project_id: ProjectId,
        actor: ActorId,
    },
    /// This coordinator's lease had expired: check which sessions it still owns.
    Verify,
    /// The coordinator stops.
    StopAll,
}

/// A cheap handle: clone it freely.
#[derive(Clone)]
pub struct SupervisorHandle(ActorRef<SupervisorMessage>);

impl SupervisorHandle {
    /// Gets or starts the project's session, or returns the coordinator that runs it.
    pub async fn attach(&self, project_id: ProjectId) -> Result<Attached, StoreError> {
        let call =
            self.0.call(|reply| SupervisorMessage::Attach { project_id, reply }, Some(ATTACH_TIMEOUT)).await;
        match call {
            Ok(CallResult::Success(attached)) => attached,
            _ => Err(StoreError::unavailable("the session could not be started in time")),
        }
    }

    pub fn verify(&self) {
        let _ = self.0.cast(SupervisorMessage::Verify);
    }

    pub fn stop_all(&self) {
        let _ = self.0.cast(SupervisorMessage::StopAll);
    }
}

/// Starts the supervisor under `parent`; sessions of an earlier one have ended with it.
pub async fn start(sessions: &Arc<Sessions>, parent: ActorCell) -> Result<ActorId, SpawnErr> {
    sessions.registry().clear();
    let (supervisor, _) = Actor::spawn_linked(None, SessionSupervisor, sessions.clone(), parent).await?;
    let id = supervisor.get_id();
    sessions.set_supervisor(SupervisorHandle(supervisor));
    Ok(id)
}

struct SessionSupervisor;

struct SupervisorState {
    sessions: Arc<Sessions>,
    projects: HashMap<ActorId, ProjectId>,
}

impl Actor for SessionSupervisor {
    type Msg = SupervisorMessage;
    type State = SupervisorState;
    type Arguments = Arc<Sessions>;

    async fn pre_start(
        &self,
        _: ActorRef<SupervisorMessage>,
        sessions: Arc<Sessions>,
    ) -> Result<SupervisorState, ActorProcessingErr> {
        Ok(SupervisorState { sessions, projects: HashMap::new() })
    }

    async fn handle(
        &self,
        myself: ActorRef<SupervisorMessage>,
        message: SupervisorMessage,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SupervisorMessage::Attach { project_id, reply } => {
                let attached = state.attach(project_id, myself).await;
                // The caller may have given up.
                let _ = reply.send(attached);
            }
            SupervisorMessage::Passivate { project_id, actor } => state.passivate(project_id, actor).await,
            SupervisorMessage::Verify => state.verify().await,
            SupervisorMessage::StopAll => {
                state.sessions.registry().drain().for_each(|(_, session)| session.stop())
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<SupervisorMessage>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, error) = &event {
            tracing::error!(actor = %who.get_id(), %error, "a session failed; its members attach again");
        }
        if let SupervisionEvent::ActorFailed(who, _) | SupervisionEvent::ActorTerminated(who, ..) = event {
            state.forget(who.get_id());
        }
        Ok(())
    }
}

impl SupervisorState {
    async fn attach(
        &mut self,
        project_id: ProjectId,
        myself: ActorRef<SupervisorMessage>,
    ) -> Result<Attached, StoreError> {
        if let Some(session) = self.sessions.local(project_id) {
            return Ok(Attached::Local(session));
        }
        let owner = self.sessions.store.own_session(project_id, &self.sessions.id).await?;
        if owner != self.sessions.id {
            return Ok(Attached::Remote(owner));
        }
        let session = self.start(project_id, myself).await;
        session
            .map(Attached::Local)
            .map_err(|error| StoreError::unavailable(format!("the session could not be started: {error}")))
    }

    async fn start(
        &mut self,
        project_id: ProjectId,
        myself: ActorRef<SupervisorMessage>,
    ) -> Result<SessionHandle, SpawnErr> {
        let lost = Arc::new(AtomicBool::new(false));
        let (publisher, parent) = (self.sessions.publisher.clone(), myself.get_cell());
        let arguments = Arguments { project_id, supervisor: myself, publisher, lost: lost.clone() };
        let (actor, _) = Actor::spawn_linked(None, SessionActor, arguments, parent).await?;
        self.projects.insert(actor.get_id(), project_id);
        let session = SessionHandle::new(actor, lost);
        self.sessions.registry().insert(project_id, session.clone());
        Ok(session)
    }

    async fn passivate(&mut self, project_id: ProjectId, actor: ActorId) {
        let session = self.sessions.local(project_id).filter(|session| session.id() == actor);
        let Some(session) = session else { return };
        self.sessions.registry().remove(&project_id);
        session.stop();
        if let Err(error) = self.sessions.store.disown_session(project_id, &self.sessions.id).await {
            tracing::debug!(%error, %project_id, "could not release a session; it ends with the lease");
        }
    }

    /// Ends sessions that another coordinator took over while this one's lease had expired.
    async fn verify(&mut self) {
        let projects: Vec<ProjectId> = self.sessions.registry().keys().copied().collect();
        for project_id in projects {
            let owner = self.sessions.store.own_session(project_id, &self.sessions.id).await;
            if matches!(owner, Ok(owner) if owner == self.sessions.id) {
                continue;
            }
            if let Some(session) = self.sessions.registry().remove(&project_id) {
                session.stop();
            }
        }
    }

    fn forget(&mut self, actor: ActorId) {
        let Some(project_id) = self.projects.remove(&actor) else { return };
        let mut registry = self.sessions.registry();
        if registry.get(&project_id).is_some_and(|session| session.id() == actor) {
            registry.remove(&project_id);
        }
    }
}
