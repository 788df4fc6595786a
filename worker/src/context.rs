//! What every part of the worker is built from.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64},
};

use chrono::{DateTime, Utc};
use engunity_artifacts::ObjectStore;
use engunity_languages::Catalog;
use engunity_protocol::WorkerId;

use crate::{
    execution::snapshots::Snapshots,
    intake::{runs::Registry, slots::Slots},
    report::outbox::Outbox,
    sandbox::Sandbox,
};

pub struct Environment {
    pub identity: Identity,
    pub catalog: Catalog,
    pub image_prefix: String,
    pub objects: ObjectStore,
    pub snapshots: Snapshots,
    pub sandbox: Arc<dyn Sandbox>,
    pub outbox: Outbox,
    pub presence: Arc<Presence>,
}

/// One life of this worker.
#[derive(Debug, Clone)]
pub struct Identity {
    pub id: WorkerId,
    pub name: String,
    pub started_at: DateTime<Utc>,
}

impl Identity {
    pub fn new(name: &str) -> Self {
        let life = &uuid::Uuid::new_v4().simple().to_string()[..8];
        Self { id: WorkerId(format!("{name}-{life}")), name: name.to_owned(), started_at: Utc::now() }
    }
}

/// What the heartbeat tells.
pub struct Presence {
    pub registry: Registry,
    pub slots: Slots,
    pub noop_slots: Slots,
    /// Runs what it has, takes no more.
    pub draining: AtomicBool,
    /// There is no engine to run anything with.
    pub crippled: AtomicBool,
    /// The newest ping that went through the loop that also takes jobs.
    pub echo: AtomicU64,
}
