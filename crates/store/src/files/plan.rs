//! What a set of arriving files does to a project: which rows to add, rewrite and remove. Pure.

use std::collections::{HashMap, HashSet};

use engunity_protocol::{FileId, file::FileType, path::ProjectPath};

use crate::files::{change::ChangeError, quota::ProjectQuota};

/// A row that is there.
#[derive(Debug, Clone)]
pub struct ExistingFile {
    pub id: FileId,
    pub kind: FileType,
    pub hash: Option<String>,
    pub size: i64,
    pub executable: bool,
    pub link: bool,
}

/// A file or folder that arrives.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub path: ProjectPath,
    pub kind: FileType,
    /// BLAKE3, hex; empty for folders.
    pub hash: String,
    pub size: i64,
    pub executable: bool,
    /// A symbolic link: its content is its target.
    pub link: bool,
    pub binary: bool,
    /// Its text goes into the database; else its bytes are an object in storage.
    pub inline: bool,
    pub language: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFolder {
    pub id: FileId,
    pub path: String,
    pub parent: Option<FileId>,
}

/// A file to write: which arrival, the row's id, and for new rows the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    pub arrival: usize,
    pub id: FileId,
    pub parent: Option<FileId>,
}

#[derive(Debug, Default)]
pub struct Plan {
    /// Outer ones first.
    pub folders: Vec<NewFolder>,
    pub inserts: Vec<Write>,
    pub updates: Vec<Write>,
    /// Ids of rows to remove first, outer ones before what is in them.
    pub removed: Vec<FileId>,
    /// The paths of the files among them.
    pub removed_paths: Vec<String>,
    pub unchanged: u64,
}

/// Decides; `keep` leaves alone what does not arrive.
pub fn plan(
    mut existing: HashMap<String, ExistingFile>,
    arrivals: &[Arrival],
    keep: bool,
    quota: ProjectQuota,
) -> Result<Plan, ChangeError> {
    let mut plan = Plan::default();
    if !keep {
        remove_absent(&mut existing, arrivals, &mut plan);
    }
    let mut ids: HashMap<String, FileId> = HashMap::new();
    for (number, arrival) in arrivals.iter().enumerate() {
        let parent = place(&arrival.path, &mut existing, &mut ids, &mut plan)?;
        let path = arrival.path.as_str();
        match (arrival.kind, existing.get(path)) {
            (FileType::Folder, _) => drop(folder(path, &mut existing, &mut ids, parent, &mut plan)?),
            (FileType::File, None) => plan.inserts.push(Write { arrival: number, id: FileId::new(), parent }),
            (FileType::File, Some(known)) if known.kind == FileType::Folder => {
                return Err(ChangeError::IsAFolder(path.to_owned()));
            }
            (FileType::File, Some(known)) if same(known, arrival) => plan.unchanged += 1,
            (FileType::File, Some(known)) => {
                plan.updates.push(Write { arrival: number, id: known.id, parent: None })
            }
        }
    }
    check_quota(&existing, arrivals, &plan, quota)?;
    Ok(plan)
}

fn same(known: &ExistingFile, arrival: &Arrival) -> bool {
    known.hash.as_deref() == Some(&arrival.hash)
        && known.executable == arrival.executable
        && known.link == arrival.link
}

fn remove_absent(existing: &mut HashMap<String, ExistingFile>, arrivals: &[Arrival], plan: &mut Plan) {
    let mut wanted: HashMap<&str, FileType> = arrivals.iter().map(|a| (a.path.as_str(), a.kind)).collect();
    for arrival in arrivals {
        let path = arrival.path.as_str();
        wanted.extend(path.match_indices('/').map(|(end, _)| (&path[..end], FileType::Folder)));
    }
    let mut removed = Vec::new();
    existing.retain(|path, known| {
        let stays = wanted.get(path.as_str()) == Some(&known.kind);
        if !stays {
            removed.push((path.clone(), known.id, known.kind));
        }
        stays
    });
    removed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    plan.removed = removed.iter().map(|(_, id, _)| *id).collect();
    let files = removed.into_iter().filter(|(_, _, kind)| *kind == FileType::File);
    plan.removed_paths = files.map(|(path, ..)| path).collect();
}

/// Makes sure of all folders above `path`; returns the id of the innermost.
fn place(
    path: &ProjectPath,
    existing: &mut HashMap<String, ExistingFile>,
    ids: &mut HashMap<String, FileId>,
    plan: &mut Plan,
) -> Result<Option<FileId>, ChangeError> {
    // Most files share their folder with the one before: no need to walk down each time.
    let text = path.as_str();
    if let Some(id) = text.rsplit_once('/').and_then(|(parent, _)| ids.get(parent)) {
        return Ok(Some(*id));
    }
    let mut parent = None;
    for (end, _) in text.match_indices('/') {
        parent = Some(folder(&text[..end], existing, ids, parent, plan)?);
    }
    Ok(parent)
}

fn folder(
    path: &str,
    existing: &mut HashMap<String, ExistingFile>,
    ids: &mut HashMap<String, FileId>,
    parent: Option<FileId>,
    plan: &mut Plan,
) -> Result<FileId, ChangeError> {
    if let Some(id) = ids.get(path) {
        return Ok(*id);
    }
    let id = match existing.get(path) {
        Some(known) if known.kind == FileType::Folder => known.id,
        Some(_) => return Err(ChangeError::NotAFolder(path.to_owned())),
        None => {
            let id = FileId::new();
            plan.folders.push(NewFolder { id, path: path.to_owned(), parent });
            id
        }
    };
    ids.insert(path.to_owned(), id);
    Ok(id)
}

fn check_quota(
    existing: &HashMap<String, ExistingFile>,
    arrivals: &[Arrival],
    plan: &Plan,
    quota: ProjectQuota,
) -> Result<(), ChangeError> {
    let rewritten: HashSet<FileId> = plan.updates.iter().map(|w| w.id).collect();
    let staying: i64 =
        existing.values().filter(|known| !rewritten.contains(&known.id)).map(|known| known.size).sum();
    let arriving: i64 = plan.inserts.iter().chain(&plan.updates).map(|w| arrivals[w.arrival].size).sum();
    let files = (existing.len() + plan.folders.len() + plan.inserts.len()) as i64;
    let bytes = staying.saturating_add(arriving);
    ChangeError::unless_allowed(quota, files, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: ProjectQuota = ProjectQuota { files: 100, bytes: 1000 };

    fn arrival(path: &str, hash: &str) -> Arrival {
        let path = ProjectPath::parse(path).unwrap();
        Arrival {
            path,
            kind: FileType::File,
            hash: hash.into(),
            size: 10,
            executable: false,
            link: false,
            binary: false,
            inline: true,
            language: None,
        }
    }

    fn known(items: &[(&str, &str)]) -> HashMap<String, ExistingFile> {
        let row = |(path, hash): &(&str, &str)| {
            let kind = if hash.is_empty() { FileType::Folder } else { FileType::File };
            let hash = (!hash.is_empty()).then(|| hash.to_string());
            let id = FileId::new();
            let (size, executable, link) = (10, false, false);
            (path.to_string(), ExistingFile { id, kind, hash, size, executable, link })
        };
        items.iter().map(row).collect()
    }

    #[test]
    fn adds_rewrites_and_leaves_alone() {
        let existing = known(&[("a", ""), ("a/old", "1"), ("a/same", "2"), ("other", "3")]);
        let old = existing["a/old"].id;
        let plan = plan(
            existing,
            &[arrival("a/old", "9"), arrival("a/same", "2"), arrival("b/c/new", "4")],
            true,
            QUOTA,
        )
        .unwrap();
        assert_eq!(plan.updates, [Write { arrival: 0, id: old, parent: None }]);
        assert_eq!((plan.unchanged, plan.removed.len(), plan.inserts.len()), (1, 0, 1));
        let folders: Vec<_> = plan.folders.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(folders, ["b", "b/c"]);
        assert_eq!(plan.folders[1].parent.as_ref(), Some(&plan.folders[0].id));
        assert_eq!(plan.inserts[0].parent.as_ref(), Some(&plan.folders[1].id));
    }

    #[test]
    fn a_file_becomes_a_link_though_its_content_stays() {
        let link = Arrival { link: true, ..arrival("a", "1") };
        let plan = plan(known(&[("a", "1")]), &[link], true, QUOTA).unwrap();
        assert_eq!((plan.updates.len(), plan.unchanged), (1, 0));
    }

    #[test]
    fn removes_what_does_not_arrive() {
        let existing = known(&[("a", ""), ("a/gone", "1"), ("b", ""), ("b/stays", "2"), ("c", "3")]);
        let plan = plan(
            existing,
            &[arrival("b/stays", "2"), arrival("a", "4"), arrival("c/below", "5")],
            false,
            QUOTA,
        )
        .unwrap();
        assert_eq!(plan.removed_paths, ["a/gone", "c"]);
        assert_eq!(plan.removed.len(), 3);
        assert_eq!(plan.inserts.len(), 2);
    }

    #[test]
    fn refuses_files_in_the_way_of_folders() {
        let taken =
            |existing: &[(&str, &str)], path: &str| plan(known(existing), &[arrival(path, "1")], true, QUOTA);
        assert!(matches!(taken(&[("a", "1")], "a/b"), Err(ChangeError::NotAFolder(path)) if path == "a"));
        assert!(matches!(taken(&[("a", "")], "a"), Err(ChangeError::IsAFolder(path)) if path == "a"));
    }

    #[test]
    fn refuses_more_than_fits() {
        let arrivals: Vec<_> =
            (0..101).map(|n| Arrival { size: 0, ..arrival(&format!("f{n}"), "1") }).collect();
        assert!(matches!(
            plan(HashMap::new(), &arrivals, true, QUOTA),
            Err(ChangeError::Full { files: 101, .. })
        ));
        let arrivals = [Arrival { size: 1001, ..arrival("big", "1") }];
        assert!(matches!(
            plan(HashMap::new(), &arrivals, true, QUOTA),
            Err(ChangeError::Full { bytes: 1001, .. })
        ));
    }
}
