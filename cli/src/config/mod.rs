//! What the CLI keeps on disk: tokens in the XDG configuration folder, the link of a folder to its project in
//! `.engunity.toml`. Nothing else of the CLI reads or writes these files.

pub mod credentials;
pub mod link;
pub mod server;
