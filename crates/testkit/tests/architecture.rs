//! The invariants of ARCHITECTURE.md that a look at the tree can check: who may depend on what, and how files begin.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Tests stand on everything.
const TESTKIT: &str = "crates/testkit";

fn packages() -> Vec<String> {
    let manifest = table("Cargo.toml");
    let members = manifest["workspace"]["members"].as_array().expect("members");
    members.iter().map(|member| member.as_str().expect("a path").to_owned()).collect()
}

fn table(path: &str) -> toml::Table {
    let text = std::fs::read_to_string(Path::new(ROOT).join(path)).expect(path);
    text.parse().expect(path)
}

/// Names that a package depends on outside its tests.
fn dependencies(package: &str) -> BTreeSet<String> {
    let manifest = table(&format!("{package}/Cargo.toml"));
    let names = ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| manifest.get(*section)?.as_table());
    names.flat_map(|table| table.keys().cloned()).collect()
}

/// All Rust files under `dir`, relative to the root.
fn rust_files(dir: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(ROOT).join(dir)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(ROOT).expect("under the root").display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Sources and tests of all packages; the starter programs of runtimes are data.
fn all_rust_files() -> impl Iterator<Item = String> {
    packages()
        .into_iter()
        .flat_map(|package| ["src", "tests"].map(|part| rust_files(&format!("{package}/{part}"))).concat())
}

fn source(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).expect(file)
}

/// Whether `source` names the crate `name` in a path (`name::…`), comments aside.
fn names(source: &str, name: &str) -> bool {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.into_iter().any(|line| {
        line.match_indices(&format!("{name}::")).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
        })
    })
}

#[test]
fn each_edge_has_one_owner() {
    let owners = [
        ("lapin", "crates/broker"),
        ("tokio-postgres", "crates/store"),
        ("deadpool-postgres", "crates/store"),
        ("sea-query", "crates/store"),
        ("minio", "crates/artifacts"),
        ("bollard", "worker"),
        ("warp", "coordinator"),
        ("ractor", "coordinator"),
        ("tantivy", "crates/hybrid-index"),
        ("instant-distance", "crates/hybrid-index"),
        ("actix", "embedder"),
        ("rust-bert", "embedder"),
        ("tch", "embedder"),
    ];
    for package in packages().iter().filter(|package| *package != TESTKIT) {
        let used = dependencies(package);
        for (dependency, owner) in owners {
            assert!(
                package == owner || !used.contains(dependency),
                "{package} may not use {dependency}: that is {owner}'s"
            );
        }
    }
}

#[test]
fn the_words_of_the_system_depend_on_nothing_of_ours() {
    let ours: Vec<_> =
        dependencies("crates/protocol").into_iter().filter(|name| name.starts_with("engunity-")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}

#[test]
fn a_worker_holds_no_database() {
    for forbidden in ["engunity-store", "tokio-postgres", "deadpool-postgres"] {
        assert!(
            !dependencies("worker").contains(forbidden),
            "the worker runs strangers' code: no {forbidden}"
        );
    }
    for file in rust_files("worker/src") {
        assert!(!source(&file).to_lowercase().contains("postgres"), "{file} speaks of PostgreSQL");
    }
}

#[test]
fn the_command_line_speaks_only_to_the_api() {
    let ours: BTreeSet<_> =
        dependencies("cli").into_iter().filter(|name| name.starts_with("engunity-")).collect();
    assert!(ours.iter().all(|name| name == "engunity-protocol"), "{ours:?}");
}

#[test]
fn within_a_program_each_edge_has_its_place() {
    let places: [(&str, &str, &[&str]); 5] = [
        ("worker/src", "bollard", &["worker/src/sandbox/docker.rs", "worker/src/sandbox/docker/"]),
        ("embedder/src", "rust_bert", &["embedder/src/bert.rs"]),
        ("embedder/src", "tch", &["embedder/src/bert.rs"]),
        ("coordinator/src", "warp", &["coordinator/src/http/", "coordinator/src/api/"]),
        (
            "coordinator/src",
            "ractor",
            &[
                "coordinator/src/session/actor.rs",
                "coordinator/src/session/supervisor.rs",
                "coordinator/src/supervisor.rs",
            ],
        ),
    ];
    for (dir, edge, allowed) in places {
        for file in rust_files(dir).iter().filter(|file| !allowed.iter().any(|place| file.starts_with(place)))
        {
            assert!(!names(&source(file), edge), "{file} may not use {edge}: that belongs in {allowed:?}");
        }
    }
}

/// An allowance that nothing uses would hide a later mistake.
#[test]
fn exceptions_are_needed() {
    let (file, edge) = ("coordinator/src/supervisor.rs", "ractor");
    assert!(names(&source(file), edge), "{file} no longer uses {edge}: remove the exception");
}

/// Folders that may not name others of the same crate: (crate's sources, folder, folders it must not know).
const LAYERS: [(&str, &str, &[&str]); 10] = [
    // The store: areas of data know jobs' fencing at most; gc reads all and is read by none.
    ("crates/store/src", "accounts", &["jobs", "files", "workers", "gc"]),
    ("crates/store/src", "files", &["accounts", "gc"]),
    ("crates/store/src", "workers", &["accounts", "files", "gc"]),
    ("crates/store/src", "jobs", &["accounts", "gc"]),
    ("crates/store/src", "indexes", &["accounts", "files", "gc"]),
    // The worker: intake starts runs, runs report; nothing below knows what is above it. The heartbeat reads free slots.
    ("worker/src", "report", &["execution", "sandbox", "jobs"]),
    ("worker/src", "sandbox", &["intake", "execution", "report", "jobs"]),
    ("worker/src", "execution", &["intake", "jobs"]),
    ("worker/src", "jobs", &["intake", "report"]),
    ("worker/src", "indexes", &["intake", "execution", "report", "jobs", "services"]),
];

#[test]
fn lower_layers_do_not_know_upper_ones() {
    let mut found = Vec::new();
    for (root, folder, upper) in LAYERS {
        let files = rust_files(&format!("{root}/{folder}"));
        assert!(!files.is_empty(), "{root}/{folder} is gone: adapt the layers");
        for file in files.iter().filter(|file| !file.ends_with("tests.rs")) {
            let text = source(file);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let used = own_modules(code);
            let known = upper.iter().filter(|upper| used.contains(**upper));
            found.extend(known.map(|upper| format!("{file} names {upper}")));
        }
    }
    assert!(found.is_empty(), "arrows that point up: {found:#?}");
}

/// The modules of its own crate that `source` names by `crate::…`, comments aside.
fn own_modules(source: &str) -> BTreeSet<String> {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.chars().chain(['\n']))
        .collect();
    let mut modules = BTreeSet::new();
    for (at, name) in code.match_indices("crate::") {
        let rest = &code[at + name.len()..];
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(top_level_names(group)),
            None => modules.extend(word(rest)),
        }
    }
    modules
}

/// The first segments of a `use crate::{…}` group; `group` begins after the brace.
fn top_level_names(group: &str) -> Vec<String> {
    let (mut depth, mut item, mut names) = (0, String::new(), Vec::new());
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.extend(word(&std::mem::take(&mut item))),
            other if depth == 0 => item.push(other),
            _ => {}
        }
    }
    names.extend(word(&item));
    names
}

fn word(text: &str) -> Option<String> {
    let word: String =
        text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// The coordinator's layers: who may use which other module of the crate. Services know neither HTTP nor handlers, nor who
/// starts them.
#[test]
fn the_coordinators_arrows_point_one_way() {
    let layers: [(&str, &[&str]); 11] = [
        ("notify/", &[]),
        ("auth/", &["config"]),
        ("limits.rs", &[]),
        ("files/", &["notify"]),
        ("jobs/", &["limits", "notify"]),
        ("session/", &["notify"]),
        ("search/", &["files", "jobs"]),
        ("projects.rs", &["notify"]),
        ("maintenance/", &["app", "orchestrator", "supervisor"]),
        (
            "orchestrator.rs",
            &["database_watch", "jobs", "limits", "notify", "search", "session", "supervisor"],
        ),
        ("http/", &["app", "auth", "config", "limits"]),
    ];
    for (layer, allowed) in layers {
        let own = layer.trim_end_matches('/').trim_end_matches(".rs");
        let files = rust_files("coordinator/src");
        let files: Vec<_> =
            files.iter().filter(|file| file.starts_with(&format!("coordinator/src/{layer}"))).collect();
        assert!(!files.is_empty(), "there is no {layer}: correct this table");
        for file in files {
            let used = own_modules(&source(file));
            let wrong: Vec<_> =
                used.iter().filter(|name| *name != own && !allowed.contains(&name.as_str())).collect();
            assert!(wrong.is_empty(), "{file} may not use {wrong:?}: {layer} may use {allowed:?}");
        }
    }
}

#[test]
fn imports_are_found_however_they_are_written() {
    let source = "use crate::{\n    app::App,\n    session::{Sessions, core::Input},\n};\nuse crate::http::error;\n// crate::api\n";
    let found: Vec<_> = own_modules(source).into_iter().collect();
    assert_eq!(found, ["app", "http", "session"]);
}

#[test]
fn the_session_core_is_pure() {
    let core = source("coordinator/src/session/core.rs");
    for effect in
        ["tokio", "engunity_store", "engunity_broker", "ractor", "std::time::Instant::now", "Utc::now"]
    {
        let named = names(&core, effect) || (effect.ends_with("now") && core.contains(effect));
        assert!(!named, "apply(input, now) -> effects has no use for {effect}");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let files = all_rust_files();
    let silent: Vec<_> = files.filter(|file| !source(file).starts_with("//!")).collect();
    assert!(silent.is_empty(), "these do not start with `//!`: {silent:#?}");
}

#[test]
fn files_stay_short() {
    let files = all_rust_files();
    let long: Vec<_> =
        files.map(|file| (source(&file).lines().count(), file)).filter(|(lines, _)| *lines > 450).collect();
    assert!(long.is_empty(), "longer than 450 lines: {long:#?}");
}

#[test]
fn statuses_of_errors_are_decided_once() {
    let number = |line: &str| {
        ["(404)", "(409)", "(422)", "(429)", "(500)", "(503)"].iter().any(|code| line.contains(code))
    };
    for file in rust_files("coordinator/src") {
        let text = source(&file);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let bad = code.lines().find(|line| line.contains("StatusCode") && number(line));
        assert!(bad.is_none(), "{file} decides a status by itself, which ErrorCode::status does: {bad:?}");
    }
}

/// The text of `UnfinishedWork` markers, put together so that this file does not contain them.
#[test]
fn nothing_is_left_for_later() {
    let markers =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimplemented", "!("), concat!("to", "do!(")];
    for file in all_rust_files() {
        let text = source(&file);
        assert!(!markers.iter().any(|marker| text.contains(marker)), "{file} has unfinished work");
    }
}
