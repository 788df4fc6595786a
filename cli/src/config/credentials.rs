//! `$XDG_CONFIG_HOME/engunity/credentials.toml`, readable by its owner alone: a token per server, and the
//! project last used there.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use engunity_protocol::ProjectId;
use etcetera::{BaseStrategy, base_strategy};
use serde::{Deserialize, Serialize};

use crate::{
    config::is_absent,
    error::{About, CliError, Result},
    text,
};

#[derive(Default, Serialize, Deserialize)]
pub struct Credentials {
    /// The server of the last login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, Entry>,
    /// `None` where there is no home folder.
    #[serde(skip)]
    file: Option<PathBuf>,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_project: Option<LastProject>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct LastProject {
    pub id: ProjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Credentials {
    /// Reads the file. Without the file or a home folder there are no credentials.
    pub fn load() -> Result<Self> {
        let config = base_strategy::Xdg::new().ok().map(|strategy| strategy.config_dir());
        // An empty `HOME` would mean the current folder.
        match config.filter(|dir| dir.is_absolute()) {
            Some(dir) => Self::read(dir.join("engunity/credentials.toml")),
            None => Ok(Self::default()),
        }
    }

    fn read(file: PathBuf) -> Result<Self> {
        let text = match text::read(&file) {
            Err(error) if is_absent(&error) => String::new(),
            result => result.about(file.display())?,
        };
        let read: Self = toml::from_str(&text).map_err(|error| {
            CliError::new(format!("{} can't be read: {}", file.display(), error.message()))
                .hint(format!("rm {}", file.display()))
        })?;
        Ok(Self { file: Some(file), ..read })
    }

    pub fn at(&self, server: &str) -> Option<&Entry> {
        self.servers.get(server)
    }

    /// The file they are stored in; `None` without a home folder.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    pub fn logged_in(&mut self, server: &str, email: String, token: String, token_id: String) {
        let entry = self.servers.entry(server.to_owned()).or_default();
        if entry.email.as_ref() != Some(&email) {
            entry.last_project = None;
        }
        entry.email = Some(email);
        entry.token = Some(token);
        entry.token_id = Some(token_id);
        self.latest = Some(server.to_owned());
    }

    /// Removes a server and returns its entry.
    pub fn forget(&mut self, server: &str) -> Option<Entry> {
        if self.latest.as_deref() == Some(server) {
            self.latest = None;
        }
        self.servers.remove(server)
    }

    pub fn used(&mut self, server: &str, id: ProjectId, name: Option<String>) {
        self.servers.entry(server.to_owned()).or_default().last_project = Some(LastProject { id, name });
    }

    pub fn forget_project(&mut self, server: &str, id: ProjectId) {
        if let Some(entry) = self.servers.get_mut(server) {
            entry.last_project = entry.last_project.take().filter(|last| last.id != id);
        }
    }

    /// Replaces the file atomically; it is never readable by others.
    pub fn save(&self) -> Result<()> {
        let Some(file) = &self.file else {
            return Err(
                CliError::new("there is no home folder to store anything in").hint("HOME=/path engunity …")
            );
        };
        let dir = file.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).about(dir.display())?;
        let mut new = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o600))
            .tempfile_in(dir)
            .about(dir.display())?;
        let text = toml::to_string(self).about("credentials")?;
        new.write_all(text.as_bytes()).about(file.display())?;
        new.persist(file).about(file.display())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_again_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("engunity/credentials.toml");
        let mut credentials = Credentials::read(file.clone()).unwrap();
        credentials.logged_in("http://a", "e@x".into(), "t0ken".into(), "7".into());
        credentials.used("http://a", ProjectId::new(), Some("p".into()));
        credentials.save().unwrap();
        let again = Credentials::read(file.clone()).unwrap();
        assert_eq!(again.latest.as_deref(), Some("http://a"));
        assert_eq!(again.at("http://a").unwrap().token.as_deref(), Some("t0ken"));
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn without_a_home_nothing_is_kept() {
        let error = Credentials::default().save().unwrap_err();
        assert!(error.message.contains("no home folder"), "{error:?}");
    }

    #[test]
    fn another_user_does_not_inherit_the_last_project() {
        let mut credentials = Credentials::default();
        credentials.logged_in("s", "a@x".into(), "t".into(), "1".into());
        credentials.used("s", ProjectId::new(), None);
        credentials.logged_in("s", "a@x".into(), "t".into(), "2".into());
        assert!(credentials.at("s").unwrap().last_project.is_some());
        credentials.logged_in("s", "b@x".into(), "t".into(), "3".into());
        assert!(credentials.at("s").unwrap().last_project.is_none());
    }
}
