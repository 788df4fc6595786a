//! Runs the embedder: waits until it is there, starts it, and starts it again after a pause when it ends.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::Context;
use engunity_embedder::message::cut;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStderr, Command},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

use super::{
    Call, EmbedError,
    connection::Connection,
    state::{Running, State},
};

/// The first pause before a new start; it doubles with each failure …
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An embedder that ran so long starts again without a longer pause.
const STABLE: Duration = Duration::from_secs(60);
/// For reading the weights from a slow disk.
const LOAD_TIMEOUT: Duration = Duration::from_secs(120);
/// Of one life's log, and of a line in it.
const LONGEST_LOG: u64 = 1024 * 1024;
const LONGEST_LINE: usize = 400;

/// Where the program is, and with what it runs.
#[derive(Debug, Clone)]
pub struct Settings {
    pub program: PathBuf,
    /// The model's folder. Empty: no embedding.
    pub model: PathBuf,
    /// The folder of libtorch; its `lib` has the libraries.
    pub libtorch: PathBuf,
    /// 0: the embedder decides.
    pub threads: u32,
    pub precision: String,
    /// Between looks for what is missing.
    pub look_interval: Duration,
    /// A process that answers no ping for so long is killed.
    pub frozen: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            program: PathBuf::new(),
            model: PathBuf::new(),
            libtorch: PathBuf::new(),
            threads: 0,
            precision: String::new(),
            look_interval: Duration::from_secs(2),
            frozen: Duration::from_secs(15),
        }
    }
}

/// Runs the embedder for as long as the worker lives.
pub(super) async fn supervise(
    settings: Settings,
    mut calls: mpsc::Receiver<Call>,
    state: watch::Sender<State>,
) {
    if settings.model.as_os_str().is_empty() {
        return;
    }
    let mut pause = FIRST_PAUSE;
    loop {
        refuse_until(&mut calls, &state, wait_until_there(&settings, &state)).await;
        state.send_replace(State::Starting);
        let began = Instant::now();
        let why =
            run(&settings, &mut calls, &state).await.map_or_else(|error| format!("{error:#}"), str::to_owned);
        tracing::warn!(why, ?pause, "the embedder ended and is started again");
        state.send_replace(State::Failed(why));
        pause = if began.elapsed() >= STABLE { FIRST_PAUSE } else { pause };
        refuse_until(&mut calls, &state, sleep(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Refuses calls until `done`, instead of letting them wait for an embedder that may never come.
async fn refuse_until(
    calls: &mut mpsc::Receiver<Call>,
    state: &watch::Sender<State>,
    done: impl Future<Output = ()>,
) {
    tokio::pin!(done);
    loop {
        tokio::select! {
            () = &mut done => return,
            Some(call) = calls.recv() => {
                let why = state.borrow().to_string();
                let _ = call.reply.send(Err(EmbedError::Unavailable(why)));
            }
        }
    }
}

async fn wait_until_there(settings: &Settings, state: &watch::Sender<State>) {
    while let Some(what) = missing(settings) {
        let next = State::Missing(what);
        state.send_if_modified(|state| {
            let changed = *state != next;
            if changed {
                tracing::info!("embedding is off: {next}");
                *state = next;
            }
            changed
        });
        sleep(settings.look_interval).await;
    }
}

/// What has to be there before a start makes sense. A set-up puts each of them in place as a whole.
fn missing(settings: &Settings) -> Option<String> {
    let libtorch = (!settings.libtorch.as_os_str().is_empty()).then_some(&settings.libtorch);
    let needed = [Some(&settings.program), Some(&settings.model), libtorch];
    let absent = needed.into_iter().flatten().find(|path| !path.exists())?;
    Some(absent.display().to_string())
}

/// One life of the embedder; returns or fails with the reason for its end.
async fn run(
    settings: &Settings,
    calls: &mut mpsc::Receiver<Call>,
    state: &watch::Sender<State>,
) -> anyhow::Result<&'static str> {
    let started = version(&settings.program);
    let mut child = spawn(settings).with_context(|| settings.program.display().to_string())?;
    let pid = child.id().unwrap_or_default();
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(log(stderr));
    }
    let mut connection = Connection::new(&mut child, settings.frozen)?;
    let about =
        timeout(LOAD_TIMEOUT, connection.ready()).await.context("it did not load its model in time")??;
    let (name, hash, precision, threads) = (&about.name, &about.hash, &about.precision, about.threads);
    tracing::info!(name, hash, precision, threads, pid, "embedding is on");
    state.send_replace(State::Ready(Running { about, pid }.into()));
    let ended = connection.serve(calls, || version(&settings.program) != started).await;
    // A frozen process reacts to nothing else.
    let _ = child.kill().await;
    ended
}

/// Nothing of the worker's environment: it has keys that the embedder does not need.
fn spawn(settings: &Settings) -> io::Result<Child> {
    let mut command = Command::new(&settings.program);
    command.arg("--model").arg(&settings.model).arg("--threads").arg(settings.threads.to_string());
    if !settings.precision.is_empty() {
        command.arg("--precision").arg(&settings.precision);
    }
    command.env_clear().env("LD_LIBRARY_PATH", settings.libtorch.join("lib"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true).spawn()
}

/// Changes when a set-up puts another program in the place of this one.
fn version(program: &Path) -> Option<(u64, i64)> {
    let metadata = fs::metadata(program).ok()?;
    Some((metadata.ino(), metadata.mtime_nsec() + metadata.mtime() * 1_000_000_000))
}

/// What the embedder and its libraries complain about goes into the worker's log.
async fn log(stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr.take(LONGEST_LOG)).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::warn!("embedder: {}", cut(&line, LONGEST_LINE));
    }
}
