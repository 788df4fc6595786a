//! `engunity run --bulk`: runs each line of a file as its own job and watches them together.

use std::{collections::HashMap, io::Read, path::Path, time::Duration};

use engunity_protocol::{
    JobId, ProjectId,
    job::{Job, JobClass, RunRequest},
    spec::Command,
};
use futures::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    app::{App, ProjectRef},
    args,
    commands::{artifacts, cancel, interrupts::Interrupts, jobs::RUNS, request::request},
    error::{About, CliError, Result},
    output::board::{Board, Counts, Row},
    text,
};

/// Concurrent submissions.
const PARALLEL: usize = 4;
const SUBMIT_TRIES: u32 = 5;
/// Interval between polls; longer while submissions use the rate limit.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
const SUBMITTING_POLL_INTERVAL: Duration = Duration::from_secs(3);
const SOME_FAILED: u8 = 1;
const CANCELLED: u8 = 130;

pub async fn run(app: &App, project: &ProjectRef, matrix: &Path, args: &args::Run) -> Result<u8> {
    let rows = parse(&read(matrix)?);
    if rows.is_empty() {
        return Err(CliError::new(format!("{} has no commands", matrix.display()))
            .hint("engunity run --bulk <file with one command per line>"));
    }
    let mut requests = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut request = request(Some(Command::Shell(row.command.clone())), None, &args.what)?;
        request.class = args.what.class.unwrap_or(JobClass::Bulk);
        requests.push(request);
    }
    let mut batch = Batch {
        app,
        project: project.id,
        rows,
        by_job: HashMap::new(),
        board: Board::new(&app.out),
        stopping: false,
    };
    let ended = batch.work(requests).await;
    batch.board.clear();
    if !ended? {
        app.out.tell(format!(
            "detached from {} runs; list them with: engunity jobs",
            batch.rows.iter().filter(|row| !row.has_ended()).count()
        ));
        return Ok(CANCELLED);
    }
    batch.fetch_artifacts(args).await?;
    batch.print_result()
}

fn read(matrix: &Path) -> Result<String> {
    if matrix == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        return text::decode(bytes).about("the commands on stdin");
    }
    text::read(matrix)
        .about(matrix.display())
        .map_err(|failure| failure.hint("engunity run --bulk <file with one command per line>"))
}

/// One command per line. Empty lines and lines that start with `#` are skipped; the shell handles any other `#`.
fn parse(text: &str) -> Vec<Row> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let commands = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    commands.map(|(line, command)| Row { line, command: command.to_owned(), job: None }).collect()
}

struct Batch<'a> {
    app: &'a App,
    project: ProjectId,
    rows: Vec<Row>,
    by_job: HashMap<JobId, usize>,
    board: Board,
    /// Interrupted once: submission has stopped and running jobs are being cancelled.
    stopping: bool,
}

impl Batch<'_> {
    /// Submits and watches until all jobs have ended; false if the user detached.
    async fn work(&mut self, requests: Vec<RunRequest>) -> Result<bool> {
        let mut interrupts = Interrupts::listen()?;
        let mut submissions = submissions(self.app, self.project, requests);
        let mut submitting = true;
        loop {
            self.board.show(&self.rows);
            if !submitting && self.rows.iter().all(|row| row.has_ended() || row.job.is_none()) {
                return Ok(true);
            }
            let interval = if submitting { SUBMITTING_POLL_INTERVAL } else { POLL_INTERVAL };
            tokio::select! {
                submitted = submissions.next(), if submitting => match submitted {
                    Some(Ok((index, job))) => self.submitted(index, job),
                    Some(Err(failure)) => {
                        self.cancel_all().await;
                        return Err(failure);
                    }
                    None => submitting = false,
                },
                () = sleep(interval) => self.poll().await?,
                () = interrupts.next() => {
                    if self.stopping {
                        return Ok(false);
                    }
                    self.stopping = true;
                    submitting = false;
                    self.board.above(|| self.app.out.note("cancelling; press Ctrl-C again to detach"));
                    self.cancel_all().await;
                }
            }
        }
    }

    fn submitted(&mut self, index: usize, job: Job) {
        self.by_job.insert(job.id, index);
        self.update(job);
    }

    /// Polls the jobs. The list starts with the latest, and ours are among them.
    async fn poll(&mut self) -> Result<()> {
        let open = self.rows.iter().filter(|row| row.job.is_some() && !row.has_ended()).count();
        if open == 0 {
            return Ok(());
        }
        let jobs =
            match self.app.client.jobs(Some(self.project), None, RUNS, self.by_job.len() + PARALLEL).await {
                // The jobs continue on the server; the next poll may succeed.
                Err(failure) if failure.transient => return Ok(()),
                result => result?,
            };
        let mut unseen: Vec<JobId> = self.open_jobs();
        unseen.retain(|id| !jobs.iter().any(|job| job.id == *id));
        for job in jobs {
            self.update(job);
        }
        // Newer jobs pushed it off the list.
        for id in unseen.into_iter().take(PARALLEL) {
            let job = self.app.client.job(id).await?;
            self.update(job);
        }
        Ok(())
    }

    fn update(&mut self, job: Job) {
        let Some(row) = self.by_job.get(&job.id).map(|index| &mut self.rows[*index]) else {
            return;
        };
        let had_ended = row.has_ended();
        row.job = Some(job);
        if row.has_ended() && !had_ended && !self.app.out.json {
            let line = row.ended_line();
            self.board.above(|| println!("{line}"));
        }
    }

    fn open_jobs(&self) -> Vec<JobId> {
        self.rows.iter().filter(|row| !row.has_ended()).filter_map(|row| Some(row.job.as_ref()?.id)).collect()
    }

    async fn cancel_all(&self) {
        let cancellations = self.open_jobs().into_iter().map(|id| cancel::best_effort(self.app, id));
        stream::iter(cancellations).buffer_unordered(PARALLEL).collect::<()>().await;
    }

    /// Downloads each run's artifacts into a folder named after its line.
    async fn fetch_artifacts(&self, args: &args::Run) -> Result<()> {
        if args.what.artifacts.is_empty() {
            return Ok(());
        }
        for row in &self.rows {
            if let Some(job) = &row.job {
                let found = self.app.client.artifacts(job.id).await?;
                artifacts::fetch(self.app, job.id, &found, &args.out.join(format!("line-{}", row.line)))
                    .await?;
            }
        }
        Ok(())
    }

    fn print_result(&self) -> Result<u8> {
        let counts = Counts::of(&self.rows);
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| json!({"line": row.line, "command": row.command, "job": row.job}))
            .collect();
        self.app.out.result(&rows, || format!("{} runs: {}", self.rows.len(), counts.line()))?;
        if !self.app.out.json {
            self.print_log_hints();
        }
        Ok(match (counts.succeeded == self.rows.len(), self.stopping) {
            (true, _) => 0,
            (false, true) => CANCELLED,
            (false, false) => SOME_FAILED,
        })
    }

    fn print_log_hints(&self) {
        let failed = self.rows.iter().filter(|row| {
            row.has_ended() && !matches!(row.state(), Some(state) if state.as_str() == "succeeded")
        });
        for job in failed.filter_map(|row| row.job.as_ref()).take(3) {
            self.app.out.note(format!("engunity logs {}", job.id));
        }
    }
}

/// Submits the requests, a few at a time, each with its own idempotency key.
fn submissions(
    app: &App,
    project: ProjectId,
    requests: Vec<RunRequest>,
) -> impl Stream<Item = Result<(usize, Job)>> + Unpin {
    let batch = Uuid::new_v4();
    let each = requests.into_iter().enumerate().map(move |(index, request)| async move {
        let key = format!("{batch}-{index}");
        let mut tries = 0;
        loop {
            tries += 1;
            match app.client.submit(project, &request, &key).await {
                Err(failure) if failure.transient && tries < SUBMIT_TRIES => {
                    sleep(Duration::from_millis(250 << tries)).await
                }
                result => return result.map(|job| (index, job)),
            }
        }
    });
    Box::pin(stream::iter(each).buffer_unordered(PARALLEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_read_line_by_line() {
        let rows = parse("# sizes\n\npython a.py --n 1\r\n  python a.py --n 2 # the shell's\n\t#x\n");
        let rows: Vec<_> = rows.iter().map(|row| (row.line, row.command.as_str())).collect();
        assert_eq!(rows, [(3, "python a.py --n 1"), (4, "python a.py --n 2 # the shell's")]);
        assert!(parse("\n# nothing\n").is_empty());
    }
}
