//! Sessions: one for each open project, on whichever coordinator its members are connected.
//!
//! A session is an actor on one coordinator, the one that owns the project in the database's `sessions` table for as
//! long as its own lease lasts. A socket that lands on another coordinator takes part through the `coordinators`
//! exchange. A session's state is live only: when its owner dies, its members attach again, the next owner starts anew with
//! a new epoch, and clients get a snapshot.

pub mod actor;
pub mod core;
#[cfg(test)]
mod golden_tests;
pub mod message;
mod notifications;
mod relay;
pub mod supervisor;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use engunity_broker::{Publisher, Route};
use engunity_protocol::{ConnectionId, CoordinatorId, JobId, ProjectId, session::Place, wire};
use engunity_store::{COORDINATOR_LEASE_SECONDS, Store, StoreError};
use tokio::sync::mpsc;

use self::{
    actor::{Outlet, SessionHandle, SessionMessage},
    core::Input,
    message::{Downstream, Joining, Relay},
    supervisor::{Attached, SupervisorHandle},
};

/// Messages that may wait for one connection; a connection that can't keep up is closed.
const OUTBOX: usize = 256;
/// Changed jobs that may wait to be read.
const JOB_CHANGES: usize = 8192;
/// Every which tick of the lease sessions get theirs.
const SESSION_TICKS: u64 = 5;

pub struct Sessions {
    id: CoordinatorId,
    store: Store,
    publisher: Publisher,
    supervisor: RwLock<Option<SupervisorHandle>>,
    registry: Mutex<HashMap<ProjectId, SessionHandle>>,
    /// Local connections whose session runs on another coordinator.
    remote_members: Mutex<HashMap<ConnectionId, RemoteMember>>,
    changed_jobs: mpsc::Sender<(ProjectId, JobId)>,
    waiting_jobs: tokio::sync::Mutex<mpsc::Receiver<(ProjectId, JobId)>>,
    ticks: AtomicU64,
    renewed: Mutex<Instant>,
}

struct RemoteMember {
    project_id: ProjectId,
    owner: CoordinatorId,
    down: mpsc::Sender<Downstream>,
}

/// A connection's place in a session. When `messages` ends, the connection must join again.
pub struct Subscription {
    messages: mpsc::Receiver<Downstream>,
    link: Link,
}

impl Subscription {
    /// The next message; `None` when the connection must join again. Safe to cancel.
    pub async fn next(&mut self) -> Option<Downstream> {
        self.messages.recv().await
    }
}

enum Link {
    Local(SessionHandle),
    Remote(CoordinatorId),
}

impl Sessions {
    pub fn new(id: CoordinatorId, store: Store, publisher: Publisher) -> Arc<Self> {
        let (changed_jobs, waiting_jobs) = mpsc::channel(JOB_CHANGES);
        Arc::new(Self {
            id,
            store,
            publisher,
            supervisor: RwLock::default(),
            registry: Mutex::default(),
            remote_members: Mutex::default(),
            changed_jobs,
            waiting_jobs: tokio::sync::Mutex::new(waiting_jobs),
            ticks: AtomicU64::new(0),
            renewed: Mutex::new(Instant::now()),
        })
    }

    /// Joins a connection to its project's session, starting it if need be. A `welcome` follows on `messages`.
    pub async fn join(&self, project_id: ProjectId, joining: Joining) -> Result<Subscription, StoreError> {
        let (outlet, messages) = mpsc::channel(OUTBOX);
        let link = match self.attach(project_id).await? {
            Attached::Local(session) => {
                session.send(SessionMessage::Join { joining, outlet: Outlet::Local(outlet) });
                Link::Local(session)
            }
            Attached::Remote(owner) => {
                let member = RemoteMember { project_id, owner: owner.clone(), down: outlet };
                lock(&self.remote_members).insert(joining.conn_id.clone(), member);
                self.relay(&owner, &Relay::Join { project_id, holder: self.id.clone(), joining }).await;
                Link::Remote(owner)
            }
        };
        Ok(Subscription { messages, link })
    }

    /// Updates a member's position.
    pub async fn place(
        &self,
        subscription: &Subscription,
        project_id: ProjectId,
        conn_id: &ConnectionId,
        place: Place,
    ) {
        let conn_id = conn_id.clone();
        match &subscription.link {
            Link::Local(session) => {
                session.send(SessionMessage::Input(Input::Place { conn_id, place }));
            }
            Link::Remote(owner) => self.relay(owner, &Relay::Place { project_id, conn_id, place }).await,
        }
    }

    /// Ends a connection's membership.
    pub async fn leave(&self, subscription: Subscription, project_id: ProjectId, conn_id: &ConnectionId) {
        let conn_id = conn_id.clone();
        match subscription.link {
            Link::Local(session) => {
                session.send(SessionMessage::Input(Input::Leave { conn_id }));
            }
            Link::Remote(owner) => {
                lock(&self.remote_members).remove(&conn_id);
                self.relay(&owner, &Relay::Leave { project_id, conn_id }).await;
            }
        }
    }

    async fn attach(&self, project_id: ProjectId) -> Result<Attached, StoreError> {
        if let Some(session) = self.local(project_id) {
            return Ok(Attached::Local(session));
        }
        let supervisor = self.supervisor.read().unwrap_or_else(PoisonError::into_inner).clone();
        let missing = || StoreError::unavailable("sessions are not running yet");
        supervisor.ok_or_else(missing)?.attach(project_id).await
    }

    /// The number of local sessions.
    pub fn count(&self) -> usize {
        self.registry().len()
    }

    /// To be called after each renewal of this coordinator's lease.
    pub async fn tick(&self) -> Result<(), StoreError> {
        let before = std::mem::replace(&mut *lock(&self.renewed), Instant::now());
        if before.elapsed() > Duration::from_secs_f64(COORDINATOR_LEASE_SECONDS)
            && let Some(supervisor) = &*self.supervisor.read().unwrap_or_else(PoisonError::into_inner)
        {
            supervisor.verify();
        }
        if self.ticks.fetch_add(1, Ordering::Relaxed).is_multiple_of(SESSION_TICKS) {
            self.registry().values().for_each(SessionHandle::tick);
            self.announce_members().await;
        }
        self.drop_dead_owners().await
    }

    /// Ends all local sessions: their members attach elsewhere.
    pub fn stop(&self) {
        if let Some(supervisor) = &*self.supervisor.read().unwrap_or_else(PoisonError::into_inner) {
            supervisor.stop_all();
        }
    }

    fn local(&self, project_id: ProjectId) -> Option<SessionHandle> {
        self.registry().get(&project_id).cloned()
    }

    fn registry(&self) -> MutexGuard<'_, HashMap<ProjectId, SessionHandle>> {
        lock(&self.registry)
    }

    fn set_supervisor(&self, supervisor: SupervisorHandle) {
        *self.supervisor.write().unwrap_or_else(PoisonError::into_inner) = Some(supervisor);
    }

    async fn relay(&self, coordinator: &CoordinatorId, message: &Relay) {
        if let Ok(body) = wire::encode(message) {
            self.publisher.notify(Route::coordinator(coordinator), &body).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
