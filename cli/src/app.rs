//! The context of every command: server, credentials, project.

use std::{env, path::PathBuf};

use engunity_protocol::{ProjectId, project::Project};

use crate::{
    args::Global,
    client::Client,
    config::{
        credentials::Credentials,
        link::{Folder, Link},
        server::{self, Source},
    },
    error::{CliError, Result},
    output::Out,
};

pub struct App {
    pub client: Client,
    pub out: Out,
    pub server: String,
    pub credentials: Credentials,
    /// The nearest folder with an `.engunity.toml`.
    pub folder: Option<Folder>,
    /// `--project`: an id or a name.
    asked: Option<String>,
}

/// The project that a command works on.
#[derive(Debug, Clone)]
pub struct ProjectRef {
    pub id: ProjectId,
    pub name: Option<String>,
}

impl ProjectRef {
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.to_string())
    }
}

impl From<Project> for ProjectRef {
    fn from(project: Project) -> Self {
        Self { id: project.id, name: Some(project.name) }
    }
}

impl App {
    pub fn new(global: &Global) -> Result<Self> {
        let folder = Folder::above(&env::current_dir()?)?;
        let out = Out::new(global.json, global.quiet);
        let given = setting("ENGUNITY_TOKEN");
        let credentials = match Credentials::load() {
            // With ENGUNITY_TOKEN, stored credentials are not needed.
            Err(error) if given.is_some() => {
                out.warn(&error.message);
                Credentials::default()
            }
            loaded => loaded?,
        };
        let (server, source) = server::choose(
            global.server.as_deref().map(str::trim),
            folder.as_ref(),
            credentials.latest.as_deref(),
        )?;
        let token = token(given, &server, source, &credentials)?;
        let client = Client::new(&server, token, out.clone())?;
        Ok(Self {
            client,
            out,
            server,
            credentials,
            folder,
            asked: global
                .project
                .as_deref()
                .map(|asked| asked.trim().to_owned())
                .filter(|asked| !asked.is_empty()),
        })
    }

    /// Fails early, with a hint, if there is no token.
    pub fn need_login(&self) -> Result<()> {
        if self.client.has_token() {
            return Ok(());
        }
        Err(CliError::new(format!("not logged in at {}", self.server)).hint("engunity login"))
    }

    /// The selected project: `--project`, else the folder's, else the last one used at this server.
    pub async fn project(&self) -> Result<ProjectRef> {
        self.need_login()?;
        if let Some(asked) = &self.asked {
            return self.find_project(asked).await;
        }
        let linked = self.linked().map(|link| ProjectRef { id: link.project, name: link.name.clone() });
        let last = || self.credentials.at(&self.server).and_then(|entry| entry.last_project.clone());
        match linked.or_else(|| last().map(|last| ProjectRef { id: last.id, name: last.name })) {
            Some(chosen) => Ok(chosen),
            None => Err(CliError::new("no project is linked to this folder").hint("engunity upload")),
        }
    }

    /// Whether `--project` was given.
    pub fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    /// The link of this folder, if it is one to the server in use.
    pub fn linked(&self) -> Option<&Link> {
        self.folder.as_ref().map(|folder| &folder.link).filter(|link| link.server == self.server)
    }

    /// Finds one of the user's projects by id or by name.
    pub async fn find_project(&self, asked: &str) -> Result<ProjectRef> {
        if let Ok(id) = asked.parse::<ProjectId>() {
            return Ok(self.client.project(id).await?.into());
        }
        let mut named = self.client.projects().await?;
        named.retain(|project| project.name == asked);
        match named.len() {
            0 => Err(CliError::new(format!("there is no project {asked:?}")).hint("engunity project ls")),
            1 => Ok(named.remove(0).into()),
            n => Err(CliError::new(format!("{n} projects are named {asked:?}: use an id"))
                .hint("engunity project ls")),
        }
    }

    /// Stores `project` as the last one used and as the folder's. A failure is a warning: the command itself
    /// has succeeded.
    pub fn remember(&mut self, folder: PathBuf, project: &ProjectRef) {
        self.credentials.used(&self.server, project.id, project.name.clone());
        self.save_credentials();
        self.try_link(folder, project);
    }

    /// Links `folder` to `project`; a failure is a warning.
    pub fn try_link(&mut self, folder: PathBuf, project: &ProjectRef) {
        if let Err(error) = self.link(folder, project) {
            self.out
                .warn(format!("this folder's link to its project could not be stored: {}", error.message));
        }
    }

    /// Saves the credentials file; a failure is a warning. Does nothing without a home folder, as in CI.
    pub fn save_credentials(&self) {
        if self.credentials.path().is_none() {
            return;
        }
        if let Err(error) = self.credentials.save() {
            self.out.warn(format!("the last project could not be stored: {}", error.message));
        }
    }

    /// Links `folder` to `project`.
    pub fn link(&mut self, folder: PathBuf, project: &ProjectRef) -> Result<()> {
        let link = Link { server: self.server.clone(), project: project.id, name: project.name.clone() };
        let folder = Folder { root: folder, link };
        let saved = folder.save();
        self.folder = Some(folder);
        saved
    }
}

/// A setting from the environment, without the line ends that secret stores and Windows files leave on it.
fn setting(name: &str) -> Option<String> {
    let value = env::var(name).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The token for `server`. ENGUNITY_TOKEN is sent only to a server that the user named: the `.engunity.toml` of a
/// downloaded project must not be able to collect it.
fn token(
    given: Option<String>,
    server: &str,
    source: Source,
    credentials: &Credentials,
) -> Result<Option<String>> {
    if given.is_some() && source == Source::Folder && server != server::DEFAULT {
        return Err(CliError::new(format!(
            "ENGUNITY_TOKEN is set, but only .engunity.toml names the server {server}: confirm that you trust it"
        ))
        .hint(format!("ENGUNITY_SERVER={server} engunity …")));
    }
    Ok(given.or_else(|| credentials.at(server).and_then(|entry| entry.token.clone())))
}
