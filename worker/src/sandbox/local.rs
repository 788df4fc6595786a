//! A sandbox without Docker, for tests alone: the real agent as PID 1 of a process namespace, in a folder of its own.
//! Everything that the agent does is as in a container (deadline, output cap, kill, files in, artifacts out); what only a
//! container adds (limits of memory and processes, no network, a file system of its own) is missing, so it runs what a test
//! wrote and nothing else. Not part of any build but the tests'.

use std::{
    os::unix::fs::MetadataExt,
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use engunity_protocol::WorkerId;
use tokio::{
    process::{Child, Command},
    sync::watch,
};

use super::{Enclosure, IsOurs, Sandbox, SandboxError, SandboxSpec, Session};

/// An engine whose sandboxes are processes.
pub struct LocalSandbox {
    up: AtomicBool,
    ready: watch::Sender<bool>,
    boxes: Mutex<Vec<Weak<Process>>>,
}

/// One sandbox.
struct Process {
    child: Mutex<Option<Child>>,
    _root: tempfile::TempDir,
}

impl LocalSandbox {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { up: true.into(), ready: watch::Sender::new(true), boxes: Mutex::default() })
    }

    /// The engine dies, and every sandbox with it.
    pub fn die(&self) {
        self.up.store(false, Ordering::SeqCst);
        self.kill_all();
    }

    /// Sandboxes die under a healthy engine.
    pub fn kill_all(&self) {
        lock(&self.boxes).iter().filter_map(Weak::upgrade).for_each(|process| process.kill());
    }

    /// How many sandboxes live.
    pub fn alive(&self) -> usize {
        lock(&self.boxes).iter().filter_map(Weak::upgrade).filter(|process| process.is_alive()).count()
    }

    fn spawn(&self, root: &std::path::Path) -> Result<Child, SandboxError> {
        let unavailable = |error: &dyn std::fmt::Display| SandboxError::Unavailable(error.to_string());
        let agent = engunity_testkit::process::binary("engunity-agent").map_err(|e| unavailable(&e))?;
        let mut command = Command::new("unshare");
        // Who is not root needs a user namespace to make the others.
        if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != 0) {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]).arg(agent).arg(root);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        command.spawn().map_err(|error| unavailable(&error))
    }
}

#[async_trait]
impl Sandbox for LocalSandbox {
    async fn open(&self, _spec: &SandboxSpec) -> Result<Session, SandboxError> {
        if !self.answers().await {
            return Err(SandboxError::Unavailable("the engine is away".into()));
        }
        let root = tempfile::tempdir().map_err(SandboxError::nonsense)?;
        let mut child = self.spawn(root.path())?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SandboxError::nonsense("no pipes"));
        };
        let process = Arc::new(Process { child: Mutex::new(Some(child)), _root: root });
        lock(&self.boxes).push(Arc::downgrade(&process));
        Session::begin(Box::pin(input), Box::pin(output), process).await
    }

    fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    async fn answers(&self) -> bool {
        self.up.load(Ordering::SeqCst)
    }

    async fn sweep(&self, _worker: &WorkerId, _is_ours: &IsOurs) {}
}

impl Process {
    /// Dropping the child kills it; the agent's namespace goes with it.
    fn kill(&self) {
        drop(lock(&self.child).take());
    }

    fn is_alive(&self) -> bool {
        lock(&self.child).is_some()
    }
}

#[async_trait]
impl Enclosure for Process {
    async fn destroy(&self) {
        let child = lock(&self.child).take();
        if let Some(mut child) = child {
            let _ = child.kill().await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
