//! Names of what labs make, and the removal of what killed test runs left behind.
//!
//! A name carries the process that made it: `test-<pid>-<random>`. Once that process is gone, anyone may remove it.

use anyhow::Result;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::sync::OnceCell;

use crate::{Facts, broker, broker::Vhost, bucket, database};

const PREFIX: &str = "test-";
/// In the environment of every process of a lab.
pub const MARK: &str = "ENGUNITY_TEST_LAB";

pub fn new_name() -> String {
    format!("{PREFIX}{}-{:08x}", std::process::id(), rand::random::<u32>())
}

/// Whether `name` is of a test run that has ended.
pub fn is_stale(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let pid = rest.split('-').next().and_then(|pid| pid.parse().ok());
    pid.is_some_and(|pid| kill(Pid::from_raw(pid), None).is_err())
}

/// Removes what ended test runs left, once in a process.
pub async fn once(facts: &Facts) -> Result<()> {
    static SWEPT: OnceCell<()> = OnceCell::const_new();
    SWEPT.get_or_try_init(|| sweep(facts)).await.copied()
}

async fn sweep(facts: &Facts) -> Result<()> {
    for pid in stale_processes() {
        let _ = kill(pid, Signal::SIGKILL);
    }
    for name in broker::vhosts(facts).await?.iter().filter(|name| is_stale(name)) {
        Vhost::at(&facts.broker_url, &facts.management_url, name)?.delete().await?;
    }
    for name in database::names(facts).await?.iter().filter(|name| is_stale(name)) {
        database::drop_database(facts, name).await?;
        bucket::remove(facts, name).await?;
    }
    Ok(())
}

/// Processes that carry the mark of an ended run.
fn stale_processes() -> impl Iterator<Item = Pid> {
    marked().filter(|(_, lab)| is_stale(lab)).map(|(pid, _)| pid)
}

/// Processes of this lab that still run.
pub fn processes_of(lab: &str) -> Vec<Pid> {
    marked().filter(|(_, name)| name == lab).map(|(pid, _)| pid).collect()
}

fn marked() -> impl Iterator<Item = (Pid, String)> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let environ = std::fs::read(entry.path().join("environ")).ok()?;
        let mut variables =
            environ.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
        let lab = variables.find_map(|variable| variable.strip_prefix(MARK)?.strip_prefix('='))?;
        Some((Pid::from_raw(pid), lab.to_owned()))
    })
}
