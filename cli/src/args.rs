//! The command line: every command, option and its help. No behaviour.

mod admin;
mod search;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueHint};
use engunity_protocol::{
    JobId,
    job::{JobClass, JobKind, JobState},
};

pub use admin::*;

pub use self::search::{Index, IndexAction, Search};
use crate::output::units::{parse_mebibytes, parse_seconds};

/// The heading of what every command knows.
const EVERYWHERE: &str = "Global options";

const TOUR: &str = "\
Getting started:
  engunity login                        or: engunity register
  engunity upload ./project             creates a project; later uploads send only what changed
  engunity run -- python -m pytest -q   streams the output and returns the exit code; Ctrl-C cancels
  engunity logs -f                      shows the latest run's output

In CI, set ENGUNITY_TOKEN to a personal access token; nothing else is needed. NO_COLOR disables colours.
`engunity help <command>` shows more.";

const RUN_NOTES: &str = "\
Examples:
  engunity run -- python -m pytest -q
  engunity run --artifact 'htmlcov/**' -- python -m pytest --cov --cov-report=html
  engunity run --shell 'make && ./app | sort'
  engunity run --sync --entry main.go --wall 2m --memory 1g
  sort words.txt | engunity run --stdin - -- python count.py
  engunity run --bulk matrix.txt

On a terminal, the program gets a terminal too: input reaches it, including Ctrl-C and Ctrl-D. Press Ctrl-C three times
within a second to cancel the run; without a terminal, one Ctrl-C cancels it. Pressed again, it detaches.

Exit code: the program's own; 128 + n when signal n ended it (137 out of memory); 124 at its time limit; 130 cancelled;
125 when it could not be run. With --bulk: 1 when any failed.";

const HISTORY_NOTES: &str = "\
Examples:
  engunity history src/main.py             lists its versions, newest first, with a number and an id each
  engunity history src/main.py --diff 2    compares the one before with the present one
  engunity history src/main.py --restore 2 goes back to it; what it replaces becomes a version, too";

const COMPLETIONS_NOTES: &str = "\
For example:
  bash  engunity completions bash > ~/.local/share/bash-completion/completions/engunity
  zsh   engunity completions zsh > ~/.zfunc/_engunity
  fish  engunity completions fish > ~/.config/fish/completions/engunity.fish";

/// Upload a project, run it in a sandbox, watch it live.
#[derive(Parser)]
#[command(
    name = "engunity",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = TOUR
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args)]
pub struct Global {
    /// The coordinator's address [default: what `.engunity.toml` or the last login says, else http://127.0.0.1:8000]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "ENGUNITY_SERVER", value_name = "URL", value_hint = ValueHint::Url)]
    pub server: Option<String>,
    /// A project's id or name [default: the one `.engunity.toml` names, else the last one used]
    #[arg(short, long, global = true, help_heading = EVERYWHERE, env = "ENGUNITY_PROJECT")]
    pub project: Option<String>,
    /// Print JSON, and nothing else, to stdout
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Print no messages, warnings or progress: stderr is the program's alone
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Log in and store a personal access token on this machine
    Login(Login),
    /// Create an account and log in
    Register(Register),
    /// Revoke this machine's token and delete it
    Logout,
    /// Show who is logged in, and where
    Whoami,
    /// List, create, select and delete projects
    Project(Project),
    /// Upload a folder; sends only content that the server does not have
    Upload(Upload),
    /// Download a project's files
    Download(Download),
    /// List, restore and empty what was deleted from the project
    Trash(Trash),
    /// List, show, compare and restore what a file has held
    #[command(after_help = HISTORY_NOTES)]
    History(History),
    /// Run a command in the project's sandbox and exit with its exit code
    #[command(after_help = RUN_NOTES)]
    Run(Box<Run>),
    /// Find text, symbols, files and meaning in the project
    #[command(after_help = search::NOTES)]
    Search(Search),
    /// Show the state of the project's search index, or build it now
    Index(Index),
    /// Show a run's output
    Logs(Logs),
    /// List runs
    Jobs(Jobs),
    /// Cancel runs
    Cancel(Cancel),
    /// List or download a run's artifacts
    Artifacts(Artifacts),
    /// Show the workers
    Workers,
    /// Show the languages that can run, and their limits
    Runtimes,
    /// Administrate: accounts, invitations, the queue, workers, limits
    Admin(Admin),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_NOTES)]
    Completions(Completions),
}

#[derive(Args)]
pub struct Login {
    /// Asked for on a terminal when absent
    #[arg(long)]
    pub email: Option<String>,
    /// Read the password from stdin instead of asking for it
    #[arg(long)]
    pub password_stdin: bool,
    /// Create the account first
    #[arg(long)]
    pub register: bool,
}

#[derive(Args)]
pub struct Register {
    /// Asked for on a terminal when absent
    #[arg(long)]
    pub email: Option<String>,
    /// Your name, as others see it
    #[arg(long)]
    pub name: Option<String>,
    /// The code of an invitation, where the server asks for one
    #[arg(long, value_name = "CODE")]
    pub invitation: Option<String>,
    /// Read the password from stdin instead of asking for it
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Args)]
pub struct Project {
    #[command(subcommand)]
    pub action: ProjectAction,
}

#[derive(Subcommand)]
pub enum ProjectAction {
    /// List your projects
    #[command(alias = "list")]
    Ls,
    /// Create a project and link it to this folder
    Create {
        /// The project's name
        name: String,
        /// A description
        #[arg(long)]
        description: Option<String>,
        /// The runtime of runs that do not name one
        #[arg(long)]
        language: Option<String>,
    },
    /// Delete a project with its files and runs
    #[command(alias = "delete")]
    Rm {
        /// Id or name
        project: String,
        /// Do not ask for confirmation
        #[arg(short, long)]
        yes: bool,
    },
    /// Link a project to this folder
    Use {
        /// Id or name
        project: String,
    },
}

#[derive(Args)]
pub struct Upload {
    /// The folder [default: the one that has `.engunity.toml`, else the current one]
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Show what would be sent or left out, and why, without sending anything
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Keep files of the project that the folder does not have
    #[arg(long)]
    pub keep: bool,
    /// Do not ask before sending more than 100 MB
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Args)]
pub struct Download {
    /// The target folder [default: a new one named like the project]
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Write into a folder that is not empty and replace files of the same name
    #[arg(short, long)]
    pub force: bool,
    /// Save the tar.gz archive instead of unpacking it; `-` writes to stdout
    #[arg(long, conflicts_with = "dir", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub archive: Option<PathBuf>,
}

#[derive(Args)]
pub struct Trash {
    #[command(subcommand)]
    pub action: Option<TrashAction>,
}

#[derive(Subcommand)]
pub enum TrashAction {
    /// List what was deleted, newest first (the default)
    #[command(alias = "ls")]
    List,
    /// Restore files and folders to where they were
    Restore {
        /// Their paths, or the ids that the list shows; of several with one path the newest counts
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<String>,
        /// Where something is there already, restore beside it with a number behind the name
        #[arg(long)]
        rename: bool,
        /// Where something is there already, put that into the trash
        #[arg(long, conflicts_with = "rename")]
        replace: bool,
    },
    /// Delete all that is in the trash for good, with the history of those files
    Empty {
        /// Do not ask for confirmation
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Args)]
pub struct History {
    /// The file's path in the project; the file may be deleted
    pub path: String,
    /// Write the content of this version to stdout
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["diff", "restore"])]
    pub show: Option<String>,
    /// Compare this version with what the file has now
    #[arg(long, value_name = "VERSION", conflicts_with = "restore")]
    pub diff: Option<String>,
    /// Give the file the content of this version again
    #[arg(long, value_name = "VERSION")]
    pub restore: Option<String>,
}

#[derive(Args)]
pub struct Run {
    /// The program and its arguments, passed unchanged
    #[arg(trailing_var_arg = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<String>,
    /// Pass the command, one string, to `sh -c`
    #[arg(long)]
    pub shell: bool,
    /// Run this file of the project, as its runtime does
    #[arg(long, value_name = "FILE", conflicts_with_all = ["command", "shell", "bulk"])]
    pub entry: Option<String>,
    /// Run every line of this file (`#` begins a comment) as a shell command, with class bulk; `-` reads stdin
    #[arg(long, value_name = "MATRIX", conflicts_with_all = ["command", "shell", "stdin", "detach"], value_hint = ValueHint::FilePath)]
    pub bulk: Option<PathBuf>,
    /// Upload the folder first
    #[arg(long)]
    pub sync: bool,
    /// Print the job's id and do not wait for it
    #[arg(short, long)]
    pub detach: bool,
    /// Give the program a terminal [default: when stdin and stdout are terminals]
    #[arg(short, long, conflicts_with_all = ["no_tty", "bulk", "detach"])]
    pub tty: bool,
    /// Give the program pipes, so that stdout and stderr stay separate
    #[arg(long)]
    pub no_tty: bool,
    /// Forward stdin to the program as it arrives [default: when stdin is a terminal]
    #[arg(short, long, conflicts_with_all = ["stdin", "bulk", "detach"])]
    pub interactive: bool,
    /// Run even if the project has no files
    #[arg(long)]
    pub allow_empty: bool,
    /// The folder for downloaded artifacts
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    #[command(flatten)]
    pub what: RunOptions,
}

#[derive(Args)]
pub struct RunOptions {
    /// The language's sandbox [default: by the entry's extension, else the project's language, else the command's program]
    #[arg(short, long, value_name = "NAME")]
    pub runtime: Option<String>,
    /// The program's stdin: a file (UTF-8), or `-` for this command's stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub stdin: Option<PathBuf>,
    /// Set an environment variable; `--env NAME` passes its current value
    #[arg(short, long, value_name = "NAME=VALUE", action = ArgAction::Append)]
    pub env: Vec<String>,
    /// Time limit: 30, 90s, 5m
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub wall: Option<f64>,
    /// Memory limit: 512 (MiB), 2g
    #[arg(short, long, value_name = "SIZE", value_parser = parse_mebibytes)]
    pub memory: Option<u64>,
    /// Number of CPUs: 0.5, 2
    #[arg(long, value_name = "N")]
    pub cpu: Option<f64>,
    /// Limit of processes and threads
    #[arg(long, value_name = "N")]
    pub pids: Option<u64>,
    /// Output limit, in KiB
    #[arg(long, value_name = "KIB")]
    pub output: Option<u64>,
    /// Keep matching files and download them after the run (repeatable)
    #[arg(short, long = "artifact", value_name = "GLOB", action = ArgAction::Append)]
    pub artifacts: Vec<String>,
    /// `interactive` or `bulk`
    #[arg(long, value_name = "CLASS")]
    pub class: Option<JobClass>,
}

/// A job's id, as `engunity jobs` shows it.
fn parse_job(text: &str) -> Result<JobId, String> {
    text.parse().map_err(|_| "it is not the id of a job; `engunity jobs` lists them".to_owned())
}

#[derive(Args)]
pub struct Logs {
    /// [default: the project's latest run]
    #[arg(value_parser = parse_job)]
    pub job: Option<JobId>,
    /// Follow the run until it ends
    #[arg(short, long)]
    pub follow: bool,
}

#[derive(Args)]
pub struct Jobs {
    /// Only those in this state: queued, running, succeeded, failed, cancelled, timed_out, lost
    #[arg(long)]
    pub state: Option<JobState>,
    /// Jobs of this kind: execute (runs), index, environment
    #[arg(long, value_name = "KIND", default_value = "execute")]
    pub kind: JobKind,
    /// Show jobs of all projects
    #[arg(short, long)]
    pub all: bool,
    /// Number of jobs to show, latest first
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

#[derive(Args)]
pub struct Cancel {
    /// Their ids, as `engunity jobs` shows them
    #[arg(required = true, value_parser = parse_job)]
    pub jobs: Vec<JobId>,
}

#[derive(Args)]
pub struct Artifacts {
    #[command(subcommand)]
    pub action: ArtifactsAction,
}

#[derive(Subcommand)]
pub enum ArtifactsAction {
    /// List a run's artifacts
    #[command(alias = "list")]
    Ls {
        /// [default: the project's latest run]
        #[arg(value_parser = parse_job)]
        job: Option<JobId>,
    },
    /// Download a run's artifacts
    Get {
        /// Its id, as `engunity jobs` shows it
        #[arg(value_parser = parse_job)]
        job: JobId,
        /// [default: everything]
        paths: Vec<String>,
        /// The target folder
        #[arg(short, long, default_value = ".", value_hint = ValueHint::DirPath)]
        out: PathBuf,
    },
}

#[derive(Args)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}
