//! Which paths a project may have: the one place that decides, for uploads, sync, the API and the CLI.

use std::fmt;

/// Longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 1024;
/// Longest name of one file or folder, in bytes (what Linux file systems take).
pub const MAX_NAME_BYTES: usize = 255;
/// Deepest nesting of folders.
pub const MAX_DEPTH: usize = 64;
/// Longest target of a symbolic link, in bytes (what Linux takes).
pub const MAX_TARGET_BYTES: usize = 4095;
/// The mode of a symbolic link, as git writes it: its content is its target.
pub const LINK_MODE: u32 = 0o120_000;

/// Whether a symbolic link may have this target. It may lead out of the project or to nothing: nothing on a server follows it.
pub fn is_link_target(target: &str) -> bool {
    !target.is_empty() && target.len() <= MAX_TARGET_BYTES && !target.contains('\0')
}

/// Whether a mode of a manifest is that of a symbolic link.
pub fn is_link_mode(mode: u32) -> bool {
    mode & 0o170_000 == LINK_MODE
}

/// A path within a project: relative, `/`-separated, without `.`/`..`/empty parts, NUL or control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectPath(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path is absolute")]
    Absolute,
    #[error("the path leaves the project with '..'")]
    Traversal,
    #[error("the path has an empty or '.' part")]
    EmptyPart,
    #[error("the path has a NUL, a control character or a backslash")]
    BadCharacter,
    #[error("the path is longer than {MAX_PATH_BYTES} bytes, or a name longer than {MAX_NAME_BYTES}")]
    TooLong,
    #[error("the path is nested deeper than {MAX_DEPTH} folders")]
    TooDeep,
}

impl ProjectPath {
    /// Checks `text`; a trailing `/` (how archives name folders) and leading `./` are taken off first.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        let mut text = text;
        while let Some(rest) = text.strip_prefix("./") {
            text = rest;
        }
        check_whole(text)?;
        text.split('/').try_for_each(check_part)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folder it lies in; `None` at the root.
    pub fn parent(&self) -> Option<ProjectPath> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// All folders above it, outermost first.
    pub fn ancestors(&self) -> Vec<ProjectPath> {
        self.0.match_indices('/').map(|(end, _)| Self(self.0[..end].to_owned())).collect()
    }
}

fn check_whole(text: &str) -> Result<(), PathError> {
    if text.is_empty() || text == "." {
        return Err(PathError::Empty);
    }
    if text.len() > MAX_PATH_BYTES {
        return Err(PathError::TooLong);
    }
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return Err(PathError::BadCharacter);
    }
    if text.matches('/').count() >= MAX_DEPTH {
        return Err(PathError::TooDeep);
    }
    Ok(())
}

fn check_part(part: &str) -> Result<(), PathError> {
    match part {
        ".." => Err(PathError::Traversal),
        "" | "." => Err(PathError::EmptyPart),
        _ if part.len() > MAX_NAME_BYTES => Err(PathError::TooLong),
        _ => Ok(()),
    }
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_ordinary_paths() {
        for (text, kept) in [
            ("a.py", "a.py"),
            ("./src/a b.py", "src/a b.py"),
            ("src/", "src"),
            ("ü/λ.rs", "ü/λ.rs"),
            ("..a/b..", "..a/b.."),
        ] {
            assert_eq!(ProjectPath::parse(text).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn refuses_what_could_leave_the_project() {
        for (text, error) in [
            ("", PathError::Empty),
            (".", PathError::Empty),
            ("/etc/passwd", PathError::Absolute),
            ("../x", PathError::Traversal),
            ("a/../../x", PathError::Traversal),
            ("a//b", PathError::EmptyPart),
            ("a/./b", PathError::EmptyPart),
            ("a\\..\\b", PathError::BadCharacter),
            ("a\0b", PathError::BadCharacter),
            ("a\nb", PathError::BadCharacter),
        ] {
            assert_eq!(ProjectPath::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(ProjectPath::parse(&"a/".repeat(100)), Err(PathError::TooDeep));
        assert_eq!(ProjectPath::parse(&"x".repeat(300)), Err(PathError::TooLong));
    }

    #[test]
    fn knows_its_folders() {
        let path = ProjectPath::parse("a/b/c.txt").unwrap();
        assert_eq!(path.name(), "c.txt");
        assert_eq!(path.parent().unwrap().as_str(), "a/b");
        let above: Vec<_> = path.ancestors().iter().map(|p| p.as_str().to_owned()).collect();
        assert_eq!(above, ["a", "a/b"]);
    }
}
