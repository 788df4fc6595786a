//! The protocol between the worker and the agent inside a sandbox, over the agent's stdin and stdout.
//!
//! The library has only the messages ([`message`]) and their framing ([`frame`]): no I/O. The binary of the same
//! package is the agent: PID 1 of every sandbox.

pub mod frame;
pub mod message;
