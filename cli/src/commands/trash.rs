//! `engunity trash`: list what was deleted, restore it, delete it for good.

use chrono::Utc;
use engunity_protocol::{
    TrashId,
    bulk::{BulkFailure, OnConflict, TrashRestore, TrashRestored},
    file::FileType,
    history::TrashEntry,
};
use serde_json::json;

use crate::{
    app::{App, ProjectRef},
    args::{self, TrashAction},
    error::{CliError, Result},
    output::{
        plain,
        table::{cut, table},
        units::{ago, bytes, count},
    },
};

pub async fn run(app: &App, args: args::Trash) -> Result<u8> {
    let project = app.project().await?;
    match args.action.unwrap_or(TrashAction::List) {
        TrashAction::List => list(app, &project).await,
        TrashAction::Restore { paths, rename, replace } => {
            let on_conflict = match (rename, replace) {
                (true, _) => OnConflict::Rename,
                (_, true) => OnConflict::Replace,
                _ => OnConflict::Fail,
            };
            restore(app, &project, &paths, on_conflict).await
        }
        TrashAction::Empty { yes } => empty(app, &project, yes).await,
    }
}

async fn list(app: &App, project: &ProjectRef) -> Result<u8> {
    let entries = app.client.trash(project.id).await?;
    app.out.result(&entries, || {
        let rows: Vec<_> = entries.iter().map(row).collect();
        table(["DELETED", "BY", "FILES", "SIZE", "ID", "PATH"], &rows)
    })?;
    if entries.is_empty() {
        app.out.note("the trash is empty");
    }
    Ok(0)
}

fn row(entry: &TrashEntry) -> [String; 6] {
    let end = if entry.kind == FileType::Folder { "/" } else { "" };
    [
        ago(entry.deleted_at, Utc::now()),
        entry.deleted_by.as_ref().map_or_else(|| "-".to_owned(), |person| cut(&person.name, 24)),
        entry.files.to_string(),
        bytes(entry.size.unsigned_abs()),
        entry.id.to_string(),
        format!("{}{end}", plain(&entry.path)),
    ]
}

async fn restore(app: &App, project: &ProjectRef, asked: &[String], on_conflict: OnConflict) -> Result<u8> {
    let entries = app.client.trash(project.id).await?;
    let found: Result<Vec<TrashId>> = asked.iter().map(|asked| find(&entries, asked)).collect();
    let body = TrashRestore { ids: Some(found?), deletion_id: None, on_conflict };
    let restored = app.client.restore_trash(project.id, &body).await?;
    restored.failed.iter().for_each(|failed| app.out.warn(refusal(failed)));
    app.out.result(&restored, || lines(&restored))?;
    if restored.failed.is_empty() {
        return Ok(0);
    }
    let failure = CliError::new("some of it was not restored");
    Err(failure.hint("engunity trash restore --rename …, or --replace"))
}

/// The newest entry of this path, or the one of this id.
fn find(entries: &[TrashEntry], asked: &str) -> Result<TrashId> {
    let path = asked.strip_prefix("./").unwrap_or(asked).trim_end_matches('/');
    let named = |entry: &&TrashEntry| entry.path == path || entry.id.to_string() == asked;
    if let Some(entry) = entries.iter().find(named) {
        return Ok(entry.id);
    }
    let inside =
        |entry: &&TrashEntry| path.strip_prefix(&entry.path).is_some_and(|rest| rest.starts_with('/'));
    match entries.iter().find(inside) {
        Some(folder) => Err(CliError::new(format!("{path} was deleted with the folder {}", folder.path))
            .hint(format!("engunity trash restore {}, or engunity history {path}", folder.path))),
        None => {
            Err(CliError::new(format!("{} is not in the trash", plain(path))).hint("engunity trash list"))
        }
    }
}

fn refusal(failed: &BulkFailure) -> String {
    plain(&format!("{}: {}", failed.path, failed.detail))
}

fn lines(restored: &TrashRestored) -> String {
    let lines = restored.done.iter().map(|done| format!("restored {}", plain(&done.path)));
    lines.collect::<Vec<_>>().join("\n")
}

async fn empty(app: &App, project: &ProjectRef, yes: bool) -> Result<u8> {
    if !yes {
        confirm(app, project).await?;
    }
    app.client.empty_trash(project.id, None).await?;
    app.out.result(&json!({"emptied": project.id}), || "emptied the trash".to_owned())?;
    Ok(0)
}

async fn confirm(app: &App, project: &ProjectRef) -> Result<()> {
    if !app.out.can_ask() {
        return Err(CliError::new("emptying the trash needs confirmation, and there is no terminal")
            .hint("engunity trash empty --yes"));
    }
    let entries = app.client.trash(project.id).await?;
    let files = entries.iter().map(|entry| entry.files.unsigned_abs()).sum::<u64>();
    let question = format!(
        "Delete {} in the trash of {} for good, with their history?",
        count(files, "file"),
        plain(&project.title())
    );
    if app.out.confirm(&question)? { Ok(()) } else { Err(CliError::new("nothing was deleted")) }
}
