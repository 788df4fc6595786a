//! What the CLI keeps on disk: tokens in the XDG configuration folder, the link of a folder to its project in
//! `.engunity.toml`. Nothing else of the CLI reads or writes these files. In CI nothing may be there, or writable:
//! reading then finds nothing, and who cannot write may go on.

pub mod credentials;
pub mod link;
pub mod server;

use std::io;

/// Whether there is no such file, or none that we may look for.
fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}
