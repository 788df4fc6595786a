//! From what a caller asks to what a worker is told: runtime, command, environment, limits. Pure.

use std::collections::BTreeMap;

use engunity_protocol::{
    job::RunRequest,
    path::ProjectPath,
    problem::{ErrorCode, FieldError},
    schema::{GLOB_BYTES, GLOBS},
    spec::{Command, Limits},
};
use globset::Glob;

use crate::{catalog::Catalog, runtime::Runtime};

/// Linux takes no single argument or variable longer than this (`MAX_ARG_STRLEN`).
const MAX_WORD_BYTES: usize = 128 * 1024 - 1;
/// All arguments and variables together: well below the kernel's quarter of the stack limit.
const MAX_TOTAL_BYTES: usize = 512 * 1024;
const MAX_STDIN_BYTES: usize = 1024 * 1024;
/// The shortest time limit, by default, of a program that somebody types into.
const LIVE_WALL_S: f64 = 300.0;
/// The kind of terminal that the studio's console and the terminals of most people are.
const TERMINAL: &str = "xterm-256color";
/// Runs a command line of a project that does not say what it is written in.
const FALLBACK: &str = "bash";

/// What every program finds in its environment, whatever the runtime.
const BASE_ENV: [(&str, &str); 8] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("LANG", "C.UTF-8"),
    ("HOME", "/tmp/home"),
    ("USER", "sandbox"),
    ("LOGNAME", "sandbox"),
    ("SHELL", "/bin/sh"),
    ("TMPDIR", "/tmp"),
    ("TERM", "dumb"),
];

/// How a run starts, all decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    pub runtime: String,
    pub command: Command,
    /// Complete: base, runtime and caller, in rising order.
    pub env: BTreeMap<String, String>,
    pub limits: Limits,
}

/// Why a run can't start.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    pub code: ErrorCode,
    pub detail: String,
    pub errors: Vec<FieldError>,
}

impl Refusal {
    fn invalid(errors: Vec<FieldError>) -> Self {
        let detail =
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>();
        Self { code: ErrorCode::InvalidInput, detail: detail.join("; "), errors }
    }

    fn unknown_runtime(detail: String) -> Self {
        let errors = vec![FieldError { field: "runtime".into(), message: detail.clone() }];
        Self { code: ErrorCode::UnknownRuntime, detail, errors }
    }
}

impl Catalog {
    /// Decides how `request` runs in a project of `project_language`.
    pub fn resolve(&self, request: &RunRequest, project_language: Option<&str>) -> Result<Resolved, Refusal> {
        let mut errors = check_request(request);
        if !errors.is_empty() {
            return Err(Refusal::invalid(errors));
        }
        let runtime = self.choose(request, project_language)?;
        let limits = self.limits(request.limits.as_ref(), runtime).unwrap_or_else(|found| {
            errors = found;
            self.limits(None, runtime).expect("defaults are within bounds")
        });
        if !errors.is_empty() {
            return Err(Refusal::invalid(errors));
        }
        Ok(Resolved {
            runtime: runtime.name.clone(),
            command: command(request, runtime),
            env: env(request, runtime),
            limits: self.with_time_to_type(limits, request),
        })
    }

    /// Who types needs longer than a program does, unless the caller has said how long it may take.
    fn with_time_to_type(&self, limits: Limits, request: &RunRequest) -> Limits {
        let is_said = request.limits.is_some_and(|asked| asked.wall_s.is_some());
        if is_said || !request.takes_live_input() {
            return limits;
        }
        Limits { wall_s: limits.wall_s.max(LIVE_WALL_S).min(self.max_limits().wall_s), ..limits }
    }

    fn choose(&self, request: &RunRequest, project_language: Option<&str>) -> Result<&Runtime, Refusal> {
        if let Some(name) = &request.runtime {
            return self.by_name(name).ok_or_else(|| Refusal::unknown_runtime(self.no_such(name)));
        }
        let by_entry = request.entry.as_deref().and_then(|entry| self.by_entry(entry));
        let by_language = || project_language.and_then(|language| self.by_language(language));
        let by_program = || request.command.as_ref().and_then(program).and_then(|word| self.by_name(&word));
        let fallback = || request.command.as_ref().and_then(|_| self.by_name(FALLBACK));
        by_entry.or_else(by_language).or_else(by_program).or_else(fallback).ok_or_else(|| {
            let entry = request.entry.as_deref().unwrap_or_default();
            Refusal::unknown_runtime(format!("no runtime is known for {entry:?}; {}", self.names()))
        })
    }

    fn no_such(&self, name: &str) -> String {
        format!("there is no runtime {name:?}; {}", self.names())
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.all().map(|runtime| runtime.name.as_str()).collect();
        format!("name one of: {}", names.join(", "))
    }
}

/// The program a command starts, as a word that may be a runtime's alias.
fn program(command: &Command) -> Option<String> {
    let first = match command {
        Command::Shell(line) => line.split_whitespace().next()?.to_owned(),
        Command::Argv(argv) => argv.first()?.clone(),
    };
    first.rsplit('/').next().map(str::to_owned)
}

fn command(request: &RunRequest, runtime: &Runtime) -> Command {
    match (&request.command, &request.entry) {
        (Some(command), _) => command.clone(),
        (None, entry) => Command::Shell(runtime.run_command(entry.as_deref().unwrap_or_default())),
    }
}

fn env(request: &RunRequest, runtime: &Runtime) -> BTreeMap<String, String> {
    let base = BASE_ENV.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let own = |map: &BTreeMap<String, String>| map.clone().into_iter();
    let terminal = request.tty.then(|| ("TERM".to_owned(), TERMINAL.to_owned()));
    base.chain(terminal).chain(own(&runtime.env)).chain(own(&request.env)).collect()
}

fn check_request(request: &RunRequest) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut note =
        |field: &str, message: String| errors.push(FieldError { field: field.to_owned(), message });
    check_what(request, &mut note);
    check_env(&request.env, &mut note);
    if let Some(stdin) = &request.stdin {
        check_stdin(stdin, &mut note);
    }
    check_globs(&request.artifacts, &mut note);
    if request.terminal.is_some_and(|size| !size.is_valid()) {
        note("terminal", "must have 1 to 1000 rows and columns".into());
    }
    errors
}

fn check_what(request: &RunRequest, note: &mut impl FnMut(&str, String)) {
    match (&request.command, &request.entry) {
        (None, None) => note("command", "give a command, or the entry file to run".into()),
        (Some(_), Some(_)) => note("entry", "give either a command or an entry, not both".into()),
        (Some(command), None) => check_command(command, note),
        (None, Some(entry)) => {
            if let Err(problem) = ProjectPath::parse(entry) {
                note("entry", problem.to_string());
            }
        }
    }
}

fn check_command(command: &Command, note: &mut impl FnMut(&str, String)) {
    let words = match command {
        Command::Shell(line) => std::slice::from_ref(line),
        Command::Argv(argv) => argv.as_slice(),
    };
    if words.first().is_none_or(|word| word.trim().is_empty()) {
        note("command", "must not be empty".into());
    }
    if words.iter().any(|word| word.contains('\0')) {
        note("command", "must not contain a NUL character".into());
    }
    if words.iter().any(|word| word.len() > MAX_WORD_BYTES)
        || words.iter().map(String::len).sum::<usize>() > MAX_TOTAL_BYTES
    {
        note(
            "command",
            format!("must be at most {MAX_WORD_BYTES} bytes per word and {MAX_TOTAL_BYTES} in all"),
        );
    }
}

fn check_env(env: &BTreeMap<String, String>, note: &mut impl FnMut(&str, String)) {
    for (name, value) in env {
        let field = format!("env.{name}");
        if name.is_empty() || name.contains(['=', '\0']) {
            note(&field, "a variable's name must not be empty or contain '=' or NUL".into());
        }
        if value.contains('\0') || name.len() + value.len() + 1 > MAX_WORD_BYTES {
            note(&field, format!("a variable must be at most {MAX_WORD_BYTES} bytes, without NUL"));
        }
    }
    if env.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>() > MAX_TOTAL_BYTES {
        note("env", format!("must be at most {MAX_TOTAL_BYTES} bytes in all"));
    }
}

/// A job is stored as JSON in PostgreSQL, which has no NUL.
fn check_stdin(stdin: &str, note: &mut impl FnMut(&str, String)) {
    if stdin.len() > MAX_STDIN_BYTES {
        note(
            "stdin",
            format!("must be at most {MAX_STDIN_BYTES} bytes; put more into a file of the project"),
        );
    }
    if stdin.contains('\0') {
        note("stdin", "must not contain a NUL character; put such bytes into a file of the project".into());
    }
}

fn check_globs(globs: &[String], note: &mut impl FnMut(&str, String)) {
    if globs.len() > GLOBS {
        note("artifacts", format!("must be at most {GLOBS} patterns"));
    }
    for (index, glob) in globs.iter().enumerate() {
        if let Err(problem) = check_glob(glob) {
            note(&format!("artifacts[{index}]"), problem);
        }
    }
}

fn check_glob(glob: &str) -> Result<(), String> {
    if glob.is_empty() || glob.len() > GLOB_BYTES {
        return Err(format!("must be 1 to {GLOB_BYTES} bytes"));
    }
    if glob.contains('\0') {
        return Err("must not contain a NUL character".into());
    }
    if glob.starts_with('/') || glob.contains("//") {
        return Err("must be relative to the project's folder, without empty parts".into());
    }
    // A backslash only quotes the next character; alternatives in braces may hold parts of their own.
    if glob.replace('\\', "").split(['/', '{', ',', '}']).any(|part| part == "..") {
        return Err("must not leave the project with '..'".into());
    }
    Glob::new(glob).map(drop).map_err(|problem| problem.to_string())
}
