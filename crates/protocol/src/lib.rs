//! The words of the system: ids, jobs, events, API params and views, error codes.
//!
//! Shared by coordinator, worker and CLI. No I/O and no other crate of ours: types, their serialization
//! and the pure decisions that belong to them (which state a verdict means, which path is safe).
//!
//! * `api`-facing shapes are JSON ([`account`], [`admin`], [`limits`], [`project`], [`mod@file`], [`bulk`], [`history`], [`job`],
//!   [`fleet`], [`sync`], [`index`], [`search`], [`session`], [`problem`]);
//! * broker-facing shapes ([`wire`], [`stream`]) are MessagePack with named fields.
//!
//! Both only ever grow: fields are added with a default, never renamed or removed.

pub mod account;
pub mod admin;
pub mod bulk;
pub mod event;
pub mod file;
pub mod fleet;
pub mod history;
pub mod ids;
pub mod index;
pub mod job;
pub mod limits;
pub mod path;
pub mod problem;
pub mod project;
pub mod schema;
pub mod search;
pub mod session;
pub mod stream;
pub mod sync;
pub mod wire;

pub use ids::{
    ConnectionId, CoordinatorId, DeletionId, FileId, InvitationId, JobId, ProjectId, SessionId, TokenId,
    TrashId, UserId, VersionId, WorkerId,
};
pub use job::{spec, verdict};
