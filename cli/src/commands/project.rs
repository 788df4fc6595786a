//! `engunity project`: list, create, select and delete projects.

use std::env;

use chrono::Utc;
use engunity_protocol::project::{NewProject, Project};
use serde_json::json;

use crate::{
    app::{App, ProjectRef},
    args::{self, ProjectAction},
    error::{CliError, Result},
    output::{
        plain,
        table::{cut, table},
        units::ago,
    },
};

pub async fn run(app: &mut App, args: args::Project) -> Result<u8> {
    app.need_login()?;
    match args.action {
        ProjectAction::Ls => list(app).await,
        ProjectAction::Create { name, description, language } => {
            create(app, NewProject { name, description, language, repository_url: None }).await
        }
        ProjectAction::Rm { project, yes } => remove(app, &project, yes).await,
        ProjectAction::Use { project } => choose(app, &project).await,
    }
}

async fn list(app: &App) -> Result<u8> {
    let projects = app.client.projects().await?;
    let here = app.project().await.ok().map(|chosen| chosen.id);
    app.out.result(&projects, || {
        let rows: Vec<_> = projects.iter().map(|project| row(project, here == Some(project.id))).collect();
        table(["", "ID", "NAME", "LANGUAGE", "UPDATED"], &rows)
    })?;
    if projects.is_empty() {
        app.out.note("no projects yet; create one with: engunity upload");
    }
    Ok(0)
}

fn row(project: &Project, here: bool) -> [String; 5] {
    let mark = if here { "*" } else { "" };
    let language = project.language.as_deref().unwrap_or("-");
    [
        mark.to_owned(),
        project.id.to_string(),
        cut(&project.name, 40),
        cut(language, 16),
        ago(project.updated_at, Utc::now()),
    ]
}

async fn create(app: &mut App, body: NewProject) -> Result<u8> {
    let project = app.client.create_project(&body).await?;
    app.remember(env::current_dir()?, &project.clone().into());
    app.out.result(&project, || {
        format!("created project {} ({}) and linked it to this folder", plain(&project.name), project.id)
    })?;
    Ok(0)
}

async fn remove(app: &mut App, asked: &str, yes: bool) -> Result<u8> {
    let project = app.find_project(asked).await?;
    if !yes {
        confirm(app, &project)?;
    }
    app.client.delete_project(project.id).await?;
    app.credentials.forget_project(&app.server, project.id);
    app.save_credentials();
    app.out
        .result(&json!({"deleted": project.id}), || format!("deleted project {}", plain(&project.title())))?;
    Ok(0)
}

fn confirm(app: &App, project: &ProjectRef) -> Result<()> {
    if !app.out.can_ask() {
        return Err(CliError::new("deleting a project needs confirmation, and there is no terminal")
            .hint(format!("engunity project rm --yes {}", project.id)));
    }
    let question = format!("Delete project {} with all its files and runs?", plain(&project.title()));
    if app.out.confirm(&question)? { Ok(()) } else { Err(CliError::new("nothing was deleted")) }
}

async fn choose(app: &mut App, asked: &str) -> Result<u8> {
    let project = app.find_project(asked).await?;
    let folder = env::current_dir()?;
    app.credentials.used(&app.server, project.id, project.name.clone());
    app.save_credentials();
    app.link(folder.clone(), &project)?;
    let answer = json!({"project": project.id, "name": project.name, "folder": folder});
    app.out
        .result(&answer, || format!("linked {} to project {}", folder.display(), plain(&project.title())))?;
    Ok(0)
}
