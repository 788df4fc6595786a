//! `engunity upload`: make the project equal to a folder, sending only what the server does not have.

use std::{
    collections::HashSet,
    env,
    path::{Path, PathBuf},
    time::Instant,
};

use engunity_protocol::{
    problem::ErrorCode,
    project::NewProject,
    sync::{Manifest, ManifestEntry, SyncPlan},
};
use serde_json::{Value, json};

use crate::{
    app::{App, ProjectRef},
    args,
    config::link::Folder,
    error::{About, CliError, Result},
    output::{
        plain,
        units::{bytes, count, millis},
    },
    upload::{
        cache::HashCache,
        manifest::{self, Blob},
        pack,
        walk::{self, Found, Why},
    },
};

/// Larger uploads ask for confirmation.
const ASK_BYTES: u64 = 100 * 1000 * 1000;
const LARGEST: usize = 10;
/// Maximum of ignored paths that an upload lists.
const IGNORED_NAMED: usize = 5;

pub async fn run(app: &mut App, args: args::Upload) -> Result<u8> {
    let root = root(app, args.dir.as_deref())?;
    if args.dry_run {
        return dry_run(app, &root, args.keep).await;
    }
    app.need_login()?;
    let begun = Instant::now();
    let local = Local::read(app, &root, args.keep)?;
    let project = target(app, &root, args.dir.is_some()).await?;
    let sent = send(app, &project, &local, args.yes).await?;
    app.remember(root, &project);
    print_result(app, &project, &local, &sent, begun)
}

/// Uploads the folder that `.engunity.toml` names, before a run.
pub async fn sync(app: &mut App) -> Result<()> {
    let root = root(app, None)?;
    let local = Local::read(app, &root, false)?;
    let project = target(app, &root, false).await?;
    let sent = send(app, &project, &local, false).await?;
    app.out.note(sent.line(&project, &local));
    app.remember(root, &project);
    Ok(())
}

/// What a folder contains.
struct Local {
    found: Found,
    manifest: Manifest,
}

impl Local {
    fn read(app: &App, root: &Path, keep: bool) -> Result<Self> {
        let found = walk::walk(root)?;
        for warning in &found.warnings {
            app.out.warn(warning);
        }
        let total = found.files.iter().map(|file| file.stamp.size).sum();
        let bar = app.out.bytes_bar(total, "hashing");
        let mut cache = HashCache::open(root);
        let manifest = manifest::build(&found, &mut cache, keep, |read| bar.inc(read))?;
        bar.finish_and_clear();
        Ok(Self { found, manifest })
    }
}

/// The folder to upload, as an absolute path without links.
fn root(app: &App, given: Option<&Path>) -> Result<PathBuf> {
    let root = match (given, &app.folder) {
        (Some(dir), _) => dir.to_owned(),
        (None, Some(folder)) => folder.root.clone(),
        (None, None) => env::current_dir()?,
    };
    let real = root
        .canonicalize()
        .about(root.display())
        .map_err(|failure| failure.hint("engunity upload <folder>"))?;
    if real.is_dir() {
        Ok(real)
    } else {
        Err(CliError::new(format!("{} is not a folder", root.display())).hint("engunity upload <folder>"))
    }
}

/// The project that `root` is linked to; a new one if there is none.
async fn target(app: &App, root: &Path, named: bool) -> Result<ProjectRef> {
    match remembered(app, root, named).await? {
        Some(project) => Ok(project),
        None => make(app, root).await,
    }
}

/// `--project`, else the project linked to `root`. A folder given as argument does not inherit its parents' link.
async fn remembered(app: &App, root: &Path, named: bool) -> Result<Option<ProjectRef>> {
    if let Some(asked) = app.asked() {
        return app.find_project(asked).await.map(Some);
    }
    let link = if named { Folder::at(root)?.map(|folder| folder.link) } else { app.linked().cloned() };
    Ok(link
        .filter(|link| link.server == app.server)
        .map(|link| ProjectRef { id: link.project, name: link.name }))
}

async fn make(app: &App, root: &Path) -> Result<ProjectRef> {
    let name = root.file_name().map_or_else(|| "project".into(), |name| name.to_string_lossy().into_owned());
    let project = app.client.create_project(&NewProject { name, ..NewProject::default() }).await?;
    app.out.note(format!("created project {}", plain(&project.name)));
    Ok(project.into())
}

/// What an upload did.
struct Sent {
    plan: SyncPlan,
    bytes: u64,
}

async fn send(app: &App, project: &ProjectRef, local: &Local, yes: bool) -> Result<Sent> {
    let plan = app.client.sync(project.id, &local.manifest).await.map_err(explain_missing)?;
    let blobs = manifest::to_send(&local.found.files, &local.manifest, &plan.missing);
    let total = blobs.iter().map(|blob| blob.size).sum();
    if total > ASK_BYTES && !yes {
        confirm(app, &blobs, total)?;
    }
    let bar = app.out.bytes_bar(total, "uploading");
    pack::send(&app.client, project.id, blobs, &bar).await?;
    bar.finish_and_clear();
    let spinner = app.out.spinner("committing");
    app.client.commit(project.id, &local.manifest).await?;
    spinner.finish_and_clear();
    Ok(Sent { plan, bytes: total })
}

/// Explains how to create a new project if the linked one is gone.
fn explain_missing(failure: CliError) -> CliError {
    if failure.code != Some(ErrorCode::NotFound) {
        return failure;
    }
    CliError::new("the project linked to this folder no longer exists")
        .hint("rm .engunity.toml && engunity upload")
}

fn confirm(app: &App, blobs: &[Blob], total: u64) -> Result<()> {
    let largest = blobs
        .iter()
        .max_by_key(|blob| blob.size)
        .map_or(String::new(), |blob| format!("; the largest is {} with {}", blob.path, bytes(blob.size)));
    let what = format!("this sends {} in {}{largest}", bytes(total), count(blobs.len() as u64, "file"));
    if !app.out.can_ask() {
        return Err(
            CliError::new(what).hint("engunity upload --yes, or engunity upload --dry-run to see what it is")
        );
    }
    if app.out.confirm(&format!("{what}. Send it?"))? {
        return Ok(());
    }
    Err(CliError::new("nothing was sent")
        .hint("engunity upload --dry-run, and .engunityignore for what is not needed"))
}

impl Sent {
    fn line(&self, project: &ProjectRef, local: &Local) -> String {
        let removed = if local.manifest.keep { 0 } else { self.plan.removed.len() };
        format!(
            "uploaded {}: {} ({} added, {} changed, {removed} removed), {} sent",
            plain(&project.title()),
            count(local.manifest.files.len() as u64, "file"),
            self.plan.added,
            self.plan.changed,
            bytes(self.bytes),
        )
    }
}

fn print_result(app: &App, project: &ProjectRef, local: &Local, sent: &Sent, begun: Instant) -> Result<u8> {
    for skipped in local.found.skipped.iter().filter(|skipped| skipped.why.is_surprising()) {
        app.out.warn(format!("not uploaded: {} ({})", plain(&skipped.path), skipped.why.describe()));
    }
    let ignored = ignored_line(&local.found);
    let took = begun.elapsed();
    let answer = json!({
        "project": {"id": project.id, "name": project.name},
        "files": local.manifest.files.len(),
        "empty_folders": local.manifest.folders,
        "added": sent.plan.added,
        "changed": sent.plan.changed,
        "unchanged": sent.plan.unchanged,
        "removed": if local.manifest.keep { &[] } else { &sent.plan.removed[..] },
        "bytes_sent": sent.bytes,
        "seconds": took.as_secs_f64(),
        "skipped": skipped(&local.found),
    });
    app.out.result(&answer, || {
        format!("{} in {}{ignored}", sent.line(project, local), millis(took.as_millis() as u64))
    })?;
    Ok(0)
}

/// A line with the first ignored paths and how to list all.
fn ignored_line(found: &Found) -> String {
    let ignored: Vec<_> =
        found.skipped.iter().filter(|skipped| matches!(skipped.why, Why::Ignored(_))).collect();
    let named = ignored.iter().take(IGNORED_NAMED);
    let named: Vec<_> =
        named.map(|skipped| format!("{} ({})", plain(&skipped.path), skipped.why.describe())).collect();
    match ignored.len().saturating_sub(IGNORED_NAMED) {
        0 if named.is_empty() => String::new(),
        0 => format!("\nignored: {}", named.join(", ")),
        more => format!(
            "\nignored: {} and {more} more; see all with: engunity upload --dry-run",
            named.join(", ")
        ),
    }
}

fn skipped(found: &Found) -> Vec<Value> {
    found.skipped.iter().map(|skipped| json!({"path": skipped.path, "why": skipped.why.describe()})).collect()
}

/// Shows what an upload would do. Asks the server only if there is a project to compare with.
async fn dry_run(app: &App, root: &Path, keep: bool) -> Result<u8> {
    let local = Local::read(app, root, keep)?;
    let known = if app.client.has_token() { remembered(app, root, true).await? } else { None };
    let plan = match known {
        Some(project) => Some(app.client.sync(project.id, &local.manifest).await.map_err(explain_missing)?),
        None => None,
    };
    let blobs = match &plan {
        Some(plan) => manifest::to_send(&local.found.files, &local.manifest, &plan.missing),
        None => manifest::to_send(
            &local.found.files,
            &local.manifest,
            &local.manifest.files.iter().map(|f| f.hash.clone()).collect::<Vec<_>>(),
        ),
    };
    let sent: HashSet<_> = blobs.iter().map(|blob| blob.hash.as_str()).collect();
    let new: Vec<_> = local.manifest.files.iter().filter(|file| sent.contains(file.hash.as_str())).collect();
    let removed = plan.filter(|_| !keep).map(|plan| plan.removed).unwrap_or_default();
    let answer = json!({
        "root": root,
        "files": local.manifest.files.len(),
        "send": new.iter().map(|file| json!({"path": file.path, "size": file.size})).collect::<Vec<_>>(),
        "bytes": blobs.iter().map(|blob| blob.size).sum::<u64>(),
        "removed": removed,
        "skipped": skipped(&local.found),
        "largest": largest(&blobs).iter().map(|blob| json!({"path": blob.path, "size": blob.size})).collect::<Vec<_>>(),
    });
    app.out.result(&answer, || report(&local, &new, &blobs, &removed))?;
    Ok(0)
}

fn largest(blobs: &[Blob]) -> Vec<&Blob> {
    let mut sorted: Vec<_> = blobs.iter().collect();
    sorted.sort_by_key(|blob| std::cmp::Reverse(blob.size));
    sorted.truncate(LARGEST);
    sorted
}

/// `new` are the files whose content the server does not have, `blobs` those contents, each once.
fn report(local: &Local, new: &[&ManifestEntry], blobs: &[Blob], removed: &[String]) -> String {
    let mut lines: Vec<String> =
        new.iter().map(|file| format!("send    {}  {}", plain(&file.path), bytes(file.size))).collect();
    lines.extend(local.manifest.folders.iter().map(|path| format!("folder  {}/", plain(path))));
    lines.extend(removed.iter().map(|path| format!("remove  {}", plain(path))));
    lines.extend(
        local
            .found
            .skipped
            .iter()
            .map(|skipped| format!("skip    {}  ({})", plain(&skipped.path), skipped.why.describe())),
    );
    if blobs.len() > 1 {
        lines.push(format!("\nthe {} largest to send:", blobs.len().min(LARGEST)));
        lines.extend(
            largest(blobs).iter().map(|blob| format!("{:>12}  {}", bytes(blob.size), plain(&blob.path))),
        );
    }
    lines.push(summary(local, new.len(), blobs, removed));
    lines.join("\n")
}

fn summary(local: &Local, new: usize, blobs: &[Blob], removed: &[String]) -> String {
    format!(
        "\nwould send {} ({}); the server has {}; would remove {}; skips {}. Nothing was sent.",
        count(new as u64, "file"),
        bytes(blobs.iter().map(|blob| blob.size).sum()),
        count((local.manifest.files.len() - new) as u64, "file"),
        count(removed.len() as u64, "file"),
        local.found.skipped.len(),
    )
}
