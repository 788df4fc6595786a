//! Sentence vectors in a process of its own, which a worker starts and talks to over stdin and stdout.
//!
//! ```text
//! worker ──frames──► serve ──► queries    SyncArbiter, 1 thread    ┐ each owns a model
//!                          ──► documents  SyncArbiter, n threads   ┘
//! ```
//!
//! A process of its own, because libtorch is 500 MB that a first start must not wait for, and because what crashes or
//! hangs in it must not take a worker along. The library has the messages, the server and the batches; only the program,
//! built with the feature `libtorch`, has the real model.

pub mod batch;
pub mod folder;
pub mod message;
pub mod serve;
