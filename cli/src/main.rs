//! `engunity`: projects, uploads and runs from a terminal or from CI.
//!
//! Data goes to stdout, messages and progress to stderr and only on a terminal. A `run` exits with its program's code;
//! 125 is the CLI's own. Talks to the coordinator's HTTP API alone ([`client`]); what it keeps on disk is in [`config`].
//! The decisions (what to upload, what an exit code means, how events are read) are pure and tested where they are.

mod app;
mod args;
mod client;
mod commands;
mod config;
mod download_dir;
mod error;
mod output;
mod text;
mod upload;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Arguments, Command},
    error::{CLI_FAILED, CliError, Result},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let is_search = matches!(arguments.command, Command::Search(_));
    match run(arguments).await {
        Ok(code) => ExitCode::from(code),
        Err(failure) if is_search => report(&commands::search::failed(failure)),
        Err(failure) => report(&failure),
    }
}

/// Prints clap's message: help goes to stdout, a usage error exits with our code.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let is_search =
        std::env::args().skip(1).find(|word| !word.starts_with('-')).is_some_and(|word| word == "search");
    let failed = if is_search { commands::search::FAILED } else { CLI_FAILED };
    ExitCode::from(if error.use_stderr() { failed } else { 0 })
}

fn report(failure: &CliError) -> ExitCode {
    if !failure.message.is_empty() {
        let label = console::style("error:").red().bold().for_stderr();
        eprintln!("{label} {}", failure.message);
        if let Some(command) = &failure.hint {
            eprintln!("  {} {command}", console::style("try:").cyan().for_stderr());
        }
    }
    ExitCode::from(failure.exit)
}

async fn run(arguments: Arguments) -> Result<u8> {
    use commands::*;
    output::set_colors();
    if let Command::Completions(args) = &arguments.command {
        return completions::run(&output::Out::new(arguments.global.json, arguments.global.quiet), args);
    }
    let mut app = app::App::new(&arguments.global)?;
    match arguments.command {
        Command::Login(args) => login::run(&mut app, args).await,
        Command::Register(args) => login::register(&mut app, args).await,
        Command::Logout => logout::run(&mut app).await,
        Command::Whoami => whoami::run(&app).await,
        Command::Project(args) => project::run(&mut app, args).await,
        Command::Upload(args) => upload::run(&mut app, args).await,
        Command::Download(args) => download::run(&mut app, args).await,
        Command::Trash(args) => trash::run(&app, args).await,
        Command::History(args) => history::run(&app, args).await,
        Command::Run(args) => run::run(&mut app, args).await,
        Command::Search(args) => search::run(&app, args).await,
        Command::Index(args) => index::run(&app, args).await,
        Command::Logs(args) => logs::run(&app, args).await,
        Command::Jobs(args) => jobs::run(&app, args).await,
        Command::Cancel(args) => cancel::run(&app, args).await,
        Command::Artifacts(args) => artifacts::run(&app, args).await,
        Command::Admin(args) => admin::run(&app, args).await,
        Command::Workers => workers::run(&app).await,
        Command::Runtimes => runtimes::run(&app).await,
        Command::Completions(_) => unreachable!("answered above, before anything is read from disk"),
    }
}
