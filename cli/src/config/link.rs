//! `.engunity.toml`: which project, at which server, a folder belongs to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use engunity_protocol::ProjectId;
use serde::{Deserialize, Serialize};

use crate::{
    config::is_absent,
    error::{About, CliError, Result},
    text,
};

pub const FILE: &str = ".engunity.toml";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    pub server: String,
    pub project: ProjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Folder {
    pub root: PathBuf,
    pub link: Link,
}

impl Folder {
    /// The nearest folder with a link, from `start` upwards.
    pub fn above(start: &Path) -> Result<Option<Self>> {
        for dir in start.ancestors() {
            if let Some(folder) = Self::at(dir)? {
                return Ok(Some(folder));
            }
        }
        Ok(None)
    }

    /// `dir` itself, if it has a link.
    pub fn at(dir: &Path) -> Result<Option<Self>> {
        let file = dir.join(FILE);
        let text = match text::read(&file) {
            Err(error) if is_absent(&error) => return Ok(None),
            result => result.about(file.display())?,
        };
        let link = toml::from_str(&text).map_err(|error| {
            CliError::new(format!("{} can't be read: {}", file.display(), error.message()))
                .hint(format!("rm {}", file.display()))
        })?;
        Ok(Some(Self { root: dir.to_owned(), link }))
    }

    /// Writes the link next to the files.
    pub fn save(&self) -> Result<()> {
        let file = self.root.join(FILE);
        let text = toml::to_string(&self.link).about(file.display())?;
        fs::write(&file, format!("# Which project this folder belongs to; written by `engunity`.\n{text}"))
            .about(file.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_link_holds() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        assert!(Folder::at(&deep).unwrap().is_none());
        let link = Link { server: "http://x".into(), project: ProjectId::new(), name: None };
        Folder { root: dir.path().join("a"), link: link.clone() }.save().unwrap();
        let found = Folder::above(&deep).unwrap().unwrap();
        assert_eq!((found.root, found.link), (dir.path().join("a"), link));
    }

    #[test]
    fn a_link_may_come_from_windows() {
        let dir = tempfile::tempdir().unwrap();
        let project = ProjectId::new();
        let text = format!("\u{feff}server = \"http://x\"\r\nproject = \"{project}\"\r\n");
        fs::write(dir.path().join(FILE), text).unwrap();
        assert_eq!(Folder::at(dir.path()).unwrap().unwrap().link.project, project);
    }

    #[test]
    fn a_broken_link_is_said_to_be_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "project = 7").unwrap();
        let failure = Folder::at(dir.path()).unwrap_err();
        assert!(failure.message.contains(FILE) && failure.hint.is_some());
    }
}
