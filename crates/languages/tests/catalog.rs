//! The catalogue that ships with the worker, and what it decides about requests.

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

use std::path::Path;

use engunity_languages::{Catalog, CatalogError, LimitsConfig, web};
use engunity_protocol::{
    job::{LimitsRequest, RunRequest},
    problem::ErrorCode,
    spec::Command,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn catalog() -> Catalog {
    Catalog::load(Path::new(ROOT).join("languages")).unwrap()
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
fn a_files_language_goes_by_its_name_then_its_extension() {
    let catalog = catalog();
    for (path, language) in [
        ("src/main.PY", Some("python")),
        ("Dockerfile", Some("dockerfile")),
        ("Gemfile", Some("ruby")),
        ("a/b.tsx", Some("tsx")),
        ("run.sh", Some("bash")),
        ("x/Cargo.toml", Some("toml")),
        ("Cargo.lock", Some("toml")),
        ("go.mod", Some("go")),
        (".env", Some("ini")),
        ("README", None),
        (".gitignore", None),
        (".py", None),
        ("py", None),
        ("x.unknown", None),
    ] {
        assert_eq!(catalog.language_of(path).map(|found| found.id.as_str()), language, "{path}");
    }
}

#[test]
fn a_language_without_a_runtime_is_known_but_cannot_run() {
    let catalog = catalog();
    assert_eq!(catalog.language("JSON").unwrap().title, "JSON");
    assert_eq!(catalog.language("js").unwrap().runtime.as_ref().unwrap().name, "node");
    assert!(catalog.by_name("json").is_none());
    assert!(catalog.by_language("toml").is_none());
}

#[test]
fn a_folder_with_a_description_is_all_that_a_language_needs() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("zig");
    std::fs::create_dir_all(folder.join("runtime")).unwrap();
    let about = r#"
        title = "Zig"
        extensions = ["zig", "zon"]
        file_names = ["build.zig"]
        icon = "code"
        colour = "orange"
        comments = { line = "//" }
        [[outline]]
        kind = "function"
        pattern = '^\s*(?:pub\s+)?fn\s+(\w+)'
        [runtime]
        image = "runtime-zig"
        aliases = ["zigc"]
        version_command = ["zig", "version"]
        run = "zig run {entry}"
        starter = "main.zig"
    "#;
    std::fs::write(folder.join("language.toml"), about).unwrap();
    std::fs::write(folder.join("symbols.scm"), "(a) @definition.function").unwrap();
    std::fs::write(folder.join("runtime/main.zig"), "// hello").unwrap();
    let catalog = Catalog::load(dir.path()).unwrap();
    let zig = catalog.language_of("src/a.zon").unwrap();
    assert_eq!((zig.id.as_str(), zig.symbols.is_some()), ("zig", true));
    assert_eq!(
        catalog.resolve(&entry("a.zig"), None).unwrap().command,
        Command::Shell("zig run a.zig".into())
    );
    let view = &catalog.views()[0];
    assert_eq!((view.name.as_str(), view.title.as_str(), view.extensions.len()), ("zig", "Zig", 2));
    assert_eq!(
        (view.aliases.as_slice(), view.starter_content.as_str()),
        (&["zigc".to_owned()][..], "// hello")
    );
    let tables = web::tables(&catalog);
    assert!(
        tables.contains(r#""id":"zig","title":"Zig","extensions":["zig","zon"],"fileNames":["build.zig"]"#),
        "{tables}"
    );
}

/// The languages whose syntax trees the index reads.
#[test]
fn symbols_are_queries_for_definitions() {
    let catalog = catalog();
    let parsed = [
        "bash",
        "c",
        "cpp",
        "css",
        "go",
        "html",
        "java",
        "javascript",
        "json",
        "markdown",
        "python",
        "ruby",
        "rust",
        "sql",
        "toml",
        "tsx",
        "typescript",
        "yaml",
    ];
    for id in parsed {
        let query = catalog.language(id).unwrap().symbols.as_deref().unwrap();
        for pattern in query.lines().filter(|line| !line.starts_with(';')) {
            assert!(pattern.contains("@name") && pattern.contains("@definition."), "{id}: {pattern}");
        }
    }
}

#[test]
fn two_languages_cannot_claim_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        let about = format!("title = \"{name}\"\nextensions = [\"x\"]\nicon = \"code\"\ncolour = \"blue\"\n");
        std::fs::write(dir.path().join(name).join("language.toml"), about).unwrap();
    }
    assert!(matches!(Catalog::load(dir.path()), Err(CatalogError::Ambiguous(..))));
}

/// If this fails: `cargo run -p engunity-languages --bin web-tables`.
#[test]
fn the_web_ides_tables_are_those_of_the_folders() {
    let committed = std::fs::read_to_string(Path::new(ROOT).join(web::PATH)).unwrap();
    assert_eq!(committed, web::tables(&catalog()), "stale: generate them again");
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
