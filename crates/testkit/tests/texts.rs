//! Rules for all text files of the project: what they never contain, how wide documents are, and that their links lead
//! somewhere. Reads the tree only.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const MARKDOWN_WIDTH: usize = 120;

/// Files below the root that git would track, relative to it, without binary ones.
fn texts() -> Vec<(PathBuf, String)> {
    let walk = WalkBuilder::new(ROOT).hidden(false).require_git(false).build();
    let files =
        walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    files
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(ROOT).expect("under the root").to_owned();
            (!path.starts_with(".git")).then_some(())?;
            Some((path, std::fs::read_to_string(entry.path()).ok()?))
        })
        .collect()
}

fn documents() -> Vec<(PathBuf, String)> {
    texts().into_iter().filter(|(path, _)| path.extension().is_some_and(|kind| kind == "md")).collect()
}

/// Phrases that belong to how the project was made, not to the project. Put together here so that this file has none.
fn forbidden() -> Vec<String> {
    let issues = ["the issue ", "The issue ", "this issue "].iter().flat_map(|subject| {
        ["asks", "says", "wants", "demands"].iter().map(move |verb| format!("{subject}{verb}"))
    });
    let paths = ["work/", "root/team", "Users/"].iter().map(|path| format!("/{path}"));
    let hosts = ["registry.npmjs", "files.pythonhosted", "static.crates", "index.crates", "proxy.golang"];
    let hosts =
        hosts.iter().zip([".org", ".org", ".io", ".io", ".org"]).map(|(name, end)| format!("{name}{end}"));
    issues.chain(paths).chain(hosts).chain([["pypi.org", "simple"].join("/")]).collect()
}

#[test]
fn no_file_speaks_of_its_making() {
    let forbidden = forbidden();
    let mut found = Vec::new();
    for (path, text) in texts() {
        let phrases = forbidden.iter().filter(|phrase| text.contains(*phrase));
        found.extend(phrases.map(|phrase| format!("{}: {phrase:?}", path.display())));
    }
    assert!(found.is_empty(), "files name issues, paths of one machine or hosts of registries: {found:#?}");
}

#[test]
fn no_file_has_the_path_of_this_clone() {
    let clone = Path::new(ROOT).canonicalize().expect("the root").display().to_string();
    let found: Vec<_> =
        texts().into_iter().filter(|(_, text)| text.contains(&clone)).map(|(path, _)| path).collect();
    assert!(found.is_empty(), "{clone} is in {found:?}");
}

/// Lines outside code blocks; a table's row and a line that is one link cannot be wrapped.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        let breakable = line.trim_start_matches(['-', '*', ' ']).contains(' ');
        !in_code && !fence && !line.starts_with('|') && breakable
    })
}

#[test]
fn documents_are_at_most_120_columns_wide() {
    let mut wide = Vec::new();
    for (path, text) in documents() {
        let lines = prose(&text).filter(|(_, line)| line.chars().count() > MARKDOWN_WIDTH);
        wide.extend(lines.map(|(at, _)| format!("{}:{}", path.display(), at + 1)));
    }
    assert!(wide.is_empty(), "wider than {MARKDOWN_WIDTH} columns: {wide:#?}");
}

/// Targets of `[text](target)` within the project, without fragments.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local =
        targets.filter(|target| !target.contains("://") && !target.starts_with('#') && !target.contains(' '));
    local.map(|target| target.split('#').next().unwrap_or_default())
}

#[test]
fn links_of_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in documents() {
        let folder = Path::new(ROOT).join(&path).parent().expect("a folder").to_owned();
        let missing = links(&text).filter(|target| !folder.join(target).exists());
        broken.extend(missing.map(|target| format!("{}: {target}", path.display())));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Paths in backticks that start with a folder of the root; those with a placeholder are left out.
fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    let folders =
        ["cli/", "coordinator/", "crates/", "docs/", "frontend/", "languages/", "load-tests/", "worker/"];
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter(move |span| {
        folders.iter().any(|folder| span.starts_with(folder)) && !span.contains(['<', '{', '*', ' ', '…'])
    })
}

/// What guides newcomers must be there: the map, the habits and the checklists.
#[test]
fn paths_named_by_the_guides_exist() {
    let guides = documents().into_iter().filter(|(path, _)| {
        path.starts_with("docs/checklists")
            || ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/logging.md"]
                .iter()
                .any(|guide| path == Path::new(guide))
    });
    let mut missing = Vec::new();
    for (guide, text) in guides {
        let absent =
            named_paths(&text).filter(|path| !Path::new(ROOT).join(path.trim_end_matches("::")).exists());
        missing.extend(absent.map(|path| format!("{}: {path}", guide.display())));
    }
    assert!(missing.is_empty(), "these are named and not there: {missing:#?}");
}
