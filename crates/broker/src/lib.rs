//! All AMQP of the system: the only crate that knows RabbitMQ.
//!
//! [`topology`] names every exchange and queue once. A [`Connection`] is a supervised handle: behind it one task
//! connects, declares the topology and, after any loss, does so again, forever and with a capped pause. What is made
//! from it outlives every loss:
//!
//! * [`Publisher`] sends and waits for the broker's confirmation, or returns an error;
//! * [`Consumer`] yields deliveries; one from before a loss can be acknowledged without effect or harm;
//! * [`RpcClient`] and [`serve`] are request and answer over direct reply-to;
//! * [`streams`] are unrecorded, flow-controlled bytes in both directions.
//!
//! Delivery is at least once: after a loss the same message may come again, and a publish that was confirmed too late
//! may have arrived twice. Receivers detect repeats by the message's content.

mod backoff;
mod connection;
mod consumer;
mod error;
mod packing;
mod party;
mod publisher;
mod recovering_channel;
mod rpc;
pub mod streams;
pub mod topology;
pub mod worker_users;

pub use connection::Connection;
pub use consumer::{Consumer, Delivery, ack_batch, ack_batches};
pub use error::{BrokerError, Result};
pub use publisher::{Message, Publisher};
pub use rpc::{Request, RpcClient, serve};
pub use topology::{Queue, Route};
