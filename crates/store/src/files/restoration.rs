//! What restoring entries of the trash does to a project: where each goes, which folders are made, what is replaced. Pure.

use std::collections::{HashMap, HashSet};

use engunity_protocol::{
    FileId, TrashId,
    bulk::{OnConflict, RestoredItem, TrashRestored},
    file::FileType,
    problem::ErrorCode,
};
use uuid::Uuid;

use crate::files::{
    plan::NewFolder,
    rearrange::failure,
    tree::{Entry, Refusal, Tree},
};

/// A deleted file or folder.
#[derive(Debug, Clone)]
pub(crate) struct Deleted {
    /// Its row in the trash.
    pub id: Uuid,
    pub path: String,
    pub hash: Option<String>,
    pub entry: Entry,
}

/// A row to restore.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RestoredRow {
    pub id: Uuid,
    pub path: String,
    /// `None` where its folder is restored with it.
    pub parent: Option<Option<FileId>>,
}

#[derive(Debug, Default)]
pub(crate) struct Restoration {
    /// Outer ones first.
    pub folders: Vec<NewFolder>,
    pub rows: Vec<RestoredRow>,
    pub hashes: Vec<String>,
    pub replaced: Vec<FileId>,
    pub outcome: TrashRestored,
}

/// Decides what becomes of each entry of the trash; each is given with what was in it, outer ones first.
pub(crate) fn restore(
    tree: &mut Tree,
    mut entries: Vec<Vec<Deleted>>,
    on_conflict: OnConflict,
) -> Restoration {
    // A folder comes before what was deleted in it earlier.
    entries.sort_by(|a, b| a[0].path.cmp(&b[0].path));
    let mut out = Restoration::default();
    for entry in &entries {
        let root = &entry[0];
        match restore_one(tree, root, entry, on_conflict, &mut out) {
            Ok(path) => out.outcome.done.push(RestoredItem { id: root.entry.id, path }),
            Err(refusal) => out.outcome.failed.push(failure(&root.path, refusal)),
        }
    }
    out
}

fn restore_one(
    tree: &mut Tree,
    root: &Deleted,
    items: &[Deleted],
    on_conflict: OnConflict,
    out: &mut Restoration,
) -> Result<String, Refusal> {
    let place = tree.place(&root.path, root.entry.kind, on_conflict)?;
    let ends: Vec<&str> = items.iter().map(|item| &item.path[root.path.len()..]).collect();
    Tree::check_paths(&place.path, ends.iter().copied())?;
    let (parent, missing) = tree.folders_above(&place.path)?;
    let bytes = items.iter().map(|item| item.entry.size).sum();
    tree.check_room(&place, items.len() + missing.len(), bytes)?;
    if let Some(replaced) = place.replaced {
        out.replaced.push(replaced);
        tree.remove(&place.path);
    }
    let parent = make_folders(tree, parent, missing, out);
    for (item, end) in items.iter().zip(&ends) {
        let parent = end.is_empty().then_some(parent);
        out.rows.push(RestoredRow { id: item.id, path: format!("{}{end}", place.path), parent });
        out.hashes.extend(item.hash.clone());
    }
    tree.insert(&place.path, ends.iter().zip(items).map(|(end, item)| ((*end).to_owned(), item.entry)));
    Ok(place.path)
}

/// Makes the `missing` folders in `parent`, each in the one before; returns the innermost.
fn make_folders(
    tree: &mut Tree,
    mut parent: Option<FileId>,
    missing: Vec<String>,
    out: &mut Restoration,
) -> Option<FileId> {
    for path in missing {
        let id = FileId::new();
        let entry = Entry { id, kind: FileType::Folder, size: 0 };
        tree.insert(&path, [(String::new(), entry)]);
        out.folders.push(NewFolder { id, path, parent });
        parent = Some(id);
    }
    parent
}

/// Those of `ids` that are not in the trash.
pub(crate) fn missing(ids: &[TrashId], entries: &[Vec<Deleted>]) -> Vec<TrashId> {
    let found: HashSet<Uuid> = entries.iter().map(|entry| entry[0].id).collect();
    ids.iter().copied().filter(|id| !found.contains(&id.0)).collect()
}

pub(crate) fn not_in_trash() -> Refusal {
    let detail = "it is not in the trash: it was restored, deleted for good, or has expired";
    Refusal::new(ErrorCode::NotFound, detail)
}

/// Puts together what was read row by row, by the number of the entry that each belongs to.
pub(crate) fn by_entry(rows: impl Iterator<Item = (Uuid, Deleted)>) -> Vec<Vec<Deleted>> {
    let mut entries: HashMap<Uuid, Vec<Deleted>> = HashMap::new();
    for (root, row) in rows {
        entries.entry(root).or_default().push(row);
    }
    let mut entries: Vec<_> = entries.into_values().collect();
    entries.iter_mut().for_each(|rows| rows.sort_by(|a, b| a.path.cmp(&b.path)));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::tree::tests::tree;

    fn deleted(paths: &[&str]) -> Vec<Deleted> {
        let row = |path: &&str| {
            let (path, kind, size) = match path.strip_suffix('/') {
                Some(folder) => (folder, FileType::Folder, 0),
                None => (*path, FileType::File, 10),
            };
            let entry = Entry { id: FileId::new(), kind, size };
            Deleted { id: Uuid::now_v7(), path: path.to_owned(), hash: None, entry }
        };
        paths.iter().map(row).collect()
    }

    fn paths(plan: &Restoration) -> (Vec<&str>, Vec<&str>) {
        let folders = plan.folders.iter().map(|folder| folder.path.as_str()).collect();
        (folders, plan.rows.iter().map(|row| row.path.as_str()).collect())
    }

    #[test]
    fn missing_folders_are_made_once() {
        let mut tree = tree(&["src/"]);
        let entries = vec![deleted(&["src/a/b/two"]), deleted(&["src/a/b/one"])];
        let plan = restore(&mut tree, entries, OnConflict::Fail);
        assert_eq!(paths(&plan), (vec!["src/a", "src/a/b"], vec!["src/a/b/one", "src/a/b/two"]));
        assert_eq!(plan.folders[0].parent, tree.get("src").map(|entry| entry.id));
        assert!(plan.rows.iter().all(|row| row.parent == Some(Some(plan.folders[1].id))));
    }

    #[test]
    fn what_was_deleted_before_its_folder_goes_back_into_it() {
        let mut tree = tree(&[]);
        let entries = vec![deleted(&["d/x"]), deleted(&["d/", "d/y"])];
        let folder = entries[1][0].entry.id;
        let plan = restore(&mut tree, entries, OnConflict::Fail);
        assert_eq!(paths(&plan), (vec![], vec!["d", "d/y", "d/x"]));
        assert_eq!((plan.rows[1].parent, plan.rows[2].parent), (None, Some(Some(folder))));
    }

    #[test]
    fn a_taken_path_fails_is_numbered_or_replaced() {
        let end = |on_conflict| {
            let mut tree = tree(&["d/", "d/x"]);
            let plan = restore(&mut tree, vec![deleted(&["d/", "d/y"])], on_conflict);
            let failed = plan.outcome.failed.iter().map(|failed| failed.code).collect::<Vec<_>>();
            (plan.rows.iter().map(|row| row.path.clone()).collect::<Vec<_>>(), failed, plan.replaced.len())
        };
        assert_eq!(end(OnConflict::Fail), (vec![], vec![ErrorCode::Conflict], 0));
        assert_eq!(end(OnConflict::Rename), (vec!["d (1)".into(), "d (1)/y".into()], vec![], 0));
        assert_eq!(end(OnConflict::Replace), (vec!["d".into(), "d/y".into()], vec![], 1));
    }

    #[test]
    fn a_file_in_the_way_of_a_folder_and_a_full_project_are_named() {
        let mut blocked = tree(&["d"]);
        let plan = restore(&mut blocked, vec![deleted(&["d/x"])], OnConflict::Replace);
        assert_eq!(plan.outcome.failed[0].code, ErrorCode::Conflict);
        let mut full = tree(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
        let plan = restore(&mut full, vec![deleted(&["x"]), deleted(&["y"])], OnConflict::Fail);
        assert_eq!((plan.outcome.done.len(), plan.outcome.failed[0].code), (1, ErrorCode::QuotaExceeded));
        assert_eq!(missing(&[TrashId::new()], &[]).len(), 1);
    }
}
