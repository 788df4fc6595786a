//! Sessions across coordinators: the owner receives the messages of a holder's connections, and the holder delivers the
//! messages of the owner's session. The broker may lose messages; sequence numbers detect that, and rejoining repairs it.

use std::{collections::HashSet, sync::Arc};

use engunity_broker::{Connection, Queue, ack_batch};
use engunity_protocol::{ConnectionId, CoordinatorId, ProjectId, wire};
use engunity_store::StoreError;

use super::{
    Sessions,
    actor::{Outlet, SessionMessage},
    core::Input,
    lock,
    message::{Downstream, Joining, Relay},
    supervisor::Attached,
};

impl Sessions {
    /// Receives messages of other coordinators, forever.
    pub async fn receive(self: Arc<Self>, broker: Connection) {
        let mut messages = broker.consume(Queue::Coordinator(self.id.clone()), 256);
        loop {
            let batch = messages.next_batch(64).await;
            if batch.is_empty() {
                return;
            }
            for delivery in &batch {
                match wire::decode(&delivery.body) {
                    Ok(message) => self.on_relay(message).await,
                    Err(error) => tracing::warn!(%error, "a message of another coordinator can't be read"),
                }
            }
            ack_batch(&batch).await;
        }
    }

    async fn on_relay(&self, message: Relay) {
        match message {
            Relay::Join { project_id, holder, joining } => {
                self.join_remote(project_id, holder, joining).await
            }
            Relay::Place { project_id, conn_id, place } => {
                self.input(project_id, Input::Place { conn_id, place })
            }
            Relay::Leave { project_id, conn_id } => self.input(project_id, Input::Leave { conn_id }),
            Relay::Alive { project_id, holder, conn_id } => match self.local(project_id) {
                Some(session) => drop(session.send(SessionMessage::Input(Input::Alive { conn_id }))),
                None => self.relay(&holder, &Relay::Gone { conns: vec![conn_id] }).await,
            },
            Relay::Down { to, message } => to.iter().for_each(|conn_id| self.deliver(conn_id, &message)),
            Relay::Gone { conns } => {
                conns.iter().for_each(|conn_id| drop(lock(&self.remote_members).remove(conn_id)))
            }
        }
    }

    async fn join_remote(&self, project_id: ProjectId, holder: CoordinatorId, joining: Joining) {
        let conn_id = joining.conn_id.clone();
        let joined = match self.attach(project_id).await {
            Ok(Attached::Local(session)) => {
                session.send(SessionMessage::Join { joining, outlet: Outlet::Remote(holder.clone()) })
            }
            _ => false,
        };
        if !joined {
            self.relay(&holder, &Relay::Gone { conns: vec![conn_id] }).await;
        }
    }

    fn input(&self, project_id: ProjectId, input: Input) {
        if let Some(session) = self.local(project_id) {
            session.send(SessionMessage::Input(input));
        }
    }

    /// A connection that can't keep up is dropped: its socket joins again and receives what it missed.
    fn deliver(&self, conn_id: &ConnectionId, message: &Downstream) {
        let mut members = lock(&self.remote_members);
        if members.get(conn_id).is_some_and(|member| member.down.try_send(message.clone()).is_err()) {
            members.remove(conn_id);
        }
    }

    /// Announces to owners which of their members are still connected here.
    pub(super) async fn announce_members(&self) {
        let members: Vec<(CoordinatorId, Relay)> = {
            let members = lock(&self.remote_members);
            let alive = |(conn_id, member): (&ConnectionId, &super::RemoteMember)| {
                let (project_id, holder, conn_id) = (member.project_id, self.id.clone(), conn_id.clone());
                (member.owner.clone(), Relay::Alive { project_id, holder, conn_id })
            };
            members.iter().map(alive).collect()
        };
        for (owner, alive) in members {
            self.relay(&owner, &alive).await;
        }
    }

    /// Drops the memberships of sessions whose owner died: their connections join again.
    pub(super) async fn drop_dead_owners(&self) -> Result<(), StoreError> {
        let owners: HashSet<CoordinatorId> =
            lock(&self.remote_members).values().map(|member| member.owner.clone()).collect();
        if owners.is_empty() {
            return Ok(());
        }
        let dead = self.store.dead_coordinators(&owners.into_iter().collect::<Vec<_>>()).await?;
        lock(&self.remote_members).retain(|_, member| !dead.contains(&member.owner));
        Ok(())
    }
}
