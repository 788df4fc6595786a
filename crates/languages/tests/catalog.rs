//! The catalogue that ships with the worker, and what it decides about requests.

use std::path::Path;

use engunity_languages::{Catalog, CatalogError, LimitsConfig};
use engunity_protocol::{
    job::{LimitsRequest, RunRequest},
    problem::ErrorCode,
    spec::Command,
};

fn catalog() -> Catalog {
    Catalog::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../languages")).unwrap()
}

fn entry(path: &str) -> RunRequest {
    RunRequest { entry: Some(path.into()), ..Default::default() }
}

fn shell(line: &str) -> RunRequest {
    RunRequest { command: Some(Command::Shell(line.into())), ..Default::default() }
}

#[test]
fn all_nine_runtimes_are_there() {
    let names: Vec<_> = catalog().views().into_iter().map(|view| view.name).collect();
    assert_eq!(names, ["bash", "c", "cpp", "go", "java", "node", "python", "ruby", "rust"]);
    assert!(catalog().views().iter().all(|view| !view.starter_content.is_empty()));
}

#[test]
fn runtimes_are_found_by_name_alias_extension_and_language() {
    let catalog = catalog();
    assert_eq!(catalog.by_name("python3").unwrap().name, "python");
    assert_eq!(catalog.by_entry("src/App.JAVA").unwrap().name, "java");
    assert_eq!(catalog.by_language("Rust").unwrap().name, "rust");
    assert_eq!(catalog.by_language("py").unwrap().name, "python");
    assert!(catalog.by_entry("Makefile").is_none());
    assert_eq!(catalog.by_name("go").unwrap().image("engunity/"), "engunity/runtime-go:latest");
}

#[test]
fn a_run_is_resolved_by_request_then_entry_then_language_then_program() {
    let catalog = catalog();
    let runtime = |request: &RunRequest, language| catalog.resolve(request, language).unwrap().runtime;
    let asked = RunRequest { runtime: Some("bash".into()), ..entry("main.py") };
    assert_eq!(runtime(&asked, Some("go")), "bash");
    assert_eq!(runtime(&entry("main.py"), Some("go")), "python");
    assert_eq!(runtime(&shell("make"), Some("go")), "go");
    assert_eq!(runtime(&shell("sh build.sh"), Some("go")), "go", "every image has a shell");
    assert_eq!(runtime(&shell("node x.js"), Some("go")), "go", "what the API promises");
    assert_eq!(runtime(&shell("/usr/bin/python3 -m pytest"), None), "python");
    assert_eq!(runtime(&shell("echo hi"), None), "bash");
}

#[test]
fn a_project_is_written_in_what_most_of_its_files_run_in() {
    let catalog = catalog();
    let common = |paths: &[&str]| catalog.common(paths.iter().copied()).map(|runtime| runtime.name.clone());
    assert_eq!(common(&["run.sh", "a.py", "lib/b.py", "README.md"]).as_deref(), Some("python"));
    assert_eq!(
        common(&["run.sh", "a.go"]).as_deref(),
        Some("bash"),
        "as many of each: the first by name, each time"
    );
    assert_eq!(common(&["README.md", "data.csv"]), None);
}

#[test]
fn an_entry_becomes_the_runtimes_command_line() {
    let resolved = catalog().resolve(&entry("my app.py"), None).unwrap();
    assert_eq!(resolved.command, Command::Shell("python3 'my app.py'".into()));
    assert_eq!(resolved.env["PYTHONUNBUFFERED"], "1");
    assert!(resolved.env.contains_key("PATH"));
}

#[test]
fn bad_requests_are_refused_field_by_field() {
    let catalog = catalog();
    let fields = |request: &RunRequest| -> Vec<String> {
        let refusal = catalog.resolve(request, None).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidInput);
        refusal.errors.into_iter().map(|error| error.field).collect()
    };
    assert_eq!(fields(&RunRequest::default()), ["command"]);
    assert_eq!(fields(&RunRequest { command: shell("ls").command, ..entry("a.py") }), ["entry"]);
    assert_eq!(fields(&entry("../a.py")), ["entry"]);
    assert_eq!(fields(&shell("  ")), ["command"]);
    assert_eq!(
        fields(&RunRequest { command: Some(Command::Argv(vec![])), ..Default::default() }),
        ["command"]
    );
    let env = [("A=B".to_owned(), "x\0".to_owned())].into();
    assert_eq!(fields(&RunRequest { env, ..shell("ls") }), ["env.A=B", "env.A=B"]);
    assert_eq!(fields(&RunRequest { artifacts: vec!["[".into()], ..shell("ls") }), ["artifacts[0]"]);
    for outside in ["../**", "a/../../b", "..", "/etc/*", "{..,a}/b", r"\.\./x", "a//b"] {
        let run = RunRequest { artifacts: vec!["out/*".into(), outside.into()], ..shell("ls") };
        assert_eq!(fields(&run), ["artifacts[1]"], "{outside}");
    }
    assert_eq!(fields(&RunRequest { artifacts: vec!["a\0b".into()], ..shell("ls") }), ["artifacts[0]"]);
    assert_eq!(fields(&RunRequest { stdin: Some("a\0b".into()), ..shell("cat") }), ["stdin"]);
    let limits = Some(LimitsRequest { memory_mb: Some(1 << 40), ..Default::default() });
    assert_eq!(fields(&RunRequest { limits, ..shell("ls") }), ["limits.memory_mb"]);
}

#[test]
fn an_unknown_runtime_is_told_with_the_known_ones() {
    let refusal =
        catalog().resolve(&RunRequest { runtime: Some("cobol".into()), ..shell("x") }, None).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::UnknownRuntime);
    assert!(refusal.detail.contains("python"), "{}", refusal.detail);
    assert_eq!(catalog().resolve(&entry("Makefile"), None).unwrap_err().code, ErrorCode::UnknownRuntime);
}

#[test]
fn the_operators_limits_count() {
    let config: LimitsConfig = toml_limits();
    let catalog = catalog().with_limits(&config);
    let resolved = catalog.resolve(&shell("ls"), None).unwrap();
    assert_eq!((resolved.limits.wall_s, resolved.limits.memory_mb), (5.0, 100));
    assert!(catalog.views().iter().all(|view| view.limits.memory_mb <= view.max_limits.memory_mb));
}

fn toml_limits() -> LimitsConfig {
    let mut config = LimitsConfig::default();
    config.default.wall_s = Some(5.0);
    config.max.memory_mb = Some(100);
    config
}

#[test]
fn a_folder_that_is_no_runtime_is_named() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Catalog::load(dir.path()), Err(CatalogError::Empty(_))));
    std::fs::create_dir(dir.path().join("x")).unwrap();
    std::fs::write(dir.path().join("x/language.toml"), "name = 3").unwrap();
    let error = Catalog::load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("x/language.toml"), "{error}");
}
