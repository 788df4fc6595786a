//! Jobs: which kinds there are, what is asked for, what a worker is told, how a job ends.
//!
//! ```text
//! words ◄── kind ──► spec        words ◄── state ◄── verdict ◄── view        spec ◄── request
//! ```

mod kind;
mod request;
pub mod spec;
mod state;
pub mod verdict;
mod view;
pub(crate) mod words;

pub use kind::{JobClass, JobKind, JobSpec, KindProperties, Pool, Unspecified};
pub use request::{InputMode, InputRequest, InputTaken, LimitsRequest, RunRequest};
pub use state::JobState;
pub use view::{Artifact, Job, Waiting};
pub use words::UnknownWord;
