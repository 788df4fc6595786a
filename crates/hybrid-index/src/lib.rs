//! The search index of a project: exact text and regex answers equal to ripgrep's, and answers by meaning, from one
//! index. A library: it touches one folder that its caller names, and no network.
//!
//! * [`ProjectIndex`] is one project's index in a folder: [`ProjectIndex::apply`] takes changed files,
//!   [`ProjectIndex::embed_pending`] adds vectors later, [`ProjectIndex::search`] answers a [`Query`].
//! * [`bundle`] packs an index into one stream for object storage and checks it on the way back.
//! * [`Embedder`] is what turns text into vectors; this crate only brings a deterministic twin for tests.
//!
//! How it works is described in `docs/search.md`.

mod answer;
pub mod bundle;
mod change;
mod embed;
mod error;
mod grammar;
mod index;
mod parse;
mod query;
mod search;
mod segment;
mod settings;
mod skip;
mod tokens;
mod vectors;

pub use answer::{Answer, Coverage, Hit, HitSymbol, Route, SkippedFile, Why};
pub use change::{Applied, Content, FileChange, FileHash};
pub use embed::{EmbedBudget, EmbedError, EmbedProgress, Embedder, HashingEmbedder, ModelId};
pub use error::IndexError;
pub use index::{IndexState, Opened, ProjectIndex};
pub use query::{Case, Mode, Overlay, OverlayFile, Query, QueryError, QueryVector};
pub use settings::Settings;
