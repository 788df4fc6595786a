//! What the worker and the agent inside a sandbox say to each other, over the agent's stdin and stdout.
//!
//! The library is this language alone ([`message`]) and its framing ([`frame`]): no I/O. The binary of the same
//! package is the agent: PID 1 of every sandbox.

pub mod frame;
pub mod message;
