//! What the CLI keeps on disk: tokens in the XDG configuration folder, the link of a folder to its project in
//! `.engunity.toml`. Nothing else of the CLI reads or writes these files. In CI these files may be
//! absent and not writable: reading then finds nothing, and a failed write is a warning.

pub mod credentials;
pub mod link;
pub mod server;

use std::io;

/// Whether the file is absent, or not accessible to this user.
fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}
