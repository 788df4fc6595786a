//! Each runtime runs its smoke program, as a run of an entry file would.

use std::{fs, path::Path};

use engunity_protocol::{job::RunRequest, verdict::Reason};

use crate::lab::{Lab, Program, shell};

/// What a smoke program reads.
const INPUT: &str = "world\n";

/// Runs the runtime's `smoke/` and compares with `expected` there; runs the starter program too.
async fn smoke(name: &'static str) {
    let lab = Lab::new().await;
    let runtime = lab.catalog.by_name(name).unwrap();
    let folder = runtime.folder.join("smoke");
    let entry = only_program(&folder);
    let text = fs::read_to_string(folder.join(&entry)).unwrap();
    let expected = fs::read_to_string(folder.join("expected")).unwrap();
    assert_eq!(run(&lab, name, &entry, &text).await, expected);
    let hello = run(&lab, name, &runtime.starter, &runtime.starter_content).await;
    assert!(hello.starts_with("Hello from "), "{hello}");
}

/// Runs one file as a run of an entry would; returns what it printed.
async fn run(lab: &Lab, name: &'static str, entry: &str, text: &str) -> String {
    let request = RunRequest { entry: Some(entry.to_owned()), ..RunRequest::default() };
    let resolved = lab.catalog.resolve(&request, None).unwrap();
    assert_eq!(resolved.runtime, name, "its extension leads to it");
    let program = Program {
        runtime: name,
        command: resolved.command,
        files: vec![(entry.to_owned(), text.to_owned())],
        limits: resolved.limits,
        stdin: Some(INPUT.to_owned()),
        ..shell("")
    };
    lab.run(program).await.assert(Reason::Ok).text()
}

fn only_program(folder: &Path) -> String {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut programs: Vec<_> = names.filter(|name| name != "expected").collect();
    assert_eq!(programs.len(), 1, "{programs:?}");
    programs.remove(0)
}

macro_rules! smoke_tests {
    ($($name:ident),+) => { $(#[tokio::test] async fn $name() { smoke(stringify!($name)).await; })+ };
}

smoke_tests!(bash, c, cpp, go, java, node, python, ruby, rust);

/// A folder without a line above would go untested.
#[tokio::test]
async fn every_runtime_is_tested() {
    let lab = Lab::new().await;
    let names: Vec<_> = lab.catalog.all().map(|runtime| runtime.name.as_str()).collect();
    assert_eq!(names, ["bash", "c", "cpp", "go", "java", "node", "python", "ruby", "rust"]);
}
