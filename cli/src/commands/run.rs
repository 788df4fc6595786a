//! `engunity run`: runs a command in the project's sandbox as if it ran here: live output, its exit code, Ctrl-C
//! cancels it.

use engunity_protocol::{
    JobId,
    job::{Job, RunRequest},
    spec::Command,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{App, ProjectRef},
    args,
    commands::{
        artifacts, bulk, cancel,
        follow::{Sink, Watch},
        interrupts::Interrupts,
        keyboard::{Mode, Streams},
        request::request,
        upload,
    },
    error::{CliError, PIPE_CLOSED, Result},
    output::{plain, verdict},
};

/// 128 + SIGINT.
const DETACHED: u8 = 130;

pub async fn run(app: &mut App, args: Box<args::Run>) -> Result<u8> {
    app.need_login()?;
    if args.sync {
        upload::sync(app).await?;
    }
    let project = app.project().await?;
    if !args.allow_empty {
        need_files(app, &project).await?;
    }
    if let Some(matrix) = &args.bulk {
        return bulk::run(app, &project, matrix, &args).await;
    }
    let mut request = request(command(&args)?, args.entry.clone(), &args.what)?;
    let mode = Mode::of(&args, Streams::ours(), app.out.json);
    mode.apply(&mut request);
    let mut interrupts = Interrupts::listen()?;
    let Some(job) = submit(app, &project, &request, &mut interrupts).await? else { return Ok(DETACHED) };
    if args.detach {
        app.out.result(&job, || job.id.to_string())?;
        return Ok(0);
    }
    let mut sink = Sink::for_json(app.out.json);
    match watch(app, job.id, mode, &mut sink, &mut interrupts).await? {
        Some(job) => finish(app, job, sink, &args).await,
        None => Ok(DETACHED),
    }
}

/// Refuses to run in an empty project: most often the upload was explain_missing.
async fn need_files(app: &App, project: &ProjectRef) -> Result<()> {
    if !app.client.is_empty(project.id).await? {
        return Ok(());
    }
    Err(CliError::new(format!(
        "project {} has no files yet (--allow-empty runs anyway)",
        plain(&project.title())
    ))
    .hint("engunity upload"))
}

fn command(args: &args::Run) -> Result<Option<Command>> {
    match (&args.command[..], args.shell) {
        ([], _) if args.entry.is_some() => Ok(None),
        ([], _) => Err(CliError::new("no command is given").hint("engunity run -- python -m pytest -q")),
        ([line], true) => Ok(Some(Command::Shell(line.clone()))),
        (_, true) => Err(CliError::new("--shell takes the whole command as one string")
            .hint("engunity run --shell 'make && ./app | sort'")),
        (argv, false) => Ok(Some(Command::Argv(argv.to_vec()))),
    }
}

/// Submits the run. A first interrupt is kept for [`watch`], because the server may have accepted the run already. The
/// second one detaches (`None`).
async fn submit(
    app: &App,
    project: &ProjectRef,
    request: &RunRequest,
    interrupts: &mut Interrupts,
) -> Result<Option<Job>> {
    let key = Uuid::new_v4().to_string();
    tokio::select! {
        job = app.client.submit(project.id, request, &key) => job.map(Some),
        () = interrupts.second() => {
            app.out.tell("detached before the server answered; check whether the run started with: engunity jobs");
            Ok(None)
        }
    }
}

/// Watches a job to its end. The first interrupt cancels it and keeps watching; the second one detaches (`None`).
async fn watch(
    app: &App,
    job: JobId,
    mode: Mode,
    sink: &mut Sink,
    interrupts: &mut Interrupts,
) -> Result<Option<Job>> {
    let mut watch = Watch::new(app, job).with_input(mode);
    tokio::select! {
        ended = until_end(app, &mut watch, sink) => return ended.map(Some),
        () = interrupts.first() => watch.say("cancelling; press Ctrl-C again to detach"),
    }
    // Concurrent with watching: a server that does not answer delays neither the job's end nor the second interrupt.
    let cancelling = async {
        cancel::best_effort(app, job).await;
        std::future::pending().await
    };
    tokio::select! {
        ended = until_end(app, &mut watch, sink) => ended.map(Some),
        left = cancelling => left,
        () = interrupts.second() => {
            app.out.tell(format!("detached from job {job}; follow it with: engunity logs -f {job}"));
            Ok(None)
        }
    }
}

async fn until_end(app: &App, watch: &mut Watch<'_>, sink: &mut Sink) -> Result<Job> {
    match watch.until_end(sink).await {
        Err(failure) if failure.exit == PIPE_CLOSED => give_up(app, watch.job(), failure).await,
        ended => ended,
    }
}

/// The reader of the output is gone: cancel the run, as SIGPIPE would end a local program.
async fn give_up(app: &App, job: JobId, failure: CliError) -> Result<Job> {
    cancel::best_effort(app, job).await;
    Err(failure)
}

async fn finish(app: &App, job: Job, sink: Sink, args: &args::Run) -> Result<u8> {
    let code = verdict::exit_code(&job);
    let fetched =
        if args.what.artifacts.is_empty() { Vec::new() } else { app.client.artifacts(job.id).await? };
    let size = artifacts::fetch(app, job.id, &fetched, &args.out).await?;
    if let Sink::Captured(kept) = sink {
        let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes));
        let mut answer = json!(job);
        answer["exit_code"] = code.into();
        answer["stdout"] = text(&kept.stdout);
        answer["stderr"] = text(&kept.stderr);
        answer["artifacts"] = json!(fetched);
        app.out.result(&answer, String::new)?;
    } else if code != 0 {
        app.out.tell(console::style(format!("engunity: {}", verdict::line(&job))).red().for_stderr());
    } else {
        app.out.note(verdict::line(&job));
    }
    if !args.what.artifacts.is_empty() {
        app.out.note(artifacts::fetched(&fetched, size, &args.out));
    }
    Ok(code)
}
