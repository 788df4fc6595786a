//! A sandbox without Docker, for tests only: the real agent as PID 1 of a process namespace, in its own folder. What the
//! agent does works as in a container (deadline, output cap, kill, unpacking, artifacts). What the container adds (limits of
//! memory and processes, no network, its own file system) is missing, so it runs only code that a test wrote.

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

use super::{AgentConnection, IsActiveJob, Sandbox, SandboxError, SandboxHandle, SandboxSpec};

/// A test double of the container engine; its sandboxes are processes.
pub struct LocalSandbox {
    up: AtomicBool,
    ready: watch::Sender<bool>,
    sandboxes: Mutex<Vec<Weak<Process>>>,
}

/// One sandbox.
struct Process {
    child: Mutex<Option<Child>>,
    _root: tempfile::TempDir,
}

impl LocalSandbox {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { up: true.into(), ready: watch::Sender::new(true), sandboxes: Mutex::default() })
    }

    /// Stops the engine and kills all sandboxes.
    pub fn stop_engine(&self) {
        self.up.store(false, Ordering::SeqCst);
        self.kill_all();
    }

    /// Kills all sandboxes; the engine stays up.
    pub fn kill_all(&self) {
        lock(&self.sandboxes).iter().filter_map(Weak::upgrade).for_each(|process| process.kill());
    }

    /// The number of live sandboxes.
    pub fn count_alive(&self) -> usize {
        lock(&self.sandboxes).iter().filter_map(Weak::upgrade).filter(|process| process.is_alive()).count()
    }

    fn spawn(&self, root: &std::path::Path) -> Result<Child, SandboxError> {
        let unavailable = |error: &dyn std::fmt::Display| SandboxError::Unavailable(error.to_string());
        let agent = engunity_testkit::process::binary("engunity-agent").map_err(|e| unavailable(&e))?;
        let mut command = Command::new("unshare");
        // Without root, a user namespace is needed to create the other namespaces.
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
    async fn open(&self, _spec: &SandboxSpec) -> Result<AgentConnection, SandboxError> {
        if !self.is_responding().await {
            return Err(SandboxError::Unavailable("the engine is stopped".into()));
        }
        let root = tempfile::tempdir().map_err(|error| SandboxError::Unavailable(error.to_string()))?;
        let mut child = self.spawn(root.path())?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SandboxError::Unavailable("no pipes".into()));
        };
        let process = Arc::new(Process { child: Mutex::new(Some(child)), _root: root });
        lock(&self.sandboxes).push(Arc::downgrade(&process));
        AgentConnection::open(Box::pin(input), Box::pin(output), process).await
    }

    fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    async fn images(&self) -> Option<std::collections::BTreeSet<String>> {
        None
    }

    async fn is_responding(&self) -> bool {
        self.up.load(Ordering::SeqCst)
    }

    async fn gc(&self, _worker: &WorkerId, _is_active: &IsActiveJob) {}
}

impl Process {
    /// Dropping the child kills it and its namespace.
    fn kill(&self) {
        drop(lock(&self.child).take());
    }

    fn is_alive(&self) -> bool {
        lock(&self.child).is_some()
    }
}

#[async_trait]
impl SandboxHandle for Process {
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
