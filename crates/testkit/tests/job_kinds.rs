//! CONTRIBUTING's promise about job kinds: an entry of the table, a file of the worker and its line of registration. A
//! kind that exists only with the feature `test-kind` shows it: its name occurs nowhere else, and a test of the worker
//! (`new_kind`) runs its jobs.

use std::path::{Path, PathBuf};

use engunity_protocol::job::JobKind;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const TABLE: &str = "crates/protocol/src/job/kind.rs";

/// Files with these endings below `dirs`, as (path relative to the root, text).
fn files(dirs: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = dirs.iter().map(|dir| Path::new(ROOT).join(dir)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(ROOT).expect("under the root").display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found.sort();
    found
}

/// The sources of all programs and libraries, and the schema; tests beside them are not looked at.
fn sources() -> Vec<(String, String)> {
    let crates = std::fs::read_dir(Path::new(ROOT).join("crates")).expect("crates").flatten();
    let crates: Vec<String> =
        crates.map(|entry| format!("crates/{}/src", entry.file_name().to_string_lossy())).collect();
    let mut dirs: Vec<&str> = crates.iter().map(String::as_str).collect();
    dirs.extend(["coordinator/src", "worker/src", "cli/src", "migrations"]);
    let mut files = files(&dirs, &[".rs", ".sql"]);
    files.retain(|(name, _)| !name.ends_with("tests.rs"));
    for (_, text) in &mut files {
        text.truncate(text.find("#[cfg(test)]").unwrap_or(text.len()));
    }
    files
}

#[test]
fn a_new_kind_is_an_entry_a_file_and_a_registration() {
    let named = |text: &str| ["TestEcho", "test_echo"].iter().any(|name| text.contains(name));
    let sources = sources().into_iter();
    let places: Vec<String> =
        sources.filter(|(file, text)| named(file) || named(text)).map(|(file, _)| file).collect();
    assert_eq!(places, [TABLE, "worker/src/jobs/mod.rs", "worker/src/jobs/test_echo.rs"]);
}

#[test]
fn no_statement_spells_a_kind() {
    for (file, text) in files(&["crates/store/src"], &[".rs"]) {
        for kind in JobKind::ALL {
            assert!(!text.contains(&format!("'{kind}'")), "{file} spells {kind}: pass it from the table");
        }
    }
}

/// Whatever depends on the kind is a property in the table; only the worker's registration and those who submit a job
/// name one.
#[test]
fn nothing_else_decides_by_the_kind() {
    for (file, text) in sources().iter().filter(|(name, _)| name != TABLE) {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let variant = line.split("JobKind::").nth(1).unwrap_or_default();
            let named = variant.starts_with(|first: char| first.is_ascii_uppercase())
                && !["ALL", "OF_OLDER_WORKERS"].iter().any(|list| variant.starts_with(list));
            assert!(!named || file == "worker/src/jobs/mod.rs", "{file} names a kind: {line}");
        }
    }
}
