//! Many files and folders deleted, moved or copied in one transaction. What is to be done is decided by pure functions,
//! on the project's [`Tree`]; the statements that follow do it for all rows at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use deadpool_postgres::Transaction;
use engunity_protocol::{
    FileId, ProjectId, UserId,
    bulk::{BulkDone, BulkFailure, BulkOutcome, OnConflict},
    file::FileType,
    history::Cause,
    path::ProjectPath,
    problem::ErrorCode,
};

use crate::{
    Result, Store, StoreError,
    files::{
        begin::{because, begin_many, deletion},
        change::ChangeError,
        quota::ProjectQuota,
        tree::{Entry, Place, Refusal, Tree, is_within, join},
    },
};

/// Moves, or copies.
#[derive(Debug, Clone)]
pub struct Rearrangement {
    pub copy: bool,
    pub paths: Vec<ProjectPath>,
    /// The folder to go into; `None` is the root.
    pub into: Option<ProjectPath>,
    pub on_conflict: OnConflict,
}

/// A row that gets a new path, or a copy with it.
#[derive(Debug)]
struct Step {
    source: FileId,
    id: FileId,
    path: String,
    /// `None` where the folder stays the same one.
    parent: Option<Option<FileId>>,
}

#[derive(Debug, Default)]
struct Steps {
    steps: Vec<Step>,
    replaced: Vec<FileId>,
    outcome: BulkOutcome,
}

impl Store {
    /// Puts files and folders into the trash, each with all in it.
    pub async fn delete_files(
        &self,
        owner: UserId,
        project: ProjectId,
        paths: &[ProjectPath],
    ) -> std::result::Result<BulkOutcome, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        begin_many(&transaction, owner, project, Cause::Delete).await?;
        let mut outcome = named(&at_paths(&transaction, project, paths).await?, paths);
        if outcome.done.is_empty() {
            return Ok(outcome);
        }
        delete(&transaction, outcome.done.iter().map(|done| done.id)).await?;
        outcome.deletion_id = deletion(&transaction).await?;
        transaction.commit().await?;
        Ok(outcome)
    }

    /// Moves or copies files and folders into a folder, each with all in it.
    pub async fn rearrange_files(
        &self,
        owner: UserId,
        project: ProjectId,
        wanted: &Rearrangement,
        quota: ProjectQuota,
    ) -> std::result::Result<BulkOutcome, ChangeError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        begin_many(&transaction, owner, project, Cause::Replace).await?;
        let mut tree = read_tree(&transaction, project, quota).await?;
        let into = target_folder(&tree, wanted.into.as_ref())?;
        let Steps { steps, replaced, mut outcome } = arrange(&mut tree, wanted, into);
        if steps.is_empty() {
            return Ok(outcome);
        }
        delete(&transaction, replaced.into_iter()).await?;
        outcome.deletion_id = deletion(&transaction).await?;
        if wanted.copy {
            because(&transaction, Cause::Create).await?;
            copy_rows(&transaction, project, &steps).await?;
        } else {
            because(&transaction, Cause::Move).await?;
            move_rows(&transaction, &steps).await?;
        }
        transaction.commit().await?;
        Ok(outcome)
    }
}

/// The folder that things go into; `None` is the root.
fn target_folder(
    tree: &Tree,
    into: Option<&ProjectPath>,
) -> std::result::Result<Option<FileId>, ChangeError> {
    let Some(into) = into else { return Ok(None) };
    match tree.get(into.as_str()) {
        Some(folder) if folder.kind == FileType::Folder => Ok(Some(folder.id)),
        Some(_) => Err(ChangeError::NotAFolder(into.to_string())),
        None => Err(ChangeError::NoFolder(into.to_string())),
    }
}

/// What a deletion comes to: what is there is done, each path once.
fn named(there: &HashMap<String, FileId>, paths: &[ProjectPath]) -> BulkOutcome {
    let mut outcome = BulkOutcome::default();
    let mut seen = BTreeSet::new();
    for path in paths.iter().map(ProjectPath::as_str).filter(|path| seen.insert(*path)) {
        match there.get(path) {
            Some(id) => outcome.done.push(BulkDone { id: *id, from: path.to_owned(), path: path.to_owned() }),
            None => outcome.failed.push(failure(path, Refusal::not_found(path))),
        }
    }
    outcome
}

pub(crate) fn failure(path: &str, refusal: Refusal) -> BulkFailure {
    BulkFailure { path: path.to_owned(), code: refusal.code, detail: refusal.detail }
}

/// Decides what becomes of each path.
fn arrange(tree: &mut Tree, wanted: &Rearrangement, into: Option<FileId>) -> Steps {
    let given: BTreeSet<&str> = wanted.paths.iter().map(ProjectPath::as_str).collect();
    let is_below = |path: &str| path.match_indices('/').find_map(|(end, _)| given.get(&path[..end]).copied());
    given.iter().filter(|path| is_below(path).is_none()).for_each(|path| tree.hold(path));
    let mut steps = Steps::default();
    let mut ended: HashMap<&str, std::result::Result<String, Refusal>> = HashMap::new();
    // Outer ones come first: what is below them goes with them.
    for path in &given {
        let end = match is_below(path) {
            Some(above) => follow(tree, path, above, &ended),
            None => arrange_one(tree, path, wanted, into, &mut steps),
        };
        match &end {
            Ok(to) => {
                let id = tree.get(to).map(|entry| entry.id);
                let done = id.map(|id| BulkDone { id, from: (*path).to_owned(), path: to.clone() });
                steps.outcome.done.extend(done);
            }
            Err(refusal) => steps.outcome.failed.push(failure(path, refusal.clone())),
        }
        ended.insert(path, end);
    }
    steps
}

/// Where `path` came with the folder `above` it.
fn follow(
    tree: &Tree,
    path: &str,
    above: &str,
    ended: &HashMap<&str, std::result::Result<String, Refusal>>,
) -> std::result::Result<String, Refusal> {
    let to = ended.get(above).cloned().unwrap_or_else(|| Err(Refusal::not_found(above)))?;
    let to = format!("{to}{}", &path[above.len()..]);
    if tree.get(&to).is_some() { Ok(to) } else { Err(Refusal::not_found(path)) }
}

fn arrange_one(
    tree: &mut Tree,
    path: &str,
    wanted: &Rearrangement,
    into: Option<FileId>,
    out: &mut Steps,
) -> std::result::Result<String, Refusal> {
    let entry = tree.get(path).ok_or_else(|| Refusal::not_found(path))?;
    let folder = wanted.into.as_ref().map_or("", ProjectPath::as_str);
    if is_within(folder, path) {
        let verb = if wanted.copy { "copied" } else { "moved" };
        return Err(Refusal::new(ErrorCode::InvalidInput, format!("{path} can't be {verb} into itself")));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let target = join(folder, name);
    if !wanted.copy && target == path {
        return Ok(target);
    }
    let place = tree.place(&target, entry.kind, wanted.on_conflict)?;
    let items = tree.subtree(path);
    Tree::check_paths(&place.path, items.iter().map(|(end, _)| end.as_str()))?;
    if wanted.copy {
        tree.check_room(&place, items.len(), items.iter().map(|(_, entry)| entry.size).sum())?;
    }
    go(tree, path, &place, items, wanted.copy, into, out);
    Ok(place.path)
}

/// Notes the steps of one item, and changes the tree as they will.
fn go(
    tree: &mut Tree,
    path: &str,
    place: &Place,
    items: Vec<(String, Entry)>,
    copy: bool,
    into: Option<FileId>,
    out: &mut Steps,
) {
    if let Some(replaced) = place.replaced {
        out.replaced.push(replaced);
        tree.remove(&place.path);
    }
    if !copy {
        tree.remove(path);
    }
    let mut ids: HashMap<String, FileId> = HashMap::new();
    let mut placed = Vec::with_capacity(items.len());
    for (end, entry) in items {
        let id = if copy { FileId::new() } else { entry.id };
        let above = end.rsplit_once('/').map(|(above, _)| ids.get(above).copied());
        let parent = match above {
            None => Some(into),
            Some(parent) => copy.then_some(parent),
        };
        out.steps.push(Step { source: entry.id, id, path: format!("{}{end}", place.path), parent });
        ids.insert(end.clone(), id);
        placed.push((end, Entry { id, ..entry }));
    }
    tree.insert(&place.path, placed);
}

async fn at_paths(
    transaction: &Transaction<'_>,
    project: ProjectId,
    paths: &[ProjectPath],
) -> Result<HashMap<String, FileId>> {
    let sql = "SELECT path, id FROM code_files WHERE project_id = $1 AND path = ANY($2::varchar[])";
    let statement = transaction.prepare_cached(sql).await?;
    let paths: Vec<&str> = paths.iter().map(ProjectPath::as_str).collect();
    let rows = transaction.query(&statement, &[&project.to_string(), &paths]).await?;
    rows.iter().map(|row| Ok((row.get(0), row.get::<_, &str>(1).parse()?))).collect()
}

pub(crate) async fn read_tree(
    transaction: &Transaction<'_>,
    project: ProjectId,
    quota: ProjectQuota,
) -> Result<Tree> {
    let sql = "SELECT path, id, type = 'folder', size FROM code_files WHERE project_id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&project.to_string()]).await?;
    let entries: Result<BTreeMap<String, Entry>> = rows
        .iter()
        .map(|row| {
            let kind = if row.get(2) { FileType::Folder } else { FileType::File };
            let entry = Entry { id: row.get::<_, &str>(1).parse()?, kind, size: row.get(3) };
            Ok((row.get(0), entry))
        })
        .collect();
    Ok(Tree::new(entries?, quota))
}

/// Deletes rows and, by the foreign key, all below them: the triggers put them into the trash.
pub(crate) async fn delete(transaction: &Transaction<'_>, ids: impl Iterator<Item = FileId>) -> Result<()> {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    if !ids.is_empty() {
        let statement = transaction.prepare_cached("DELETE FROM code_files WHERE id = ANY($1)").await?;
        transaction.execute(&statement, &[&ids]).await?;
    }
    Ok(())
}

/// The columns of the steps, one array each: what `unnest` takes.
struct Columns<'a> {
    sources: Vec<String>,
    ids: Vec<String>,
    paths: Vec<&'a str>,
    parents: Vec<Option<String>>,
    /// Whether the parent is another.
    roots: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn new(steps: &'a [Step]) -> Self {
        let parent = |step: &Step| step.parent.flatten().map(|id| id.to_string());
        Self {
            sources: steps.iter().map(|step| step.source.to_string()).collect(),
            ids: steps.iter().map(|step| step.id.to_string()).collect(),
            paths: steps.iter().map(|step| step.path.as_str()).collect(),
            parents: steps.iter().map(parent).collect(),
            roots: steps.iter().map(|step| step.parent.is_some()).collect(),
        }
    }
}

async fn move_rows(transaction: &Transaction<'_>, steps: &[Step]) -> Result<()> {
    let sql = "UPDATE code_files f SET path = t.path, name = substring(t.path from '[^/]*$'),
            parent_id = CASE WHEN t.root THEN t.parent ELSE f.parent_id END, updated_at = now()
        FROM unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::bool[]) AS t(id, path, parent, root) WHERE f.id = t.id";
    let statement = transaction.prepare_cached(sql).await?;
    let c = Columns::new(steps);
    let moved = transaction.execute(&statement, &[&c.ids, &c.paths, &c.parents, &c.roots]).await?;
    all_of(steps, moved)
}

async fn copy_rows(transaction: &Transaction<'_>, project: ProjectId, steps: &[Step]) -> Result<()> {
    let sql = "INSERT INTO code_files (id, project_id, path, name, type, language, parent_id, content, hash, size, is_binary, executable, is_link)
        SELECT t.id, $1::varchar, t.path, substring(t.path from '[^/]*$'), f.type, f.language, t.parent, f.content, f.hash, f.size,
            f.is_binary, f.executable, f.is_link
        FROM unnest($2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[]) AS t(source, id, path, parent)
            JOIN code_files f ON f.id = t.source";
    let statement = transaction.prepare_cached(sql).await?;
    let c = Columns::new(steps);
    let copied = transaction
        .execute(&statement, &[&project.to_string(), &c.sources, &c.ids, &c.paths, &c.parents])
        .await?;
    all_of(steps, copied)
}

fn all_of(steps: &[Step], written: u64) -> Result<()> {
    if written == steps.len() as u64 {
        return Ok(());
    }
    Err(StoreError::corrupt(format!("a bulk change found {written} of {} rows", steps.len())))
}

#[cfg(test)]
#[path = "rearrange_tests.rs"]
mod tests;
